"""EIA retail electricity: pages that add up, numbers of either kind, cut answers refused, the key never kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import contracts, wire
from settings import REPO

SOURCE = contracts.load_source("eia_electricity")
CONNECTOR = contracts.connector(SOURCE)
(RESOURCE,) = SOURCE.resources
SAMPLES = REPO.parent / "shared" / "samples" / "eia_v2"
ROW = {
    "period": "2026-06", "stateid": "IN", "stateDescription": "Indiana", "sectorid": "IND", "sectorName": "industrial",
    "price": "9.01", "sales": 4000.5, "price-units": "cents per kilowatt-hour", "sales-units": "million kilowatt hours",
}  # fmt: skip


def answer(rows: Sequence[dict[str, Any]], total: Any = None, **further: Any) -> bytes:
    total = len(rows) if total is None else total
    return json.dumps({"response": {"total": total, "data": list(rows)}} | further).encode()


def converse(tmp_path: Path, *answers: bytes, now: str = "2026-11-22") -> list[wire.Request]:
    """Play the kit with these answers, the last one for ever; returns the requests."""
    talk = CONNECTOR.requests("retail_sales", {"sector": "IND"}, datetime.fromisoformat(now).replace(tzinfo=UTC))
    asked: list[wire.Request] = []
    try:
        request = next(talk)
        while True:
            path = tmp_path / str(len(asked))
            path.write_bytes(answers[min(len(asked), len(answers) - 1)])
            asked.append(request)
            request = talk.send(wire.Answer(request.path, path, "application/json", {}))
    except StopIteration:
        return asked


@pytest.mark.parametrize(
    ("now", "start"), [("2026-11-22", "2024-11"), ("2026-01-01", "2024-01"), ("2026-12-31", "2024-12")]
)
def test_reads_the_last_two_years_anew(tmp_path: Path, now: str, start: str) -> None:
    (request,) = converse(tmp_path, answer([ROW]), now=now)
    assert request.params["start"] == start
    assert request.params["facets[sectorid][]"] == "IND"
    assert "api_key" not in request.params


@pytest.mark.parametrize("total", [3, "3"])
def test_goes_on_by_offset_until_the_total(tmp_path: Path, total: Any) -> None:
    asked = converse(tmp_path, answer([ROW, ROW], total), answer([ROW], total))
    assert [request.params["offset"] for request in asked] == ["0", "2"]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([answer([ROW], 3), answer([], 3)], "says there are 3 rows, but its pages hold 1"),
        ([answer([ROW, ROW], 1)], "says there are 1 rows, but its pages hold 2"),
        ([answer([ROW], 10**6)], "after 20 pages"),
    ],
)
def test_pages_that_do_not_add_up_are_refused(tmp_path: Path, answers: list[bytes], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        converse(tmp_path, *answers)


WARNING = [{"warning": "incomplete return", "description": "The API can only return 5000 rows in JSON format."}]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (answer([ROW], warnings=WARNING), "incomplete return"),
        (json.dumps({"response": {"total": 1, "data": [ROW], "warnings": WARNING}}).encode(), "incomplete return"),
        (b"<html>", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"error": {"code": "API_KEY_INVALID"}}', "API_KEY_INVALID"),
        (b'{"response": {"total": 1}}', "no response with data"),
        (b'{"response": {"data": []}}', "states no total"),
        (b'{"response": {"total": "many", "data": []}}', "states no total"),
        (b'{"response": {"total": 1, "data": ["x"]}}', "not an object"),
    ],
)
def test_what_is_not_a_whole_answer_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CONNECTOR.parse(data, "retail_sales")
    with pytest.raises(ValueError, match=says):
        converse(tmp_path, data)


def test_numbers_of_either_kind_and_missing_ones() -> None:
    rows = [ROW, ROW | {"price": 9.01, "sales": "4000.5"}, ROW | {"price": None, "sales": "."}, {"period": "2026-05"}]
    table = CONNECTOR.parse(answer(rows), "retail_sales")
    assert table["price"].to_pylist() == ["9.01", "9.01", None, None]
    assert table["sales"].to_pylist() == ["4000.5", "4000.5", None, None]
    assert table.column_names == [column.name for column in RESOURCE.columns]


def test_the_echo_of_the_key_is_scrubbed() -> None:
    echo = {"command": "/v2/electricity/retail-sales/data/", "params": {"api_key": "SECRET-KEY", "offset": 0}}
    scrubbed = CONNECTOR.scrub(answer([ROW], request=echo, apiVersion="2.1.10"))
    assert b"SECRET-KEY" not in scrubbed
    assert CONNECTOR.parse(scrubbed, "retail_sales") == CONNECTOR.parse(answer([ROW]), "retail_sales")
    with pytest.raises(ValueError, match="no response") as error:
        CONNECTOR.parse(json.dumps({"request": echo}).encode(), "retail_sales")
    assert "SECRET-KEY" not in str(error.value)


def test_the_bundled_figures() -> None:
    rows = [
        row
        for file in contracts.bundled_files(SOURCE, RESOURCE)
        for row in CONNECTOR.parse(file.path.read_bytes(), "retail_sales").to_pylist()
    ]
    price = {(row["stateid"], row["sectorid"]): row["price"] for row in rows}
    assert len(price) == len(rows) == 22
    assert (price["IN", "IND"], price["IN", "COM"], price["PA", "IND"]) == ("9.01", "14.52", "8.59")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")
def test_real_payloads() -> None:
    table = CONNECTOR.parse((SAMPLES / "eia_monthly.json").read_bytes(), "retail_sales")
    assert table["price"].to_pylist() == ["17.45", "17.21", None]
    assert table["stateid"].to_pylist() == [None] * 3  # trimmed: the contract turns such rows down
