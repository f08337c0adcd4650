"""The exchange's monthly revenue table over HTTP, to raw: files that grow, two formats, bad days."""

from __future__ import annotations

import csv
import io
import json

import pytest

from settings import REPO

PATH = "/v1/opendata/t187ap05_L"
HEADER = [
    "出表日期", "資料年月", "公司代號", "公司名稱", "產業別", "營業收入-當月營收", "營業收入-上月營收",
    "營業收入-去年當月營收", "營業收入-上月比較增減(%)", "營業收入-去年同月增減(%)", "累計營業收入-當月累計營收",
    "累計營業收入-去年累計營收", "累計營業收入-前期比較增減(%)", "備註",
]  # fmt: skip
REAL = REPO.parent / "shared" / "samples" / "twse_openapi" / "t187ap05_L.csv"
LIVE = "select 公司代號, \"營業收入-當月營收\", 出表日期 from raw.twse_monthly_revenue__t187ap05_l"


def company(code: str, revenue: str, printed: str = "1151005", period: str = "11509", **cells: str) -> dict[str, str]:
    return dict.fromkeys(HEADER, "") | {
        "出表日期": printed, "資料年月": period, "公司代號": code, "營業收入-當月營收": revenue, "備註": "-",
    } | cells  # fmt: skip


def as_csv(*companies: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(companies)
    return out.getvalue().encode("utf-8-sig")


def route(body: bytes, **facts: object) -> list[dict[str, object]]:
    return [{"path": PATH, "body": body, "media_type": "text/csv"} | facts]


def live(feed) -> list[tuple[str, str, str]]:
    return sorted(feed.rows(f"{LIVE} where _vintage_kind = 'live'"))


def test_a_file_that_grows_and_is_corrected_is_kept_day_by_day(play) -> None:
    first = play("twse_monthly_revenue", route(as_csv(company("3661", "8000000"))))
    first.fetch()
    first.load()
    later = [company("3661", "8100000", "1151012"), company("2883", "-12635850", "1151012")]
    second = play("twse_monthly_revenue", route(as_csv(*later)))
    second.fetch()
    (report,) = second.load()
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("loaded", 2, 2)
    assert live(second) == [
        ("2883", "-12635850", "1151012"), ("3661", "8000000", "1151005"), ("3661", "8100000", "1151012"),
    ]  # fmt: skip


def test_the_few_first_filers_of_a_new_month_are_not_taken_for_a_loss(play) -> None:
    august = [company(str(code), "500000", "1150912", "11508") for code in range(1101, 1201)]
    feed = play("twse_monthly_revenue", route(as_csv(*august)))
    feed.fetch()
    feed.load()
    feed = play("twse_monthly_revenue", route(as_csv(company("2330", "420000000", "1151003"))))
    feed.fetch()
    (report,) = feed.load()
    assert report["status"] == "loaded", report["reason"]


def test_json_serves_as_well(play) -> None:
    body = json.dumps([company("3661", "8000000")], ensure_ascii=False).encode()
    feed = play("twse_monthly_revenue", route(b"\xef\xbb\xbf" + body, media_type="application/json"))
    feed.fetch()
    feed.load()
    assert live(feed) == [("3661", "8000000", "1151005")]
    assert feed.requests[-1][2]["Accept"] == "text/csv"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><html><body>maintenance</body></html>", "a web page came"),
        (b"", "the answer is empty"),
        (as_csv(company("2330", "1")).replace("公司代號".encode(), "代號".encode()), "missing_column:公司代號"),
        (as_csv(company("2330", "1"), company("2330", "2")), "duplicate_key"),
        (as_csv(company("2330", "1", "2026/10/05")), "too_few_rows"),
        (as_csv(company("2330", "1", period="202609")), "too_few_rows"),
    ],
)
def test_what_is_no_table_is_rejected_and_the_good_rows_stay(play, body: bytes, said: str) -> None:
    feed = play("twse_monthly_revenue", route(as_csv(company("3661", "8000000"))))
    feed.fetch()
    feed.load()
    feed = play("twse_monthly_revenue", route(body))
    feed.fetch()
    (report,) = feed.load()
    assert report["status"] == "rejected"
    assert said in report["reason"]
    assert live(feed) == [("3661", "8000000", "1151005")]


def test_bad_rows_are_set_aside_and_the_others_load(play) -> None:
    rows = [
        company("3661", "8000000", **{"營業收入-去年同月增減(%)": "", "備註": "含海外,49,544千元"}),
        company("2330", "1,234"),
        company("2317", ""),
        company("台股", "5"),
        company("2382", "5", period="11510"),
    ]
    feed = play("twse_monthly_revenue", route(as_csv(*rows)))
    feed.fetch()
    report = feed.load()[-1]
    assert (report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (5, 1, 4)
    assert sorted(feed.rows("select rule from raw.quarantine")) == [
        ("company_code_format",), ("not_null:營業收入-當月營收",), ("period_not_over",), ("type:營業收入-當月營收",),
    ]  # fmt: skip


@pytest.mark.skipif(not REAL.is_file(), reason="the real payloads are not part of the repository")
def test_every_row_of_the_real_file_is_accounted_for(play) -> None:
    feed = play("twse_monthly_revenue", [{"path": PATH, "file": str(REAL), "media_type": "text/csv"}])
    feed.fetch()
    report = feed.load()[-1]
    assert (report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (1048, 1048, 0)
    assert feed.rows(
        "select count(*), count(*) filter (where \"營業收入-當月營收\" like '-%'), "
        "count(*) filter (where \"營業收入-上月比較增減(%)\" is null) "
        "from raw.twse_monthly_revenue__t187ap05_l where _vintage_kind = 'live'"
    ) == [(1048, 2, 3)]
