"""The over-the-counter market's monthly revenue table over HTTP, to raw."""

from __future__ import annotations

import json

import pytest

from ingest import contracts
from settings import REPO

PATH = "/openapi/v1/mopsfin_t187ap05_O"
(BUNDLED,) = contracts.bundled_files(
    contracts.load_source("tpex_monthly_revenue"), contracts.load_source("tpex_monthly_revenue").resources[0]
)
REAL = REPO.parent / "shared" / "samples" / "tpex_openapi" / "mopsfin_t187ap05_O.tail.transcribed.json"


def records(**cells: str) -> list[dict[str, str]]:
    return [record | cells for record in json.loads(BUNDLED.path.read_bytes())]


def route(document: object, mark: bytes = b"") -> list[dict[str, object]]:
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return [{"path": PATH, "body": mark + body, "media_type": "application/json"}]


def test_a_marked_and_wrapped_table_loads(play) -> None:
    document = {"data": records(出表日期="112/02/10", 資料年月="112/01")}
    feed = play("tpex_monthly_revenue", route(document, mark=b"\xef\xbb\xbf"))
    feed.fetch()
    report = feed.load()[-1]
    assert (report["status"], report["rows_loaded"]) == ("loaded", 2)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>', "a web page came"),
        ([], "expected an array"),
        # some tables of this market print Gregorian dates
        (records(出表日期="2023/02/10"), "too_few_rows"),
        (records(資料年月="202301"), "too_few_rows"),
        ([{"代號": "6223"}], "missing_column"),
    ],
)
def test_what_is_not_the_table_is_rejected_and_the_good_rows_stay(play, document: object, said: str) -> None:
    feed = play("tpex_monthly_revenue", route(document))
    feed.fetch()
    *_, report = feed.load()
    assert report["status"] == "rejected"
    assert said in report["reason"]
    assert feed.rows("select count(*) from raw.tpex_monthly_revenue__t187ap05_o") == [(2,)]


def test_the_path_of_the_other_market_is_not_asked(play) -> None:
    feed = play("tpex_monthly_revenue")
    feed.fetch()
    assert [path for _, path, _, _ in feed.requests] == [PATH]
    assert feed.source.base_url == "https://www.tpex.org.tw"


@pytest.mark.skipif(not REAL.is_file(), reason="the real payloads are not part of the repository")
def test_the_real_records_load_whole(play) -> None:
    feed = play("tpex_monthly_revenue", [{"path": PATH, "file": str(REAL)}])
    feed.fetch()
    report = feed.load()[-1]
    assert (report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (5, 5, 0)
