"""UN Comtrade: the list of months first, then the data; counts, caps and errors that come as 200."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import contracts
from ingest.wire import Answer
from settings import REPO

SOURCE = contracts.load_source("un_comtrade")
(RESOURCE,) = SOURCE.resources
CONNECTOR = contracts.connector(SOURCE)
MONTHS = SOURCE.folder / "replay" / "months_490.json"  # made up, in the real form
TRADE = SOURCE.folder / "replay" / "trade_490.json"
REAL = REPO.parent / "shared" / "samples" / "un_comtrade" / "HS-60a6ad.json"


def parse(data: bytes):
    return CONNECTOR.parse(data, RESOURCE.resource)


def ask(part: str = "taiwan"):
    return CONNECTOR.requests(RESOURCE.resource, RESOURCE.parts[part], datetime(2026, 11, 23, tzinfo=UTC))


def answer(file: Path) -> Answer:
    return Answer("http://x", file, "application/json", {})


def changed(file: Path, tmp_path: Path, **entries: Any) -> Path:
    """A copy of an answer with other entries at its top."""
    copy = tmp_path / file.name
    copy.write_text(json.dumps(json.loads(file.read_bytes()) | entries), encoding="utf-8")
    return copy


def test_the_table_has_the_contracted_columns_and_keeps_all_rows() -> None:
    table = parse(TRADE.read_bytes())
    assert table.column_names == [column.name for column in RESOURCE.columns]
    assert table.num_rows == json.loads(TRADE.read_bytes())["count"]
    assert {"0", "757", "899"} == set(table["partnerCode"].to_pylist())


def test_published_months_are_asked_for_in_one_request() -> None:
    asking = ask()
    listing = next(asking)
    assert not listing.is_kept
    assert listing.params["reporterCode"] == "490"
    periods = listing.params["period"].split(",")
    assert (len(periods), periods[0], periods[-1]) == (12, "202511", "202610")
    request = asking.send(answer(MONTHS))
    assert request.is_kept
    assert request.params["period"] == "202606,202607"
    assert request.params["cmdCode"] == "847150,847180,847330"
    # without these three the API adds rows that split others
    assert [request.params[name] for name in ("partner2Code", "customsCode", "motCode")] == ["0", "C00", "0"]
    with pytest.raises(StopIteration):
        asking.send(answer(TRADE))


def test_the_version_changes_with_any_release_and_with_nothing_else(tmp_path: Path) -> None:
    def version(listing: Path) -> str | None:
        asking = ask()
        next(asking)
        return asking.send(answer(listing)).version

    first = version(MONTHS)
    assert version(changed(MONTHS, tmp_path, elapsedTime="9.99 secs")) == first
    items = json.loads(MONTHS.read_bytes())["data"]
    assert version(changed(MONTHS, tmp_path, data=items[::-1])) == first
    items[0]["lastReleased"] = "2026-11-22T01:02:03.45"
    assert version(changed(MONTHS, tmp_path, data=items)) != first


def test_a_reporter_without_months_fails_in_words(tmp_path: Path) -> None:
    asking = ask()
    next(asking)
    with pytest.raises(ValueError, match="no month of reporter 490 since 202511"):
        asking.send(answer(changed(MONTHS, tmp_path, data=[], count=0)))


@pytest.mark.parametrize("cells", [{"reporterCode": 842}, {"period": "202501"}])
def test_rows_nobody_asked_for_fail_the_fetch(tmp_path: Path, cells: dict[str, Any]) -> None:
    asking = ask()
    next(asking)
    asking.send(answer(MONTHS))
    records = json.loads(TRADE.read_bytes())["data"]
    records[3] |= cells
    with pytest.raises(ValueError, match="asked for reporter 490"):
        asking.send(answer(changed(TRADE, tmp_path, data=records)))


def test_values_keep_their_digits_and_kinds() -> None:
    data = b'{"count": 1, "data": [{"p": 202607, "v": 6804128143.0, "w": null, "is": false, "s": "N/A"}], "error": ""}'
    assert parse(data).to_pylist() == [{"p": "202607", "v": "6804128143.0", "w": None, "is": "false", "s": "N/A"}]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b'{"statusCode": 401, "message": "Access denied due to invalid subscription key."}', "no data.*Access denied"),
        (b'{"count": 0, "data": [], "error": "Too many periods"}', "the API says: Too many periods"),
        (b'{"count": 2, "data": [{"a": 1}], "error": ""}', "2 records are announced, 1 came"),
        (b'{"data": [{"a": 1}], "error": ""}', "None records are announced"),
        (b'{"count": 0, "data": [], "error": ""}', "no records"),
        (b'{"count": 2, "data": [{"a": 1}, {"b": 1}], "error": ""}', "record 2 has not the fields"),
        (b'{"count": 1, "data": [{"a": [1]}], "error": ""}', "not a single value"),
        (b'{"count": 1, "data": [1], "error": ""}', "not an object"),
        (b"[]", "no data"),
    ],
)
def test_what_is_no_answer_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(data)


def test_an_answer_as_long_as_the_cap_may_lack_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONNECTOR, "MAX_RECORDS", 12)
    with pytest.raises(ValueError, match="the cap: some may be missing"):
        parse(TRADE.read_bytes())


@pytest.mark.skipif(not REAL.is_file(), reason="the real payloads are not part of the repository")
def test_a_real_answer_has_the_contracted_fields() -> None:
    table = parse(REAL.read_bytes())
    assert table.column_names == [column.name for column in RESOURCE.columns]
    assert table.num_rows == 4
    (first, *_) = table.to_pylist()
    assert first["period"] == "2010"
    assert (first["qtyUnitCode"], first["qtyUnitAbbr"], first["qty"]) == ("-1", "N/A", None)
    assert (first["primaryValue"], first["cifvalue"]) == ("6804128143.0", "6804128143.0")
