"""OpenRouter's list of models: prices in their digits, everything else kept, errors refused."""

from __future__ import annotations

import json

import pytest

from ingest import contracts
from settings import REPO

SOURCE = contracts.load_source("openrouter_models")
CONNECTOR = contracts.connector(SOURCE)
(RESOURCE,) = SOURCE.resources
SAMPLE = REPO.parent / "shared" / "samples" / "openrouter" / "openrouter_models.json"


def test_prices_keep_their_digits_and_a_variable_one_stays_visible() -> None:
    data = json.dumps({"data": [
        {"id": "a/b", "created": 1715558400, "pricing": {"prompt": "0.00000250", "completion": "-1"}},
        {"id": "a/c:free", "pricing": {"prompt": "0", "completion": 0}},
    ]}).encode()  # fmt: skip
    first, second = CONNECTOR.parse(data, "models").to_pylist()
    assert (first["pricing.prompt"], first["pricing.completion"]) == ("0.00000250", "-1")
    assert (second["pricing.prompt"], second["pricing.completion"]) == ("0", "0")
    assert (first["created"], second["created"]) == ("1715558400", None)


def test_new_keys_are_kept_as_json_with_their_types() -> None:
    model = {
        "id": "a/b", "name": "Ä \"quoted\"", "pricing": {"prompt": "1e-6", "moon_phase": "0.1"},
        "brand_new": {"elo": 941.50, "tags": [1, True]}, "description": None,
    }  # fmt: skip
    (row,) = CONNECTOR.parse(json.dumps({"data": [model]}).encode(), "models").to_pylist()
    assert json.loads(row["other"]) == {
        "brand_new": {"elo": 941.5, "tags": [1, True]}, "description": None, "pricing": {"moon_phase": "0.1"},
    }  # fmt: skip
    assert (row["name"], row["pricing.prompt"]) == ('Ä "quoted"', "1e-6")


def test_a_model_without_id_or_prices_is_left_to_the_contract() -> None:
    rows = CONNECTOR.parse(b'{"data": [{"name": "x"}, {"id": "y", "pricing": null}]}', "models").to_pylist()
    assert [(row["id"], row["pricing.prompt"]) for row in rows] == [(None, None), ("y", None)]


def test_the_table_has_the_contracted_columns_always() -> None:
    assert CONNECTOR.parse(b'{"data": []}', "models").column_names == [column.name for column in RESOURCE.columns]


@pytest.mark.parametrize(
    "data",
    [b"<html>", b"[]", b'{"error": {"message": "rate limited", "code": 429}}', b'{"data": {}}', b'{"data": ["x"]}',
     b'{"data": [{"id": "x", "pricing": "cheap"}]}'],
)  # fmt: skip
def test_what_is_no_list_of_models_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="models"):
        CONNECTOR.parse(data, "models")


def test_a_byte_order_mark_does_not_matter() -> None:
    assert CONNECTOR.parse(b'\xef\xbb\xbf{"data": [{"id": "x"}]}', "models").num_rows == 1


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payloads are not part of the repository")
def test_the_bundled_prices_are_those_of_the_real_list() -> None:
    (bundled,) = contracts.bundled_files(SOURCE, RESOURCE)
    real = {row["id"]: row for row in CONNECTOR.parse(SAMPLE.read_bytes(), "models").to_pylist()}
    for row in CONNECTOR.parse(bundled.path.read_bytes(), "models").to_pylist():
        for price in ("pricing.prompt", "pricing.completion", "pricing.input_cache_read"):
            assert row[price] == real[row["id"]][price]
    assert len(real) == 6
    assert json.loads(real["openai/gpt-4o"]["other"])["architecture"]["tokenizer"] == "GPT"
    assert json.loads(real["google/gemini-3.5-flash"]["other"])["pricing"]["web_search"] == "0.014"
