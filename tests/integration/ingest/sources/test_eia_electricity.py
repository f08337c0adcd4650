"""EIA over HTTP: pages, the key, a change of units, and a source without a key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from settings import settings

PATH = "/v2/electricity/retail-sales/data/"


def row(state: str, period: str = "2026-06", **further: Any) -> dict[str, Any]:
    return {
        "period": period, "stateid": state, "stateDescription": state, "sectorid": "IND", "sectorName": "industrial",
        "price": "9.01", "sales": "4000", "price-units": "cents per kilowatt-hour",
        "sales-units": "million kilowatt hours",
    } | further  # fmt: skip


def page(rows: list[dict[str, Any]], total: int, key: str = "replay") -> bytes:
    echo = {"command": PATH, "params": {"api_key": key}}
    return json.dumps({"response": {"total": str(total), "data": rows}, "request": echo}).encode()


def industrial(*pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    total, offset, routes = sum(map(len, pages)), 0, []
    for rows in pages:
        query = {"facets[sectorid][]": "IND", "offset": str(offset)}
        routes.append({"path": PATH, "query": query, "body": page(rows, total)})
        offset += len(rows)
    return routes


STATES = [f"{a}{b}" for a in "AB" for b in "ABCDEFGH"]


def live(feed: Any) -> dict[str, Any]:
    (report,) = [r for r in feed.load() if r["part"] == "ind" and str(r["known_from"]) > "2026"]
    return report


def test_pages_are_put_together_and_the_key_is_nowhere_stored(play, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = play("eia_electricity", routes=industrial([row(s) for s in STATES[:10]], [row(s) for s in STATES[10:]]))
    monkeypatch.setenv("GIGAWATCH_KEY_EIA_ELECTRICITY", "replay-key-1234")
    assert {record.outcome for record in feed.fetch()} == {"fetched"}
    report = live(feed)
    assert (report["status"], report["rows_loaded"]) == ("loaded", len(STATES))
    assert all("api_key=replay-key-1234" in path for _, path, _, _ in feed.requests)
    files = [path for path in settings().home.rglob("*") if path.is_file()]
    assert [path for path in files if b"replay-key-1234" in path.read_bytes()] == []


def test_other_units_and_impossible_values_go_to_quarantine(play) -> None:
    bad = {
        "allowed:price-units": {"price-units": "dollars per megawatt-hour"},
        "allowed:sales-units": {"sales-units": "megawatthours"},
        "units_missing": {"price-units": None},
        "min:price": {"price": "0.0901"},
        "type:price": {"price": "9,01"},
        "type:period": {"period": "2026Q2"},
        "month_not_over": {"period": "2999-01"},
        "allowed:sectorid": {"sectorid": "RES"},
        "not_null:stateid": {"stateid": None},
    }
    rows = [*(row(state) for state in STATES), row("CA", price=None, sales=".")]
    rows += [row("XX", stateDescription=rule) | cells for rule, cells in bad.items()]
    feed = play("eia_electricity", routes=industrial(rows))
    feed.fetch()
    assert live(feed)["rows_quarantined"] == len(bad)
    held_back = feed.rows("select json_extract_string(row_json, '$.stateDescription'), rule from raw.quarantine")
    assert dict(held_back) == {rule: rule for rule in bad}


def test_all_prices_in_another_unit_turn_the_content_down(play) -> None:
    feed = play("eia_electricity", routes=industrial([row(s, **{"price-units": "USD per kWh"}) for s in STATES]))
    feed.fetch()
    report = live(feed)
    assert report["status"] == "rejected"
    assert "allowed:price-units" in report["reason"]


def test_without_a_key_the_source_is_skipped(play, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = play("eia_electricity")
    monkeypatch.delenv("GIGAWATCH_KEY_EIA_ELECTRICITY")
    assert {record.outcome for record in feed.fetch()} <= {"skipped"}
    assert feed.requests == []
