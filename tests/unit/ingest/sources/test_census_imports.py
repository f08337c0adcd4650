"""US imports: the months asked for, the array of arrays, repeated columns, and pages about keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import contracts
from ingest.wire import Answer

SOURCE = contracts.load_source("census_imports")
(RESOURCE,) = SOURCE.resources
CONNECTOR = contracts.connector(SOURCE)
FIXTURE = SOURCE.folder / "replay" / "hs847150.json"  # made up: no real answer was at hand


def parse(data: bytes):
    return CONNECTOR.parse(data, RESOURCE.resource)


def ask(now: str, part: str = "hs847150"):
    return CONNECTOR.requests(RESOURCE.resource, RESOURCE.parts[part], datetime.fromisoformat(now).replace(tzinfo=UTC))


def test_the_table_has_the_contracted_columns_and_keeps_all_rows() -> None:
    table = parse(FIXTURE.read_bytes())
    assert sorted(table.column_names) == sorted(column.name for column in RESOURCE.columns)
    assert table.num_rows == len(json.loads(FIXTURE.read_bytes())) - 1
    assert {"-", "0003", "5XXX", "5830"} <= set(table["CTY_CODE"].to_pylist())


@pytest.mark.parametrize(
    ("now", "months"),
    [
        ("2026-11-23", "from 2024-09 to 2026-09"),
        ("2026-02-01", "from 2023-12 to 2025-12"),
        ("2026-01-31", "from 2023-11 to 2025-11"),
    ],
)
def test_two_years_up_to_the_newest_month_that_can_be_out(now: str, months: str) -> None:
    request = next(ask(now))
    assert request.params["time"] == months
    assert (request.params["I_COMMODITY"], request.params["COMM_LVL"]) == ("847150", "HS6")
    assert not {"I_COMMODITY", "COMM_LVL", "time"} & set(request.params["get"].split(","))
    assert "key" not in request.params, "the kit adds the key"


def test_each_part_is_one_commodity_of_six_digits() -> None:
    for name, part in RESOURCE.parts.items():
        assert name == f"hs{part['I_COMMODITY']}"
        assert len(part["I_COMMODITY"]) == 6


def test_an_answer_about_another_commodity_fails_the_fetch(tmp_path: Path) -> None:
    asking = ask("2026-11-23", "hs847180")
    next(asking)
    with pytest.raises(ValueError, match="asked for commodity 847180"):
        asking.send(Answer("http://x", FIXTURE, "application/json", {}))


def test_a_repeated_column_is_kept_once_if_it_says_the_same() -> None:
    same = b'[["CTY_CODE","I_COMMODITY","I_COMMODITY"],["5830","010121","010121"]]'
    assert parse(same).to_pylist() == [{"CTY_CODE": "5830", "I_COMMODITY": "010121"}]
    with pytest.raises(ValueError, match="twice with different values"):
        parse(same.replace(b'"010121"]]', b'"010129"]]'))


def test_null_and_bare_numbers_pass_as_text() -> None:
    assert parse(b'[["a","b"],[null,12345678901234567890.10]]').to_pylist() == [
        {"a": None, "b": "12345678901234567890.10"}
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty: no rows"),
        (b"\n", "empty: no rows"),
        (b"<html><head><title>Invalid Key</title></head></html>", "GIGAWATCH_KEY_CENSUS_IMPORTS"),
        (b"<html><head><title>Missing Key</title></head></html>", "GIGAWATCH_KEY_CENSUS_IMPORTS"),
        (b"error: unknown variable 'GEN_VAL'", "not JSON"),
        (b'{"error": "x"}', "array of arrays"),
        (b'[{"a": "b"}]', "array of arrays"),
        (b'[["a","b"]]', "no rows"),
        (b'[["a","b"],["1"]]', "row 1"),
        (b'[["a"],[["1"]]]', "row 1"),
        (b'[["a","b"],["1","2"],["1"', "not JSON"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(data)
