"""Sentinel-2 search over HTTP: paging, and a server that ignores what it is asked."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from ingest import contracts
from settings import REPO

SOURCE = contracts.load_source("sentinel2_scenes")
SAMPLES = REPO.parent / "shared" / "samples" / "stac_earth_search"  # real payloads, not part of the repository


def dated(content: bytes) -> bytes:
    """The bytes of a replay file with `{today-3}` filled in."""
    today = datetime.now(UTC).date()
    return re.sub(rb"\{today-(\d+)\}", lambda ago: str(today - timedelta(int(ago[1]))).encode(), content)


def synthetic_routes() -> list[dict[str, Any]]:
    routes = yaml.safe_load((SOURCE.folder / "replay.yml").read_text(encoding="utf-8"))["routes"]
    return [route | {"body": dated((SOURCE.folder / route.pop("file")).read_bytes())} for route in routes]


def test_all_pages_of_every_campus_arrive(play) -> None:
    feed = play("sentinel2_scenes", synthetic_routes())
    records = feed.fetch()
    parts = set(SOURCE.resources[0].parts)
    assert [(record.part, record.error) for record in records if record.outcome != "fetched"] == []
    assert {record.part for record in records} == parts
    bodies = [json.loads(body) for _, _, _, body in feed.requests]
    assert len(bodies) == 2 * len(parts)
    assert all({"collections", "bbox", "datetime", "query", "limit", "sortby"} <= set(body) for body in bodies)
    reports = feed.load()
    assert {(r["status"], r["rows_in"], r["rows_loaded"]) for r in reports} == {("loaded", 3, 3)}
    assert feed.rows("select count(distinct _part), count(*) from raw.sentinel2_scenes__scenes") == [
        (len(parts), 3 * len(parts))
    ]


def test_a_server_that_ignores_the_search_fails_the_fetch(play) -> None:
    page = json.loads(dated((SOURCE.folder / "replay/page_2.json").read_bytes()))
    page["numberMatched"] = 1
    page["features"][0]["properties"]["eo:cloud_cover"] = 56.8
    feed = play("sentinel2_scenes", [{"path": "/v1/search", "method": "POST", "body": json.dumps(page).encode()}])
    records = feed.fetch()
    assert {record.outcome for record in records} == {"failed"}
    assert all("cloud cover 56.8" in (record.error or "") for record in records)
    assert feed.load() == []


def test_the_real_page_of_the_whole_catalogue_is_not_kept(play) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the real payloads are not here")
    route = {"path": "/v1/search", "method": "POST", "file": str(SAMPLES / "search_page1.json")}
    feed = play("sentinel2_scenes", [route])
    assert all("it ignored the search" in (record.error or "") for record in feed.fetch())


def test_a_month_of_clouds_is_a_content_without_rows(play) -> None:
    empty = json.dumps({"features": [], "links": [], "numberMatched": 0}).encode()
    feed = play("sentinel2_scenes", [{"path": "/v1/search", "method": "POST", "body": empty}])
    feed.fetch()
    assert {(report["status"], report["rows_in"]) for report in feed.load()} == {("loaded", 0)}
