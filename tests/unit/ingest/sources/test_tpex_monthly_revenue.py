"""The over-the-counter market's monthly revenue table: marks, wrappers, and what is none of it."""

from __future__ import annotations

import json

import pytest

from ingest import contracts
from settings import REPO

SOURCE = contracts.load_source("tpex_monthly_revenue")
(RESOURCE,) = SOURCE.resources
(BUNDLED,) = contracts.bundled_files(SOURCE, RESOURCE)
REAL = REPO.parent / "shared" / "samples" / "tpex_openapi" / "mopsfin_t187ap05_O.tail.transcribed.json"


def parse(data: bytes):
    return contracts.connector(SOURCE).parse(data, RESOURCE.resource)


def test_the_bundled_file_reads() -> None:
    table = parse(BUNDLED.path.read_bytes())
    assert table.column_names == [column.name for column in RESOURCE.columns]
    assert table["公司代號"].to_pylist() == ["4979", "6223"]


def test_both_markets_publish_the_same_columns_under_the_same_rules() -> None:
    (twse,) = contracts.load_source("twse_monthly_revenue").resources
    assert [(c.name, c.type, c.required) for c in RESOURCE.columns] == [
        (c.name, c.type, c.required) for c in twse.columns
    ]
    assert RESOURCE.rejects == twse.rejects


@pytest.mark.parametrize("wrapper", ["data", "result", "rows", "msgArray"])
def test_a_mark_and_a_wrapper_change_nothing(wrapper: str) -> None:
    data = BUNDLED.path.read_bytes()
    wrapped = json.dumps({"stat": "ok", wrapper: json.loads(data)}).encode()
    assert parse(b"\xef\xbb\xbf" + data) == parse(wrapped) == parse(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"><html></html>', "web page"),
        (b"", "not JSON"),
        (b"[]", "expected an array"),
        (b"[1]", "expected an array"),
        (b'"busy"', "expected an array"),
        (b'{"error": "busy"}', "wraps no table"),
        (b'{"data": [{}], "rows": [{}]}', "wraps no table"),
        (b'[{"a": "1"}, {"a": "1", "b": "2"}]', "record 2"),
        (b'[{"a": true}]', "neither text nor a number"),
        ('[{"a": "旺矽"}]'.encode("cp950"), "not UTF-8"),
        (b'[{"a": "1"}', "not JSON"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(data)


@pytest.mark.skipif(not REAL.is_file(), reason="the real payloads are not part of the repository")
def test_the_real_records_are_read_as_they_are() -> None:
    assert parse(REAL.read_bytes()).to_pylist() == json.loads(REAL.read_bytes())
