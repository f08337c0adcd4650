"""Reads the exchange's monthly revenue table, which its server sends as CSV or as JSON."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the table into strings: one column per column of the file, one row per company, cells as written.

    An empty cell of the CSV is an empty string (the loader reads it as NULL). Raises ValueError when the bytes are
    neither CSV with rows of one length nor a JSON array of equal objects, e.g. a web page sent with status 200.
    """
    try:
        text = data.decode("utf-8-sig").lstrip()
    except UnicodeDecodeError as error:
        raise ValueError(f"{resource}: the bytes are not UTF-8 text (byte {error.start})") from error
    if not text or text.startswith("<"):
        raise ValueError(f"{resource}: " + ("a web page came instead of the table" if text else "the answer is empty"))
    header, rows = _of_json(text, resource) if text[0] in "[{" else _of_csv(text, resource)
    if not rows:
        raise ValueError(f"{resource}: the table has no rows")
    columns = [pa.array([row[number] for row in rows], pa.string()) for number in range(len(header))]
    return pa.Table.from_arrays(columns, names=header)  # keeps a name that is there twice, for the loader to refuse


def _of_csv(text: str, resource: str) -> tuple[list[str], list[list[str]]]:
    try:
        header, *rows = (row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)
    except csv.Error as error:
        raise ValueError(f"{resource}: the text cannot be read as CSV: {error}") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ValueError(f"{resource}: row {number} has {len(row)} cells, the header has {len(header)}")
    return header, rows


def _of_json(text: str, resource: str) -> tuple[list[str], list[list[str | None]]]:
    try:
        document = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"{resource}: the text cannot be read as JSON: {error}") from error
    if not isinstance(document, list):
        raise ValueError(f"{resource}: expected a JSON array of companies, got {text[:200]}")
    header: list[str] = list(document[0]) if document and isinstance(document[0], dict) else []
    for number, record in enumerate(document, start=1):
        if not isinstance(record, dict) or set(record) != set(header):
            raise ValueError(f"{resource}: record {number} has not the keys of the first one: {str(record)[:200]}")
        if wrong := [name for name, cell in record.items() if not isinstance(cell, str | None)]:
            raise ValueError(f"{resource}: record {number}: {wrong[0]} is neither text nor a number")
    return header, [[record[name] for name in header] for record in document]
