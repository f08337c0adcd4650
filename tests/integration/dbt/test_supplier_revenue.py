"""From the bytes of both markets' tables to suppliers' revenue: versions, who wins, unannounced corrections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from ingest import load
from ingest.archive import Archive, Fetch
from settings import Settings
from tests.integration.dbt import small
from tests.integration.dbt.small import rows

REPO = Path(__file__).parents[3]
TWSE, TPEX = ("twse_monthly_revenue", "t187ap05_l"), ("tpex_monthly_revenue", "t187ap05_o")
HEADER = [
    "出表日期", "資料年月", "公司代號", "公司名稱", "產業別", "營業收入-當月營收", "營業收入-上月營收",
    "營業收入-去年當月營收", "營業收入-上月比較增減(%)", "營業收入-去年同月增減(%)", "累計營業收入-當月累計營收",
    "累計營業收入-去年累計營收", "累計營業收入-前期比較增減(%)", "備註",
]  # fmt: skip
PROVENANCE = {
    "source_url": "u", "publisher": "p", "published_date": "2025-01-01", "known_from": "2025-01-01",
    "known_from_basis": "published", "basis_class": "sourced", "root_id": "r",
}  # fmt: skip


def report(printed: str, period: str, ticker: str, now: str, before: str = "", year_ago: str = "") -> dict[str, str]:
    cells = [printed, period, ticker, "公司", "半導體業", now, before, year_ago, "", "", "", "", "", "-"]
    return dict(zip(HEADER, cells, strict=True))


class Past:
    """A raw store filled through the archive and the loader, content by content, each with its day."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.archive = settings, Archive(settings.archive_dir)

    def had(self, resource: tuple[str, str], day: str, rows: list[dict[str, str]], kind: str = "live") -> None:
        source, name = resource
        data = json.dumps(rows, ensure_ascii=False).encode()
        sha256, size = self.archive.put(source, name, [data])
        moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
        self.archive.record(
            Fetch(source=source, resource=name, url="u", attempted_at=moment, outcome="fetched", sha256=sha256,
                  bytes=size, known_from=moment, known_from_basis="test", vintage_kind=kind)
        )  # fmt: skip

    def load(self, suppliers: list[str]) -> None:
        with load.connect(self.settings) as con:
            load.prepare(con, self.settings)
            for source, _ in (TWSE, TPEX):
                for done in load.load_source(con, self.settings, source, "shipments"):
                    assert (done["status"], done["rows_quarantined"]) == ("loaded", 0), done
            con.execute(
                "INSERT INTO raw.fetches BY NAME SELECT 'evidence' AS source, 'suppliers' AS resource, '' AS part, "
                "TIMESTAMP '2025-01-01' AS attempted_at, 'fetched' AS outcome, 's' AS sha256, 'full' AS vintage_scope, "
                "TIMESTAMP '2025-01-01' AS known_from"
            )
            con.execute(
                "INSERT INTO raw.loads BY NAME SELECT 'evidence' AS source, 'suppliers' AS resource, '' AS part, "
                "'s' AS sha256, 'loaded' AS status, 1000 AS load_id"
            )
            for ticker in suppliers:
                row = PROVENANCE | {"ticker": ticker, "_sha256": "s", "_part": "", "_known_from": "2025-01-01"}
                columns, marks = ", ".join(row), ", ".join("?" * len(row))
                con.execute(f"INSERT INTO raw.evidence__suppliers ({columns}) VALUES ({marks})", list(row.values()))


def fill(settings: Settings) -> None:
    past = Past(settings)
    # July is first reported low, and corrected on the 15th; the reprint between says nothing new.
    past.had(TWSE, "2026-08-10", [report("1150810", "11507", "3661", "7000000"),
                                  report("1150810", "11507", "1101", "500000")])  # fmt: skip
    past.had(TWSE, "2026-08-11", [report("1150811", "11507", "3661", "7000000"),
                                  report("1150811", "11507", "1101", "500000"),
                                  report("1150811", "11507", "2883", "-12635850")])  # fmt: skip
    past.had(TWSE, "2026-08-15", [report("1150815", "11507", "3661", "7400000")])
    # August's report says 7.43 for July: a correction nobody announced. A year later it is 7.5.
    past.had(TWSE, "2026-09-10", [report("1150910", "11508", "3661", "8780000", before="7430000")])
    past.had(TWSE, "2027-08-10", [report("1160810", "11607", "3661", "9000000", before="0", year_ago="7500000")])
    # A file rebuilt from collected figures fills several cells from one figure.
    past.had(TWSE, "2026-05-10", [report("1150510", "11504", "2330", "410725118", before="415191699")], "reconstructed")
    past.had(TWSE, "2026-04-10", [report("1150410", "11503", "2330", "415000000")], "reconstructed")
    # Over the counter; then the company moves to the exchange, which states its last month there.
    past.had(TPEX, "2026-08-10", [report("1150811", "11507", "6223", "-1000"), report("1150811", "11507", "4979", "0")])
    past.had(TWSE, "2026-09-09", [report("1150909", "11508", "6223", "900000", before="-1500"),
                                  report("1150909", "11508", "4979", "5", before="10")])  # fmt: skip
    past.load(["3661", "2330", "6223", "4979 / 4977"])


