"""Staging on a tiny raw store at two dates: what was known, which vintage counts, what cannot be placed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import load
from settings import Settings
from tests.integration.dbt import small
from tests.integration.dbt.small import rows

REPO = Path(__file__).parents[3]

EPOCH = ("epoch_data_centers", "data_center_timelines")
TWSE = ("twse_monthly_revenue", "t187ap05_l")
LITELLM = ("litellm_model_prices", "model_prices")
SKYPILOT = ("skypilot_catalog", "aws_vms")
SITE_NAMES = ("evidence", "site_names")
FINANCIALS = ("evidence", "quarterly_financials")


class Raw:
    """Writes contents into a raw store the way the loader leaves them."""

    def __init__(self, settings: Settings) -> None:
        self.con = load.connect(settings)
        load.prepare(self.con, settings)
        self.n_loads = 0

    def content(
        self,
        resource: tuple[str, str],
        rows: list[dict[str, str]],
        known_from: str,
        scope: str = "full",
        status: str = "loaded",
        own_clock: str | None = None,
    ) -> None:
        """One fetched and judged content; `own_clock` names the column with each row's known_from."""
        self.n_loads += 1
        source, name = resource
        sha256 = f"sha-{self.n_loads}"
        self._insert("fetches", source=source, resource=name, domain="construction", attempted_at=known_from,
                     outcome="fetched", sha256=sha256, url="file", known_from=known_from, vintage_kind="bundled",
                     vintage_scope=scope)  # fmt: skip
        self._insert("loads", load_id=self.n_loads, source=source, resource=name, sha256=sha256, known_from=known_from,
                     vintage_scope=scope, rows_in=len(rows), rows_loaded=len(rows) * (status == "loaded"),
                     rows_quarantined=0, status=status)  # fmt: skip
        for number, row in enumerate(rows if status == "loaded" else [], start=1):
            self._insert(f"{source}__{name}", **row, _source=source, _resource=name, _sha256=sha256, _row=number,
                         _load_id=self.n_loads, _known_from=row[own_clock] if own_clock else known_from,
                         _vintage_kind="bundled", _vintage_scope=scope)  # fmt: skip

    def failed(self, resource: tuple[str, str], attempted_at: str, error: str) -> None:
        self._insert("fetches", source=resource[0], resource=resource[1], attempted_at=attempted_at, outcome="failed",
                     error=error, vintage_kind="live")  # fmt: skip

    def _insert(self, table: str, **values: Any) -> None:
        columns = ", ".join(f'"{column}"' for column in values)
        marks = ", ".join("?" * len(values))
        self.con.execute(f'insert into raw."{table}" ({columns}) values ({marks})', list(values.values()))


def site(name: str, date: str, facility: str, it: str = "") -> dict[str, str]:
    return {"Data center": name, "Date": date, "Buildings operational": "1", "IT power (MW)": it,
            "Power (MW)": facility, "H100 equivalents": "0"}  # fmt: skip


def site_name(name: str, campus: str, known_from: str) -> dict[str, str]:
    return {"site_name": name, "campus_id": campus, "source_url": "u", "known_from": known_from}


def revenue(reported: str, period: str, amount: str) -> dict[str, str]:
    return {"出表日期": reported, "資料年月": period, "公司代號": "3661", "營業收入-當月營收": amount}


def model_price(model: str, per_token: str) -> dict[str, str]:
    return {"model": model, "litellm_provider": "p", "mode": "chat", "input_cost_per_token": per_token}


def fill(raw: Raw) -> None:
    names = [site_name("Old name", "campus-a", "2025-11-12"), site_name("New name", "campus-a", "2025-11-12")]
    raw.content(SITE_NAMES, names, "2026-06-01", own_clock="known_from")
    names.append(site_name("Newcomer", "campus-b", "2026-05-01"))
    raw.content(SITE_NAMES, names, "2026-06-02", own_clock="known_from")
    raw.content(FINANCIALS, [
        {"ticker": "AMZN", "quarter_end_date": "2025-09-30", "value_usd_m": "33000", "known_from": "2025-11-04"},
        {"ticker": "AMZN", "quarter_end_date": "2025-12-31", "value_usd_m": "35600", "known_from": "2026-02-04"},
    ], "2026-06-01", own_clock="known_from")  # fmt: skip
    raw.content(EPOCH, [site("Old name", "2026-01-01", "100")], "2025-12-13")
    raw.content(EPOCH, [site("Old name", "2026-01-01", "120"), site("Newcomer", "2026-01-01", "45")], "2026-01-03")
    raw.content(EPOCH, [site("Old name", "2026-01-01", "999")], "2026-01-02", status="rejected")
    third = [site("New name", "2026-01-01", "240", "200"), site("Newcomer", "2026-01-01", "50", "40")]
    raw.content(EPOCH, third, "2026-05-23")
    raw.content(EPOCH, [site("New name", "2026-02-01", "300", "250")], "2026-06-02", scope="partial")
    raw.failed(EPOCH, "2026-06-02 07:00:00", "no route to host")
    raw.content(TWSE, [revenue("1141210", "11411", "1000")], "2025-12-10")
    raw.content(TWSE, [revenue("114/12/15", "114/11", "1100")], "2025-12-15")
    raw.content(TWSE, [revenue("1150110", "11412", "2000")], "2026-01-10")
    raw.content(LITELLM, [model_price("kept", "1e-06"), model_price("dropped", "2e-06")], "2025-12-01")
    raw.content(LITELLM, [model_price("kept", "0.000003")], "2026-01-01", scope="partial")
    raw.content(LITELLM, [model_price("kept", "4e-06")], "2026-06-01")
    raw.content(SKYPILOT, [
        {"InstanceType": "trn2.48xlarge", "Region": "us-east-2", "Price": "", "SpotPrice": ""},
        {"InstanceType": "trn1.2xlarge", "Region": "us-east-2", "AcceleratorName": "Trainium",
         "AcceleratorCount": "1.0", "Price": "1.34375", "SpotPrice": "0.2381"},
    ], "2026-01-02")  # fmt: skip
    raw.con.close()


