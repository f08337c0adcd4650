"""litellm's price file: every entry becomes a row, whatever kind of number it holds and however often it is named."""

from __future__ import annotations

import gzip
import json

import pytest

from ingest import contracts
from settings import REPO

SOURCE = contracts.load_source("litellm_model_prices")
CONNECTOR = contracts.connector(SOURCE)
(RESOURCE,) = SOURCE.resources
SAMPLE = REPO.parent / "shared" / "samples" / "litellm_model_prices.json.gz"


def rows(data: bytes) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = CONNECTOR.parse(data, "model_prices").to_pylist()
    return found


def test_the_entry_that_explains_the_fields_is_no_model() -> None:
    assert [row["model"] for row in rows(b'{"sample_spec": {"mode": "one of chat, ..."}, "gpt": {}}')] == ["gpt"]


def test_costs_keep_their_digits_and_absent_ones_are_null() -> None:
    first, second, third = rows(b"""{
        "a": {"input_cost_per_token": 1.50e-06, "output_cost_per_token": 0, "max_input_tokens": 128000},
        "b": {"input_cost_per_token": "1e-6", "output_cost_per_token": null},
        "c": {"input_cost_per_token": [1], "supports_vision": true, "tiered_pricing": [{"range": [0, 1]}]}
    }""")
    assert (first["input_cost_per_token"], first["output_cost_per_token"]) == ("1.50e-06", "0")
    assert (first["max_input_tokens"], first["mode"]) == ("128000", None)
    assert (second["input_cost_per_token"], second["output_cost_per_token"]) == ("1e-6", None)
    assert third["input_cost_per_token"] == '["1"]'  # no number: left to the contract


def test_a_model_per_region_is_a_price_of_its_own() -> None:
    keys = ["amazon.nova-pro-v1:0", "bedrock/us-east-1/amazon.nova-pro-v1:0", "bedrock/eu-west-1/amazon.nova-pro-v1:0"]
    assert [row["model"] for row in rows(json.dumps({key: {} for key in keys}).encode())] == keys


def test_a_key_that_stands_twice_gives_two_rows_and_the_last_counts() -> None:
    found = rows(b'{"a": {"mode": "chat"}, "b": {}, "a": {"mode": "responses"}}')
    assert [(row["model"], row["mode"], row["is_overwritten"]) for row in found] == [
        ("a", "chat", "true"), ("b", None, None), ("a", "responses", None),
    ]  # fmt: skip


def test_a_byte_order_mark_does_not_matter() -> None:
    assert len(rows(b'\xef\xbb\xbf{"a": {}}')) == 1


@pytest.mark.parametrize("data", [b"<!DOCTYPE html>", b"404: Not Found", b"[]", b'{"error": "no"}', b"", b'{"a"'])
def test_what_is_not_the_price_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="model_prices"):
        rows(data)


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payloads are not part of the repository")
def test_the_whole_real_file() -> None:
    data = gzip.decompress(SAMPLE.read_bytes())
    document = json.loads(data)
    found = rows(data)
    assert [row["model"] for row in found] == [model for model in document if model != "sample_spec"]
    assert {row["is_overwritten"] for row in found} == {None}
    for row in found:
        stated = document[row["model"]].get("input_cost_per_token")
        assert (row["input_cost_per_token"] is None) == (stated is None)
        assert stated is None or float(row["input_cost_per_token"] or "nan") == stated
