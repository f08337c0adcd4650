"""Flattens Compute Atlas's facilities, nested JSON objects, to two tables of text: facilities and status history."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

# Columns are named by the path to the value in the wire's own words; FACILITY_FIELDS is in the order of its schema.
FACILITY_FIELDS = (
    "id", "name", "operator", "facilityType", "status", "confidence", "aiClassification",
    "location.lat", "location.lon", "location.precision", "location.city", "location.county", "location.state",
    "location.street", "location.postalCode", "location.multiSite.states",
    "capacityMw.planned", "capacityMw.operational", "poweredBy", "announcedDate", "lastUpdated", "notes",
    "energy.source", "energy.utility", "energy.onSiteGenerationMw", "water.coolingType", "water.reportedMgd",
    "environmental.pue", "generation.technology", "generation.offtaker", "generation.poweredFacilityIds",
    "investmentUsd", "landAcres", "jobs.construction", "jobs.permanent", "sources",
)  # fmt: skip
EVENT_FIELDS = ("status", "date", "note", "sourceIndex")
SOURCE_FIELDS = ("url", "label", "publisher", "retrievedAt", "kind")


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn a list of facilities into a table of strings.

    `facilities` gives one row per facility, `status_history` one row per facility and event, with the source the event
    cites (`sourceIndex` counts from 0 in the facility's own list). Numbers keep their digits, an absent value is NULL,
    a list stays JSON. Accepts both forms the publisher serves: the bare list of its bulk file and the API's
    `{count, facilities}`. Raises ValueError when the bytes are neither, or when the count and the list differ.
    """
    facilities = _facilities(data)
    if resource == "status_history":
        return _table(("id", "event_number", *EVENT_FIELDS, *(f"source.{name}" for name in SOURCE_FIELDS)),
                      [row for facility in facilities for row in _events(facility)])  # fmt: skip
    return _table(FACILITY_FIELDS, [[_value(facility, field) for field in FACILITY_FIELDS] for facility in facilities])


def _facilities(data: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(data, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"the answer is not JSON: {error}") from error
    if isinstance(document, dict):
        if "facilities" not in document:
            raise ValueError(f"an object without facilities: {document.get('error') or sorted(document)}")
        facilities, count = document["facilities"], document.get("count")
    else:
        facilities, count = document, None
    if not isinstance(facilities, list) or not all(isinstance(facility, dict) for facility in facilities):
        raise ValueError("expected a list of facilities, each an object")
    if count is not None and count != str(len(facilities)):
        raise ValueError(f"the answer says {count} facilities but lists {len(facilities)}")
    return facilities


def _events(facility: dict[str, Any]) -> list[list[str | None]]:
    events, sources = facility.get("statusHistory") or [], facility.get("sources") or []
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError(f"facility {facility.get('id')!r}: statusHistory is not a list of objects")
    rows = []
    for number, event in enumerate(events, start=1):
        index = event.get("sourceIndex")
        is_listed = isinstance(index, str) and index.isdecimal() and int(index) < len(sources)
        cited = sources[int(index)] if is_listed else {}
        rows.append([_text(facility.get("id")), str(number), *(_text(event.get(name)) for name in EVENT_FIELDS),
                     *(_text(cited.get(name)) for name in SOURCE_FIELDS)])  # fmt: skip
    return rows


def _value(facility: dict[str, Any], path: str) -> str | None:
    """The value at a dotted path, None where any step of it is absent."""
    found: Any = facility
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return _text(found)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _table(names: tuple[str, ...], rows: list[list[str | None]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(names))
