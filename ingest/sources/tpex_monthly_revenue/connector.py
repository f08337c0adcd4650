"""Reads the over-the-counter market's monthly revenue table: JSON, at times with a byte order mark or in a wrapper."""

from __future__ import annotations

import json

import pyarrow as pa

WRAPPERS = ("data", "result", "rows", "msgArray")


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the table into strings: one column per key of the records, one row per company, cells as written.

    Raises ValueError when the bytes are not JSON, or not an array of equal objects (bare, or the one known entry of a
    wrapper), or when the array is empty.
    """
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_float=str, parse_int=str)
    except UnicodeDecodeError as error:
        raise ValueError(f"{resource}: the bytes are not UTF-8 text (byte {error.start})") from error
    except ValueError as error:
        what = "a web page came instead of the table" if data.lstrip().startswith(b"<") else f"not JSON: {error}"
        raise ValueError(f"{resource}: {what}") from error
    if isinstance(document, dict):
        known = [name for name in WRAPPERS if isinstance(document.get(name), list)]
        if len(known) != 1:
            raise ValueError(f"{resource}: an object came that wraps no table: {str(document)[:200]}")
        document = document[known[0]]
    if not isinstance(document, list) or not document or not isinstance(document[0], dict):
        raise ValueError(f"{resource}: expected an array of companies, got {str(document)[:200]}")
    header: list[str] = list(document[0])
    for number, record in enumerate(document, start=1):
        if not isinstance(record, dict) or set(record) != set(header):
            raise ValueError(f"{resource}: record {number} has not the keys of the first one: {str(record)[:200]}")
        if wrong := [name for name, cell in record.items() if not isinstance(cell, str | None)]:
            raise ValueError(f"{resource}: record {number}: {wrong[0]} is neither text nor a number")
    return pa.table({name: pa.array([record[name] for record in document], pa.string()) for name in header})
