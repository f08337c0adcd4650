"""Compute Atlas: both envelopes, nested fields to text, the status history with the source each event cites."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest import contracts

SOURCE = contracts.load_source("compute_atlas")
CONNECTOR = contracts.connector(SOURCE)
SAMPLE = contracts.bundled_files(SOURCE, SOURCE.resources[0])[0].path.read_bytes()

FACILITY = {
    "id": "a-site",
    "name": "A site",
    "operator": "Ours",
    "status": "operational",
    "location": {"lat": 41.50, "lon": -87.263, "state": "IN", "multiSite": {"states": ["IN", "OH"]}},
    "capacityMw": {"planned": 2400, "operational": 12.50},
    "statusHistory": [
        {"status": "proposed", "date": "2024-04-25", "note": "said so", "sourceIndex": 1},
        {"status": "under_construction", "date": "2024-09", "sourceIndex": 7},
        {"status": "operational", "date": "2025"},
    ],
    "sources": [{"url": "https://a.example"}, {"url": "https://b.example", "label": "B", "retrievedAt": "2026-07-01"}],
    "stakeholders": [{"name": "Somebody", "role": "founder"}],
}


def rows(facilities: Any, resource: str) -> list[dict[str, Any]]:
    return CONNECTOR.parse(json.dumps(facilities).encode(), resource).to_pylist()


@pytest.mark.parametrize("resource", SOURCE.resources, ids=lambda resource: resource.resource)
def test_the_bundled_file_has_the_contracted_columns(resource) -> None:
    table = CONNECTOR.parse(SAMPLE, resource.resource)
    assert table.column_names == [column.name for column in resource.columns]
    assert table.num_rows >= resource.min_rows


def test_the_bundled_figures_of_new_carlisle() -> None:
    facilities = {row["id"]: row for row in CONNECTOR.parse(SAMPLE, "facilities").to_pylist()}
    rainier = facilities["amazon-project-rainier-new-carlisle-in"]
    assert (rainier["capacityMw.planned"], rainier["capacityMw.operational"]) == ("2200", "590")
    assert rainier["location.lat"] is None
    events = [row for row in CONNECTOR.parse(SAMPLE, "status_history").to_pylist() if row["id"] == rainier["id"]]
    assert [(event["status"], event["date"]) for event in events] == [
        ("proposed", "2024-04-25"),
        ("under_construction", "2024-09"),
        ("operational", "2025-10"),
    ]


def test_nothing_but_figures_is_bundled() -> None:
    """Notes and titles are other people's prose."""
    assert {row["notes"] for row in CONNECTOR.parse(SAMPLE, "facilities").to_pylist()} == {None}
    events = CONNECTOR.parse(SAMPLE, "status_history").to_pylist()
    assert {(row["note"], row["source.label"]) for row in events} == {(None, None)}


def test_the_bare_list_and_the_api_say_the_same() -> None:
    bare = rows([FACILITY], "facilities")
    assert rows({"count": 1, "facilities": [FACILITY]}, "facilities") == bare
    assert rows({"facilities": [FACILITY]}, "facilities") == bare


def test_values_are_the_text_of_the_wire() -> None:
    body = json.dumps([FACILITY]).replace("41.5,", "41.50,")
    row = CONNECTOR.parse(body.encode(), "facilities").to_pylist()[0]
    assert row["location.lat"] == "41.50"
    assert row["capacityMw.planned"] == "2400"
    assert row["location.multiSite.states"] == '["IN", "OH"]'
    assert row["energy.utility"] is None
    assert row["location.precision"] is None
    assert not [name for name, value in row.items() if "Somebody" in str(value)]


def test_an_event_carries_the_source_it_cites() -> None:
    proposed, building, running = rows([FACILITY], "status_history")
    assert (proposed["event_number"], proposed["date"], proposed["note"]) == ("1", "2024-04-25", "said so")
    assert (proposed["source.url"], proposed["source.label"]) == ("https://b.example", "B")
    assert (building["date"], building["sourceIndex"], building["source.url"]) == ("2024-09", "7", None)
    assert (running["date"], running["sourceIndex"], running["source.url"]) == ("2025", None, None)


@pytest.mark.parametrize("history", [None, []])
def test_a_facility_without_history_has_no_event(history: Any) -> None:
    assert rows([FACILITY | {"statusHistory": history}], "status_history") == []
    assert len(rows([FACILITY | {"statusHistory": history}], "facilities")) == 1


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"<!doctype html><title>Compute Atlas</title>", "not JSON"),
        (b'{"error": "Too many requests"}', "Too many requests"),
        (b'{"count": 2, "facilities": [{"id": "a"}]}', "says 2 facilities but lists 1"),
        (b'{"count": 0, "facilities": {}}', "list of facilities"),
        (b'["a", "b"]', "list of facilities"),
        (b"17", "list of facilities"),
    ],
)
def test_anything_else_is_refused(body: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CONNECTOR.parse(body, "facilities")


def test_a_history_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="'a-site': statusHistory"):
        rows([FACILITY | {"statusHistory": ["opened"]}], "status_history")
