"""US imports by HS code: asks for two years of one commodity, and reads the array of arrays that comes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from ingest.wire import Request, Requests

FIELDS = (
    "CTY_CODE", "CTY_NAME", "SUMMARY_LVL", "GEN_VAL_MO", "CON_VAL_MO", "GEN_QY1_MO", "UNIT_QY1", "AIR_VAL_MO",
    "AIR_WGT_MO", "VES_VAL_MO",
)  # fmt: skip
# A month comes out five to six weeks after its end, and late months and the annual revision (June) change older ones.
LAG_MONTHS = 2
MONTHS = 25


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """One request: every country, the 25 months up to the newest that can be out; `part` names the commodity.

    Raises ValueError when the answer is not a table of that commodity: a page about the key, nothing, another code.
    """
    last = now.year * 12 + now.month - 1 - LAG_MONTHS
    months = [f"{month // 12}-{month % 12 + 1:02d}" for month in (last - MONTHS + 1, last)]
    answer = yield Request(
        "/data/timeseries/intltrade/imports/hs",
        params={"get": ",".join(FIELDS), **part, "time": f"from {months[0]} to {months[1]}"},
    )
    table = parse(answer.read(), resource)
    if other := set(table["I_COMMODITY"].to_pylist()) - {part["I_COMMODITY"]}:
        raise ValueError(f"asked for commodity {part['I_COMMODITY']}, got rows of {sorted(map(str, other))}")


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the array of arrays into strings, named by its first row; a column that is there twice is kept once.

    The API appends the columns it was asked by, also where they were asked for already. Raises ValueError when the
    bytes are no such array, when it has no rows, or when two columns of one name differ.
    """
    if not data.strip():
        raise ValueError(f"{resource}: the answer is empty: no rows for this commodity and these months")
    try:
        document = json.loads(data, parse_float=str, parse_int=str)
    except ValueError as error:
        page = data[:2000].decode(errors="replace").lower()
        if "key" in page and "<" in page:
            raise ValueError(
                f"{resource}: a page about a missing or invalid key came; check GIGAWATCH_KEY_CENSUS_IMPORTS"
            ) from error
        raise ValueError(f"{resource}: the answer is not JSON: {error}") from error
    if not isinstance(document, list) or not all(isinstance(row, list) for row in document):
        raise ValueError(f"{resource}: expected an array of arrays, got {str(document)[:200]}")
    if len(document) < 2:
        raise ValueError(f"{resource}: the table has no rows")
    header, *rows = document
    columns: dict[str, list[str | None]] = {}
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header) or not all(isinstance(cell, str | None) for cell in row):
            raise ValueError(f"{resource}: row {number} is not {len(header)} texts or nulls: {str(row)[:200]}")
    for place, name in enumerate(header):
        cells = [row[place] for row in rows]
        if columns.setdefault(str(name), cells) != cells:
            raise ValueError(f"{resource}: column {name} is there twice with different values")
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
