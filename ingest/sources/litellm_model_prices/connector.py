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
DOCUMENTATION = "sample_spec"  # an entry that explains the fields, not a model


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the price file into a table of strings: `model` and FIELDS, one row per model.

    Costs stay in USD per token, in the very digits of the file (numbers are not read as floats); a field that a model
    lacks, or that is null, is NULL. Raises ValueError when the bytes are not a JSON object of objects.
    """
    try:
        document = json.loads(data, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"{resource}: the file is not JSON: {error}") from error
    match document:
        case dict():
            models: dict[str, Any] = {name: entry for name, entry in document.items() if name != DOCUMENTATION}
        case _:
            raise ValueError(f"{resource}: expected a JSON object keyed by model, got a {type(document).__name__}")
    if wrong := [name for name, entry in models.items() if not isinstance(entry, dict)]:
        raise ValueError(f"{resource}: {len(wrong)} entries are not objects, the first is {wrong[0]!r}")
    columns: dict[str, list[str | None]] = {"model": list(models)}
    for field in FIELDS:
        columns[field] = [None if entry.get(field) is None else str(entry[field]) for entry in models.values()]
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))
