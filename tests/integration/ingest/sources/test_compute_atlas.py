"""Compute Atlas over HTTP: one download feeds both tables, and rubbish rows go to quarantine."""

from __future__ import annotations

import json
from typing import Any

BULK = "/ek33450505/compute-atlas/HEAD/data/facilities.json"


def facility(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"site-{number}", "name": f"Site {number}", "operator": "Ours", "status": "under_construction",
        "confidence": "reported", "location": {"lat": 41.5, "lon": -87.2, "state": "IN"}, "lastUpdated": "2026-11-01",
        "statusHistory": [{"status": "proposed", "date": "2025"}, {"status": "under_construction", "date": "2026-03"}],
        "sources": [{"url": "https://a.example"}],
    } | changes  # fmt: skip


def test_one_download_feeds_both_tables(play) -> None:
    feed = play("compute_atlas")
    assert [record.outcome for record in feed.fetch()] == ["fetched", "fetched"]
    assert [(method, path) for method, path, _, _ in feed.requests] == [("GET", BULK)]
    assert {report["resource"]: report["rows_loaded"] for report in feed.load()} == {
        "facilities": 57,
        "status_history": 113,
    }


def test_rows_that_break_a_rule_are_set_aside_and_counted(play) -> None:
    bad_events = [
        {"status": "operational", "date": "mid-2025"},
        {"status": "operational", "date": "2024-13"},
        {"status": "operational", "date": "2025-02-30"},
        {"status": "operational", "date": "1026-02"},
        {"status": "paused", "date": "2026-02"},
        {"status": "operational", "date": "2027-05", "sourceIndex": 4},
        {"status": "operational", "date": "2027-05", "sourceIndex": 0},
    ]
    swapped = {"lat": -87.2, "lon": 41.5, "state": "IN"}
    kilowatts = {"planned": 2_400_000}
    live = [facility(n) for n in range(60)]
    live += [facility(60, location=swapped), facility(61, capacityMw=kilowatts), facility(62, statusHistory=bad_events)]
    feed = play("compute_atlas", [{"path": BULK, "body": json.dumps({"count": 63, "facilities": live}).encode()}])
    feed.fetch()
    reports = {r["resource"]: r for r in feed.load() if r["vintage_kind"] == "live"}
    assert {name: (r["rows_in"], r["rows_loaded"], r["rows_quarantined"]) for name, r in reports.items()} == {
        "facilities": (63, 61, 2),
        "status_history": (131, 125, 6),
    }
    assert dict(feed.rows("select rule, count(*) from raw.quarantine group by rule")) == {
        "outside_united_states": 1, "max:capacityMw.planned": 1, "date_format": 2, "date_exists": 1, "date_range": 1,
        "allowed:status": 1, "source_out_of_range": 1,
    }  # fmt: skip


def test_a_cut_list_and_a_web_page_are_rejected_whole(play) -> None:
    for body in (b"<html>moved</html>", b'{"count": 1571, "facilities": []}', json.dumps([facility(1)]).encode()):
        feed = play("compute_atlas", [{"path": BULK, "body": body}])
        feed.fetch()
        live = [report for report in feed.load() if report["vintage_kind"] == "live"]
        assert [report["status"] for report in live] == ["rejected", "rejected"]
    assert feed.rows("select count(*) from raw.compute_atlas__facilities where _vintage_kind = 'live'") == [(0,)]
