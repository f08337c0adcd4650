"""Asks an Overpass server for the data centres of one state, and flattens its answer to one row of text per element."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from ingest.wire import Request, Requests

# Everything mapped as a data centre, built or not yet. `meta` adds version and timestamp, `center` a point for ways.
QUERY = """[out:json][timeout:180];
area["ISO3166-2"="{area}"]->.a;
(
  nwr["telecom"="data_center"](area.a);
  nwr["building"="data_center"](area.a);
  nwr["man_made"="data_center"](area.a);
  nwr["landuse"="data_center"](area.a);
  nwr["construction"="data_center"](area.a);
);
out tags center meta;"""
MAX_AGE = timedelta(days=14)  # beyond it the server is a mirror that no longer follows the map
ELEMENT_FIELDS = ("type", "id", "lat", "lon", "center.lat", "center.lon", "version", "timestamp")
TAGS = (
    "name", "operator", "owner", "ref", "telecom", "building", "man_made", "landuse", "construction", "start_date",
    "opening_date", "website",
)  # fmt: skip
COLUMNS = (*ELEMENT_FIELDS, *(f"tags.{tag}" for tag in TAGS), "tags", "osm3s.timestamp_osm_base")


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """One query per state, in a form body: a bare body is answered with 406.

    Raises ValueError for an answer that reports a failure (the server does so with status 200 and a remark), has no
    elements, or comes from a server whose map was older than MAX_AGE at `now`.
    """
    area = part["area"]
    answer = yield Request("/api/interpreter", method="POST", form={"data": QUERY.format(area=area)})
    document = _document(answer.read())
    stamp = _stamp(document)
    try:
        age = now - datetime.fromisoformat(stamp).astimezone(UTC)
    except ValueError:
        raise ValueError(f"the server dates its map {stamp!r}, which is no timestamp") from None
    if age > MAX_AGE:
        raise ValueError(f"the server's map is of {stamp}, {age.days} days old: a mirror that no longer follows")
    if not document["elements"]:
        raise ValueError(f"no data centre in {area}: the server holds another region's extract, or lost its areas")


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn an answer into a table of strings: COLUMNS, one row per node, way or relation.

    Numbers keep their digits and an absent value is NULL; `tags` is all tags as JSON. Who edited the element and in
    which changeset is left out: names of persons that nothing here needs. Raises ValueError when the bytes are no
    Overpass answer or one that reports a failure.
    """
    document = _document(data)
    stamp = _stamp(document)
    rows = []
    for element in document["elements"]:
        if not isinstance(element, dict) or not isinstance(element.get("tags", {}), dict):
            raise ValueError(f"an element is not an object with tags: {str(element)[:80]}")
        tags, center = element.get("tags"), element.get("center") or {}
        flat = {**element, **{f"center.{axis}": center.get(axis) for axis in ("lat", "lon")}}
        all_tags = None if tags is None else json.dumps(tags, ensure_ascii=False, sort_keys=True)
        rows.append([*(flat.get(name) for name in ELEMENT_FIELDS), *((tags or {}).get(tag) for tag in TAGS),
                     all_tags, stamp])  # fmt: skip
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(COLUMNS))


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"the answer is not JSON but {data[:80]!r}") from error
    if not isinstance(document, dict) or not isinstance(document.get("elements"), list):
        raise ValueError("the answer is not an Overpass object with elements")
    if remark := document.get("remark"):
        raise ValueError(f"the server could not finish the query: {remark}")
    return document


def _stamp(document: dict[str, Any]) -> str:
    stamp = (document.get("osm3s") or {}).get("timestamp_osm_base")
    if not isinstance(stamp, str):
        raise ValueError("the answer does not say of when its map is (osm3s.timestamp_osm_base)")
    return stamp
