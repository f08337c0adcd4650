"""The exchange's monthly revenue table: CSV or JSON, marks and slashes, losses, empty cells, remarks, web pages."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ingest import contracts
from settings import REPO

SOURCE = contracts.load_source("twse_monthly_revenue")
(RESOURCE,) = SOURCE.resources
HEADER = [column.name for column in RESOURCE.columns]
REAL = REPO.parent / "shared" / "samples" / "twse_openapi" / "t187ap05_L.csv"


def parse(data: bytes):
    return contracts.connector(SOURCE).parse(data, RESOURCE.resource)


def company(**cells: str) -> list[str]:
    base = dict.fromkeys(HEADER, "") | {
        "出表日期": "1140816", "資料年月": "11407", "公司代號": "2330", "營業收入-當月營收": "323165707", "備註": "-",
    }  # fmt: skip
    return list((base | cells).values())


def as_csv(*rows: list[str], bom: bool = True) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([HEADER, *rows])
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def as_json(*rows: list[str]) -> bytes:
    return json.dumps([dict(zip(HEADER, row, strict=True)) for row in rows], ensure_ascii=False).encode()


@pytest.mark.parametrize("file", contracts.bundled_files(SOURCE, RESOURCE), ids=lambda file: file.path.parent.name)
def test_the_bundled_files_read_row_for_row(file) -> None:
    table = parse(file.path.read_bytes())
    assert table.column_names == HEADER
    assert table.num_rows == len(file.path.read_text(encoding="utf-8-sig").splitlines()) - 1


def test_csv_and_json_give_the_same_table_with_and_without_a_mark() -> None:
    rows = [company(), company(公司代號="2883", **{"營業收入-當月營收": "-12635850"})]
    assert parse(as_csv(*rows)) == parse(as_csv(*rows, bom=False)) == parse(as_json(*rows))
    assert parse(b"\xef\xbb\xbf" + as_json(*rows)) == parse(as_json(*rows))
    assert parse(as_csv(*rows))["營業收入-當月營收"].to_pylist() == ["323165707", "-12635850"]


def test_cells_stay_as_written() -> None:
    row = company(公司代號="0050", 出表日期="113/02/07", 備註="出貨增加,含49,544千元\n第二行", 公司名稱='某"公司*-KY')
    (record,) = parse(as_csv(row)).to_pylist()
    assert list(record.values()) == row


def test_numbers_in_json_keep_their_digits() -> None:
    text = as_json(company()).replace(b'"323165707"', b"323165707").replace(b'"-"', b"null")
    (record,) = parse(text).to_pylist()
    assert (record["營業收入-當月營收"], record["備註"]) == ("323165707", None)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">', "web page"),
        (b"\xef\xbb\xbf\n<html>", "web page"),
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("公司代號".encode("cp950"), "not UTF-8"),
        (as_csv(), "no rows"),
        (b"[]", "no rows"),
        (b'{"stat": "error"}', "expected a JSON array"),
        (b'[{"a": "1"}, {"b": "1"}]', "record 2"),
        (b'[{"a": ["1"]}]', "neither text nor a number"),
        (b'[{"a": NaN}]', "neither text nor a number"),
        (as_csv(company())[:-30] + b'"\r\n', "cells"),
        (as_csv(company())[:-4], "as CSV"),
        (as_json(company())[:-20], "as JSON"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(data)


def test_a_column_that_is_there_twice_reaches_the_loader() -> None:
    names = parse(b"a,a\r\n1,2\r\n").column_names
    assert names == ["a", "a"]


@pytest.mark.skipif(not REAL.is_file(), reason="the real payloads are not part of the repository")
def test_every_row_of_the_real_file_is_read() -> None:
    table = parse(REAL.read_bytes())
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        assert table.to_pylist() == list(csv.DictReader(file))
    assert table.num_rows == 1048
    assert sum(remark != "-" and "," in remark for remark in table["備註"].to_pylist()) == 21
    assert min(int(amount) for amount in table["營業收入-當月營收"].to_pylist()) < 0
