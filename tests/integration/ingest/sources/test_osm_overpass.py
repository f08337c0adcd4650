"""Overpass over HTTP: one query per state; each failure the server hides behind status 200 fails that state only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

NODE = {"type": "node", "id": 7, "lat": 39.5, "lon": -77.4, "tags": {"telecom": "data_center"}}


def route(area: str, elements: list[Any], days_old: int = 0, **more: Any) -> dict[str, Any]:
    """A route that answers the query of one state ('US-' for all of them)."""
    stamp = f"{datetime.now(UTC) - timedelta(days=days_old):%Y-%m-%dT%H:%M:%SZ}"
    body = json.dumps({"osm3s": {"timestamp_osm_base": stamp}, "elements": elements, **more}).encode()
    return {"path": "/api/interpreter", "method": "POST", "body_has": [area], "body": body}


def test_each_failure_behind_a_200_fails_its_state_only(play) -> None:
    feed = play("osm_overpass", [
        route("US-VA", [], remark="runtime error: Query timed out in \"query\" at line 4 after 180 seconds."),
        route("US-MS", []),
        route("US-TX", [NODE], days_old=56),
        route("US-", [NODE]),
    ])  # fmt: skip
    records = {record.part: record for record in feed.fetch()}
    failed = {part: record.error for part, record in records.items() if record.outcome != "fetched"}
    assert set(failed) == {"us_va", "us_ms", "us_tx"}
    assert "Query timed out" in failed["us_va"]
    assert "no data centre in US-MS" in failed["us_ms"]
    assert "56 days old" in failed["us_tx"]
    live = [report for report in feed.load() if report["vintage_kind"] == "live"]
    assert {report["part"] for report in live} == set(feed.source.resources[0].parts) - set(failed)
    assert {report["status"] for report in live} == {"loaded"}


def test_the_query_travels_as_a_form(play) -> None:
    feed = play("osm_overpass", [route("US-", [NODE])])
    feed.fetch()
    assert len(feed.requests) == len(feed.source.resources[0].parts)
    method, path, headers, body = feed.requests[0]
    assert (method, path) == ("POST", "/api/interpreter")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode())["data"][0].endswith("out tags center meta;")


def test_elements_the_query_did_not_ask_for_are_set_aside(play) -> None:
    feed = play("osm_overpass", [route("US-", [
        NODE, NODE | {"id": 8, "tags": {"amenity": "bank"}}, NODE | {"id": 9, "lat": 47.4, "lon": 8.5},
        {"type": "way", "id": 10, "tags": {"building": "data_center"}}, NODE | {"id": 11, "type": "area"},
    ])])  # fmt: skip
    feed.fetch()
    live = [report for report in feed.load() if report["vintage_kind"] == "live"]
    assert {(report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) for report in live} == {(5, 1, 4)}
    rules = feed.rows("select distinct rule from raw.quarantine order by 1")
    assert [rule for (rule,) in rules] == ["allowed:type", "no_place", "not_a_data_center", "outside_united_states"]
    header = {name for name, *_ in feed.rows("describe raw.osm_overpass__data_centers")}
    assert not {"user", "uid", "changeset"} & header