def build(home: Path, as_of: str) -> duckdb.DuckDBPyConnection:
    return small.build(home, as_of, "build", "--exclude-resource-type", "unit_test", "--select",
                       "+int_supplier_revenue__claims", "+int_supplier_revenue__revisions")


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    home = tmp_path_factory.mktemp("home")
    fill(Settings(home=home))
    connections = {as_of: build(home, as_of) for as_of in ("2026-08-12", "2027-08-31")}
    yield connections
    for connection in connections.values():
        connection.close()


Builds = dict[str, duckdb.DuckDBPyConnection]


REVISIONS = """
    select stated_in, exchange, revenue_month, first_revenue_twd_thousand, restated_revenue_twd_thousand,
           revision_twd_thousand, revision_pct, reported_from::varchar, known_from::varchar
    from intermediate.int_supplier_revenue__revisions where ticker = '{}' order by known_from, revenue_month
"""


def test_a_report_is_kept_each_time_an_amount_changes(builds: Builds) -> None:
    query = """
        select report_date::varchar, revenue_twd_thousand, is_latest from staging.stg_twse__monthly_revenue_reports
        where ticker = '3661' and revenue_month = '2026-07' order by 1
    """
    assert rows(builds["2026-08-12"], query) == [("2026-08-10", 7000000, True)]
    assert rows(builds["2027-08-31"], query) == [("2026-08-10", 7000000, False), ("2026-08-15", 7400000, True)]


def test_later_columns_give_corrections_away(builds: Builds) -> None:
    july = ("2026-07", 7000000.0)
    assert rows(builds["2027-08-31"], REVISIONS.format("3661")) == [
        ("own_month", "TWSE", *july, 7400000.0, 400000.0, 5.714, "2026-08-10", "2026-08-15"),
        ("next_month", "TWSE", *july, 7430000.0, 430000.0, 6.143, "2026-08-10", "2026-09-10"),
        ("next_year", "TWSE", *july, 7500000.0, 500000.0, 7.143, "2026-08-10", "2027-08-10"),
    ]


def test_a_correction_is_not_known_before_it_is_stated(builds: Builds) -> None:
    assert rows(builds["2026-08-12"], REVISIONS.format("3661")) == []


def test_a_company_that_changes_markets_keeps_its_history_and_its_sign(builds: Builds) -> None:
    assert rows(builds["2027-08-31"], REVISIONS.format("6223")) == [
        ("next_month", "TWSE", "2026-07", -1000.0, -1500.0, -500.0, -50.0, "2026-08-10", "2026-09-09")
    ]


def test_a_change_from_nothing_has_no_percentage(builds: Builds) -> None:
    assert rows(builds["2027-08-31"], REVISIONS.format("4979")) == [
        ("next_month", "TWSE", "2026-07", 0.0, 10.0, 10.0, None, "2026-08-10", "2026-09-09")
    ]


def test_a_rebuilt_file_says_nothing_of_other_months(builds: Builds) -> None:
    assert rows(builds["2027-08-31"], REVISIONS.format("2330")) == []


def test_both_markets_feed_the_claims_and_only_followed_companies_get_in(builds: Builds) -> None:
    query = """
        select ticker, source, root_id, revenue_twd_thousand, claim_rank from intermediate.int_supplier_revenue__claims
        where revenue_month = '2026-07' order by 1
    """
    assert rows(builds["2027-08-31"], query) == [
        ("3661", "twse_monthly_revenue", "twse", 7400000.0, 1),
        ("4979", "tpex_monthly_revenue", "tpex", 0.0, 1),
        ("6223", "tpex_monthly_revenue", "tpex", -1000.0, 1),
    ]
    others = "select ticker from staging.stg_twse__monthly_revenue where ticker in ('1101', '2883') order by 1"
    assert rows(builds["2027-08-31"], others) == [("1101",), ("2883",)]
