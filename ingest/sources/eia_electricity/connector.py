"""EIA retail electricity: asks for the last two years of one sector in pages, and flattens the rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingest import wire
from ingest.wire import Request, Requests

PATH = "/v2/electricity/retail-sales/data/"
MONTHS = 24  # how far back the EIA revises
LENGTH = 5000  # rows of a page, the most the API gives
MAX_PAGES = 20
MISSING = "."  # how older dumps write a value that is not published

FIELDS = (
    "period", "stateid", "stateDescription", "sectorid", "sectorName", "price", "price-units", "sales", "sales-units",
)  # fmt: skip


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """Ask for price and sales of one sector (`part`: sector) in all states, the last MONTHS months, page by page.

    Raises ValueError when an answer is none, warns of being cut, or when the pages do not add up to the stated total.
    """
    got = 0
    for _ in range(MAX_PAGES):
        answer = yield Request(
            PATH,
            params={
                "frequency": "monthly",
                "data[0]": "price",
                "data[1]": "sales",
                "facets[sectorid][]": part["sector"],
                "start": _months_before(now, MONTHS),
                # A full order, so that pages neither overlap nor leave gaps.
                "sort[0][column]": "period",
                "sort[0][direction]": "asc",
                "sort[1][column]": "stateid",
                "sort[1][direction]": "asc",
                "offset": str(got),
                "length": str(LENGTH),
            },
        )
        total, rows = _response(answer.read(), resource)
        got += len(rows)
        if got == total:
            return
        if got > total or not rows:
            raise ValueError(f"{resource}: the API says there are {total} rows, but its pages hold {got}")
    raise ValueError(f"{resource}: {got} of {total} rows after {MAX_PAGES} pages; the query asks for far too much")


def scrub(data: bytes) -> bytes:
    """The answer without the echo of the request, which repeats the API key.

    To be called on each answer before it is stored. Raises ValueError when the bytes are not a JSON object.
    """
    document = _document(data, "scrub")
    document.pop("request", None)
    return json.dumps(document, ensure_ascii=False).encode()


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the pages into a table of strings with FIELDS, one row per month, state and sector.

    Numbers keep the digits of the wire; null and "." are NULL. Raises ValueError when a page is not an answer with
    data, or warns that it was cut.
    """
    rows: list[dict[str, Any]] = [row for page in wire.pages(data) for row in _response(page, resource)[1]]
    columns = {field: [_text(row.get(field)) for row in rows] for field in FIELDS}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in FIELDS]))


def _response(data: bytes, resource: str) -> tuple[int, list[dict[str, Any]]]:
    """Stated total (text or number on the wire) and rows of one page. Raises ValueError when it is not a whole one."""
    document = _document(data, resource, as_text=True)
    response = document.get("response")
    if not isinstance(response, dict) or not isinstance(response.get("data"), list):
        what = document.get("error") or f"an object with {', '.join(document) or 'nothing in it'}"
        raise ValueError(f"{resource}: the answer has no response with data: {str(what)[:200]}")
    if warnings := [*(document.get("warnings") or []), *(response.get("warnings") or [])]:
        raise ValueError(f"{resource}: the API warns that the answer is not whole: {str(warnings)[:300]}")
    if not all(isinstance(row, dict) for row in response["data"]):
        raise ValueError(f"{resource}: a row of the answer is not an object")
    try:
        return int(response["total"]), response["data"]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{resource}: the answer states no total: {response.get('total')!r}") from None


def _document(data: bytes, resource: str, as_text: bool = False) -> dict[str, Any]:
    """One answer, `as_text` with numbers in their digits. Raises ValueError, without quoting it: it holds the key."""
    try:
        document = json.loads(data, parse_float=str, parse_int=str) if as_text else json.loads(data)
    except ValueError:
        raise ValueError(f"{resource}: the answer is not JSON") from None
    if not isinstance(document, dict):
        raise ValueError(f"{resource}: the answer is not a JSON object")
    return document


def _months_before(now: datetime, months: int) -> str:
    """The month `months` before that of `now`, as the API writes it: '2024-11'."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return f"{year}-{month + 1:02d}"


def _text(value: Any) -> str | None:
    if value is None or value == MISSING:
        return None
    return value if isinstance(value, str) else json.dumps(value)
