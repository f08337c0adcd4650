"""Staging of the site sources, from bytes through the real loader: versions, slips, plans, what was known when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import load
from ingest.archive import Archive, Fetch
from settings import Settings
from tests.integration.dbt import small

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[3]
MODELS = ["compute_atlas", "osm", "sentinel2"]
EARLY, LATE = "2026-09-05", "2026-09-20"


def put(archive: Archive, source: str, resource: str, document: Any, known_from: str, **facts: Any) -> None:
    """Archive a document as if it had been fetched at `known_from`."""
    sha256, size = archive.put(source, resource, [json.dumps(document).encode()])
    moment = datetime.fromisoformat(known_from).replace(tzinfo=UTC)
    archive.record(Fetch(
        **{"source": source, "resource": resource, "url": "u", "attempted_at": moment, "outcome": "fetched",
           "sha256": sha256, "bytes": size, "known_from": moment, "known_from_basis": "retrieval",
           "vintage_kind": "live"} | facts
    ))  # fmt: skip


def atlas(archive: Archive) -> None:
    def site(number: int, **changes: Any) -> dict[str, Any]:
        return {
            "id": f"site-{number}", "name": f"Site {number}", "operator": "Ours", "status": "under_construction",
            "location": {"lat": 41.5, "lon": -87.2, "state": "IN"}, "capacityMw": {"planned": 100},
            "statusHistory": [
                {"status": "proposed", "date": "2025", "note": "first"},
                {"status": "under_construction", "date": "2026-03"},
                {"status": "operational", "date": "2026-10-15"},
            ],
            "sources": [{"url": "https://a.example"}, {"url": "https://b.example"}],
        } | changes  # fmt: skip

    first = [site(n) for n in range(50)]
    slipped = [
        {"status": "proposed", "date": "2025", "note": "first, reworded"},
        {"status": "under_construction", "date": "2026-03"},
        {"status": "operational", "date": "2027-02", "sourceIndex": 1},
    ]
    second = [site(0, statusHistory=slipped), site(1, capacityMw={"planned": 200}), *first[2:49]]
    for resource in ("facilities", "status_history"):
        put(archive, "compute_atlas", resource, first, "2026-09-01")
        put(archive, "compute_atlas", resource, second, "2026-09-10T06:00")
        # Of the same day, but partial: the full file counts.
        partial = [site(n, name="Partial") for n in range(2, 50)]
        put(archive, "compute_atlas", resource, partial, "2026-09-10T09:00", vintage_scope="partial")


def osm(archive: Archive) -> None:
    def answer(*elements: dict[str, Any], stamp: str) -> dict[str, Any]:
        others = [node | {"id": 90 + n} for n in range(5)]  # one that vanishes of many, or the loss is refused
        return {"osm3s": {"timestamp_osm_base": stamp}, "elements": [*elements, *others]}

    node = {"type": "node", "id": 1, "lat": 39.0, "lon": -77.4, "tags": {"telecom": "data_center", "ref": "IAD69"}}
    way = {"type": "way", "id": 1, "center": {"lat": 39.1, "lon": -77.5},
           "tags": {"building": "construction", "construction": "data_center"}}  # fmt: skip
    built = way | {"tags": {"building": "data_center"}}
    gone = node | {"id": 2}
    first, second = answer(node, way, gone, stamp="2026-09-01T00:00:00Z"), answer(node, built, gone, stamp="2026-09-08")
    put(archive, "osm_overpass", "data_centers", first, "2026-09-01", part="us_va")
    put(archive, "osm_overpass", "data_centers", second, "2026-09-08", part="us_va")
    third = answer(node, built, stamp="2026-09-15T00:00:00Z")
    put(archive, "osm_overpass", "data_centers", third, "2026-09-15", part="us_va", vintage_scope="full")
    put(archive, "osm_overpass", "data_centers", answer(gone, stamp="2026-09-01T00:00:00Z"), "2026-09-01", part="us_oh")


def sentinel(archive: Archive) -> None:
    def scene(name: str, nodata: Any, updated: str) -> dict[str, Any]:
        properties = {
            "datetime": "2026-09-02T16:31:01.024000Z", "eo:cloud_cover": 3.5, "s2:nodata_pixel_percentage": nodata,
            "grid:code": "MGRS-16TEM", "platform": "sentinel-2b", "created": updated, "updated": updated,
        }  # fmt: skip
        return {"id": name, "collection": "sentinel-2-c1-l2a", "properties": properties}

    first, edge = scene("whole", 0, "2026-09-02T21:00:00.000Z"), scene("edge", 97.5, "2026-09-03T21:00:00.000Z")
    again = scene("whole", 0, "2026-09-12T08:00:00.000Z")
    for known_from, scenes in (("2026-09-06", [first, edge]), ("2026-09-07", [edge, first]), ("2026-09-13", [again])):
        put(archive, "sentinel2_scenes", "scenes", {"features": scenes}, known_from, part="aws_berwick")
    put(archive, "sentinel2_scenes", "scenes", {"features": [first]}, "2026-09-06", part="colossus_1")


def build(home: Path, as_of: str) -> duckdb.DuckDBPyConnection:
    return small.build(home, as_of, "build", "--select",
                       *(f"path:models/staging/{folder}" for folder in MODELS))


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home)
    archive = Archive(settings.archive_dir)
    atlas(archive)
    osm(archive)
    sentinel(archive)
    with load.connect(settings) as con:
        load.prepare(con, settings)
        reports = [
            report
            for source in ("compute_atlas", "osm_overpass", "sentinel2_scenes")
            for report in load.load_source(con, settings, source, "construction")
        ]
    assert [report for report in reports if report["status"] != "loaded" or report["rows_quarantined"]] == []
    connections = {as_of: build(home, as_of) for as_of in (EARLY, LATE)}
    yield connections
    for connection in connections.values():
        connection.close()


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def test_a_facility_has_a_version_for_each_change(builds) -> None:
    sql = """select facility_id, planned_unspecified_capacity_mw, is_latest, known_from::varchar
        from staging.stg_compute_atlas__facilities
        where facility_id in ('site-1', 'site-2', 'site-49') order by facility_id, known_from"""
    assert rows(builds[EARLY], sql) == [
        ("site-1", 100, True, "2026-09-01"),
        ("site-2", 100, True, "2026-09-01"),
        ("site-49", 100, True, "2026-09-01"),
    ]
    assert rows(builds[LATE], sql) == [
        ("site-1", 100, False, "2026-09-01"),
        ("site-1", 200, True, "2026-09-10"),
        ("site-2", 100, True, "2026-09-01"),
        # Only in the partial file of that day: renamed, and still there.
        ("site-49", 100, False, "2026-09-01"),
        ("site-49", 100, True, "2026-09-10"),
    ]


def test_a_full_file_counts_before_a_partial_one_of_its_day(builds) -> None:
    sql = "select facility_name from staging.stg_compute_atlas__facilities where facility_id = 'site-2'"
    assert rows(builds[LATE], sql) == [("Site 2",)]


def test_a_stated_date_keeps_its_precision(builds) -> None:
    sql = """select status, event_date_precision, event_date::varchar, event_latest_date::varchar, is_projection
        from staging.stg_compute_atlas__status_events where facility_id = 'site-3' order by event_date"""
    assert rows(builds[LATE], sql) == [
        ("proposed", "year", "2025-01-01", "2025-12-31", False),
        ("under_construction", "month", "2026-03-01", "2026-03-31", False),
        ("operational", "day", "2026-10-15", "2026-10-15", True),
    ]


def test_a_slip_keeps_the_old_date_beside_the_new_one(builds) -> None:
    sql = """select event_date::varchar, source_url, is_latest, known_from::varchar, last_listed_date::varchar
        from staging.stg_compute_atlas__status_events
        where facility_id = 'site-0' and status = 'operational' order by event_date"""
    assert rows(builds[EARLY], sql) == [("2026-10-15", None, True, "2026-09-01", "2026-09-01")]
    assert rows(builds[LATE], sql) == [
        ("2026-10-15", None, False, "2026-09-01", "2026-09-01"),
        ("2027-02-01", "https://b.example", True, "2026-09-10", "2026-09-10"),
    ]
    reworded = """select note, known_from::varchar from staging.stg_compute_atlas__status_events
        where facility_id = 'site-0' and status = 'proposed'"""
    assert rows(builds[LATE], reworded) == [("first, reworded", "2026-09-01")]


def test_an_element_has_a_version_for_each_change_and_can_vanish(builds) -> None:
    sql = """select state, osm_type, osm_id, is_under_construction, latitude, is_latest, known_from::varchar
        from staging.stg_osm__data_centers where osm_id < 90 order by all"""
    assert rows(builds[EARLY], sql) == [
        ("OH", "node", 2, False, 39.0, True, "2026-09-01"),
        ("VA", "node", 1, False, 39.0, True, "2026-09-01"),
        ("VA", "node", 2, False, 39.0, True, "2026-09-01"),
        ("VA", "way", 1, True, 39.1, True, "2026-09-01"),
    ]
    assert rows(builds[LATE], sql) == [
        ("OH", "node", 2, False, 39.0, True, "2026-09-01"),
        ("VA", "node", 1, False, 39.0, True, "2026-09-01"),
        ("VA", "node", 2, False, 39.0, False, "2026-09-01"),
        ("VA", "way", 1, False, 39.1, True, "2026-09-08"),
        ("VA", "way", 1, True, 39.1, False, "2026-09-01"),
    ]


def test_a_scene_is_known_since_it_was_published(builds) -> None:
    sql = """select campus_id, scene_id, is_tile_edge, is_latest, known_from::varchar, observed_date::varchar
        from staging.stg_sentinel2__scenes order by all"""
    # Fetched on the 6th only, but published on the 2nd and 3rd: a build as of the 5th may use them.
    assert rows(builds[EARLY], sql) == [
        ("aws-berwick", "edge", True, True, "2026-09-03", "2026-09-02"),
        ("aws-berwick", "whole", False, True, "2026-09-02", "2026-09-02"),
        ("colossus-1", "whole", False, True, "2026-09-02", "2026-09-02"),
    ]
    assert rows(builds[LATE], sql) == [
        ("aws-berwick", "edge", True, True, "2026-09-03", "2026-09-02"),
        ("aws-berwick", "whole", False, False, "2026-09-02", "2026-09-02"),
        ("aws-berwick", "whole", False, True, "2026-09-12", "2026-09-02"),
        ("colossus-1", "whole", False, True, "2026-09-02", "2026-09-02"),
    ]
