"""Flattens OpenRouter's list of models to one row of text per model; what is no column stays as JSON."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

PLAIN = ("id", "canonical_slug", "name", "created", "context_length")
PRICES = ("prompt", "completion", "input_cache_read", "input_cache_write", "internal_reasoning")
COLUMNS = (*PLAIN, *(f"pricing.{price}" for price in PRICES), "expiration_date", "other")


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the list into a table of strings with COLUMNS, one row per model in the order they came.

    Prices stay USD per token in the digits of the wire ("-1": variable). Every other key, also one never seen before,
    is kept in `other` as a JSON object (prices that are no column below its key `pricing`); `other` is NULL when there
    is none. Raises ValueError when the bytes are not an object with a list of models.
    """
    try:
        document = json.loads(data, parse_float=_Number, parse_int=_Number)
    except ValueError as error:
        raise ValueError(f"{resource}: the answer is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise ValueError(f"{resource}: expected an object with the list data, got {str(document)[:200]}")
    rows = [_row(model, resource) for model in document["data"]]
    columns = {name: [row.get(name) for row in rows] for name in COLUMNS}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in COLUMNS]))


class _Number(str):
    """A number in its own digits; `other` writes it as the number it was."""


def _row(model: Any, resource: str) -> dict[str, str | None]:
    if not isinstance(model, dict):
        raise ValueError(f"{resource}: an entry of data is not an object: {str(model)[:200]}")
    pricing = model.get("pricing") or {}
    if not isinstance(pricing, dict):
        raise ValueError(f"{resource}: the pricing of {model.get('id')!r} is not an object: {str(pricing)[:200]}")
    other = {key: value for key, value in model.items() if key not in (*PLAIN, "expiration_date", "pricing")}
    if further := {key: value for key, value in pricing.items() if key not in PRICES}:
        other["pricing"] = further
    return {
        **{name: _text(model.get(name)) for name in (*PLAIN, "expiration_date")},
        **{f"pricing.{price}": _text(pricing.get(price)) for price in PRICES},
        "other": _json(other) if other else None,
    }


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    return _json(value)


def _json(value: Any) -> str:
    """JSON of a value whose numbers are _Number: written by hand, because json.dumps would quote or round them."""
    match value:
        case _Number():
            return str(value)
        case dict():
            pairs = [f"{json.dumps(key, ensure_ascii=False)}: {_json(item)}" for key, item in value.items()]
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(_json(item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)