def build(home: Path, as_of: str) -> duckdb.DuckDBPyConnection:
    return small.build(home, as_of, "run", "--select", "staging", "--exclude", "stg_assumptions")


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    home = tmp_path_factory.mktemp("home")
    fill(Raw(Settings(home=home)))
    connections = {as_of: build(home, as_of) for as_of in ("2026-01-03", "2026-06-02")}
    yield connections
    for connection in connections.values():
        connection.close()


Builds = dict[str, duckdb.DuckDBPyConnection]


TIMELINES = """
    select campus_id, facility_capacity_mw, it_capacity_mw, vintage_date::varchar
    from staging.stg_epoch_data_centers__timelines order by all
"""


def test_the_past_sees_its_own_vintage(builds: Builds) -> None:
    assert rows(builds["2026-01-03"], TIMELINES) == [("campus-a", 120.0, None, "2026-01-03")]


def test_a_partial_vintage_replaces_only_its_campus_across_names(builds: Builds) -> None:
    assert rows(builds["2026-06-02"], TIMELINES) == [
        ("campus-a", 300.0, 250.0, "2026-06-02"),
        ("campus-b", 50.0, 40.0, "2026-05-23"),
    ]


def test_an_unknown_campus_waits_until_its_name_is_known(builds: Builds) -> None:
    query = "select value, rule, known_from::varchar from staging.stg_rejects"
    assert rows(builds["2026-01-03"], query) == [("Newcomer", "unknown_campus", "2026-01-03")]
    assert rows(builds["2026-06-02"], query) == []


def test_rejected_content_is_no_vintage(builds: Builds) -> None:
    query = "select distinct vintage_date::varchar from staging.stg_epoch_data_centers__timeline_vintages order by 1"
    assert rows(builds["2026-06-02"], query) == [("2025-12-13",), ("2026-01-03",), ("2026-05-23",), ("2026-06-02",)]


def test_evidence_rows_keep_their_own_clock(builds: Builds) -> None:
    query = "select value_usd_m from staging.stg_evidence__quarterly_financials order by 1"
    assert rows(builds["2026-01-03"], query) == [(33000.0,)]
    assert rows(builds["2026-06-02"], query) == [(33000.0,), (35600.0,)]


def test_nothing_known_later_gets_in(builds: Builds) -> None:
    tables = rows(
        builds["2026-01-03"],
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'staging' and column_name in ('known_from', 'vintage_date', 'price_date', 'report_date') "
        "and table_name <> 'stg_ingest__loads'",
    )
    assert len(tables) > 20
    for table, column in tables:
        later = rows(builds["2026-01-03"], f"select count(*) from staging.{table} where {column} >= date '2026-01-04'")
        assert later == [(0,)], table


def test_a_later_report_replaces_the_month(builds: Builds) -> None:
    query = """
        select ticker, revenue_month, revenue_twd_thousand, report_date::varchar
        from staging.stg_twse__monthly_revenue order by revenue_month
    """
    assert rows(builds["2026-01-03"], query) == [("3661", "2025-11", 1100.0, "2025-12-15")]
    assert [row[1] for row in rows(builds["2026-06-02"], query)] == ["2025-11", "2025-12"]


def test_token_prices_are_per_million_and_end_with_a_full_sheet(builds: Builds) -> None:
    query = "select model, input_usd_per_mtok from staging.stg_litellm__model_prices where is_latest order by 1"
    assert rows(builds["2026-01-03"], query) == [("dropped", 2.0), ("kept", 3.0)]
    assert rows(builds["2026-06-02"], query) == [("kept", 4.0)]


def test_an_empty_price_is_not_zero(builds: Builds) -> None:
    query = "select instance_type, on_demand_price_usd_per_hour from staging.stg_skypilot__vms order by 1"
    assert rows(builds["2026-01-03"], query) == [("trn1.2xlarge", 1.34375), ("trn2.48xlarge", None)]


def test_a_failed_fetch_is_seen_only_after_it_happened(builds: Builds) -> None:
    query = "select error from staging.stg_ingest__fetches where outcome = 'failed'"
    assert rows(builds["2026-01-03"], query) == []
    assert rows(builds["2026-06-02"], query) == [("no route to host",)]
