"""Overpass: what is asked, and the failures it reports with status 200."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest import contracts
from ingest.wire import Answer
from settings import REPO

SOURCE = contracts.load_source("osm_overpass")
RESOURCE = SOURCE.resources[0]
CONNECTOR = contracts.connector(SOURCE)
SAMPLES = REPO.parent / "shared" / "samples" / "osm_overpass"  # real payloads, not part of the repository
NOW = datetime(2026, 7, 30, tzinfo=UTC)
NODE = {"type": "node", "id": 1, "lat": 39.5, "lon": -77.40, "tags": {"name": "A", "telecom": "data_center"}}
WAY = {
    "type": "way", "id": 1, "center": {"lat": 39.5, "lon": -77.4}, "version": 3, "timestamp": "2026-07-01T00:00:00Z",
    "user": "somebody", "uid": 5, "changeset": 6, "tags": {"building": "construction", "construction": "data_center"},
}  # fmt: skip


def answer_of(elements: list[Any], stamp: str = "2026-07-29T12:00:00Z", **more: Any) -> bytes:
    return json.dumps({"version": 0.6, "osm3s": {"timestamp_osm_base": stamp}, "elements": elements, **more}).encode()


def ask(body: bytes, folder: Path, now: datetime = NOW) -> Any:
    """The one request, after its answer was accepted."""
    conversation = CONNECTOR.requests("data_centers", {"area": "US-VA"}, now)
    request = next(conversation)
    (folder / "answer").write_bytes(body)
    with pytest.raises(StopIteration):
        conversation.send(Answer("http://x", folder / "answer", "application/json", {}))
    return request


def real(name: str) -> bytes:
    if not SAMPLES.is_dir():
        pytest.skip("the real payloads are not here")
    return (SAMPLES / name).read_bytes()


def test_the_query_goes_as_a_form_and_asks_for_places_and_versions(tmp_path: Path) -> None:
    request = ask(answer_of([NODE]), tmp_path)
    assert (request.method, request.path, request.json) == ("POST", "/api/interpreter", None)
    query = request.form["data"]
    assert query.startswith("[out:json][timeout:")
    assert 'area["ISO3166-2"="US-VA"]' in query
    assert query.endswith("out tags center meta;")


def test_a_stale_mirror_is_refused(tmp_path: Path) -> None:
    fresh, stale = NOW - timedelta(days=13), NOW - timedelta(days=56)
    ask(answer_of([NODE], f"{fresh:%Y-%m-%dT%H:%M:%SZ}"), tmp_path)
    with pytest.raises(ValueError, match="56 days old"):
        ask(answer_of([NODE], f"{stale:%Y-%m-%dT%H:%M:%SZ}"), tmp_path)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (answer_of([]), "no data centre in US-VA"),
        (answer_of([], remark="runtime error: Query timed out"), "Query timed out"),
        (answer_of([NODE], remark="runtime error: Query ran out of memory"), "out of memory"),
        (answer_of([NODE], "yesterday"), "no timestamp"),
        (json.dumps({"elements": [NODE]}).encode(), "does not say of when"),
        (b"<html><body>The server is probably too busy</body></html>", "not JSON"),
        (b"[]", "not an Overpass object"),
    ],
)
def test_a_wrong_answer_of_200_fails_the_fetch(body: bytes, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=complaint):
        ask(body, tmp_path)


def test_the_bundled_element() -> None:
    bundled = contracts.bundled_files(SOURCE, RESOURCE)
    assert [file.sidecar.part for file in bundled] == ["us_va"]
    table = CONNECTOR.parse(bundled[0].path.read_bytes(), "data_centers")
    assert table.column_names == [column.name for column in RESOURCE.columns]
    (row,) = table.to_pylist()
    assert (row["id"], row["tags.ref"], row["lat"], row["lon"]) == ("9092482804", "IAD69", "39.0254851", "-77.4146998")


def test_places_of_nodes_and_ways_and_no_editors() -> None:
    node, way = CONNECTOR.parse(answer_of([NODE, WAY]), "data_centers").to_pylist()
    assert (node["lat"], node["center.lat"], node["version"]) == ("39.5", None, None)
    assert (way["lat"], way["center.lat"], way["version"]) == (None, "39.5", "3")
    assert json.loads(way["tags"]) == WAY["tags"]
    assert not {"user", "uid", "changeset"} & set(way)
    assert "somebody" not in way.values()


def test_an_element_without_tags_stays_for_the_rules_to_judge() -> None:
    (row,) = CONNECTOR.parse(answer_of([{"type": "node", "id": 2}]), "data_centers").to_pylist()
    assert (row["id"], row["tags"], row["lat"]) == ("2", None, None)


@pytest.mark.parametrize(("name", "how_many"), [("osm_us_va.json", 389), ("osm_us_tx.json", 133)])
def test_real_answers(name: str, how_many: int) -> None:
    table = CONNECTOR.parse(real(name), "data_centers")
    assert table.num_rows == how_many
    rows = table.to_pylist()
    assert all((row["lat"] or row["center.lat"]) and (row["lon"] or row["center.lon"]) for row in rows)
    assert len({(row["type"], row["id"]) for row in rows}) == how_many


@pytest.mark.parametrize("name", ["remark-runtime-error-01.json", "remark-runtime-remark-01.json"])
def test_real_remarks_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="could not finish the query: runtime"):
        CONNECTOR.parse(real(name), "data_centers")


def test_every_state_is_its_own_part() -> None:
    assert {part: f"us_{p['area'][3:].lower()}" for part, p in RESOURCE.parts.items()} == {p: p for p in RESOURCE.parts}
    assert {"us_in", "us_va", "us_ms", "us_tx", "us_oh", "us_pa"} <= set(RESOURCE.parts)
