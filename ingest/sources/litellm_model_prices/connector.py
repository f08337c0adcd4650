"""Flattens litellm's price file, one JSON object keyed by model, to one row of text per model."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

FIELDS = (
    "litellm_provider",
    "mode",
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "input_cost_per_token_batches",
    "output_cost_per_token_batches",
    "max_input_tokens",
)
COLUMNS = ("model", *FIELDS, "is_overwritten")
DOCUMENTATION = "sample_spec"  # an entry that explains the fields, not a model


class _Object(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a key that stands twice is seen twice."""


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the price file into a table of strings with COLUMNS, one row per entry in the order of the file.

    Costs stay in USD per token, in the very digits of the file (numbers are not read as floats); a field that a model
    lacks, or that is null, is NULL. `is_overwritten` is 'true' for an entry whose key comes again further down, else
    NULL. Raises ValueError when the bytes are not a JSON object of objects.
    """
    try:
        document = json.loads(data, parse_float=str, parse_int=str, object_pairs_hook=_Object)
    except ValueError as error:
        raise ValueError(f"{resource}: the file is not JSON: {error}") from error
    if not isinstance(document, _Object):
        raise ValueError(f"{resource}: expected a JSON object keyed by model, got a {type(document).__name__}")
    entries = [(model, entry) for model, entry in document if model != DOCUMENTATION]
    if wrong := [model for model, entry in entries if not isinstance(entry, _Object)]:
        raise ValueError(f"{resource}: {len(wrong)} entries are not objects, the first is {wrong[0]!r}")
    last_place = {model: place for place, (model, _) in enumerate(entries)}
    rows = [
        {field: _text(value) for field, value in entry}
        | {"model": model, "is_overwritten": None if last_place[model] == place else "true"}
        for place, (model, entry) in enumerate(entries)
    ]
    columns = {name: [row.get(name) for row in rows] for name in COLUMNS}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in COLUMNS]))


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
