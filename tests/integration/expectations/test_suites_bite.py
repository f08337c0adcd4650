"""The suites of the house on planted mistakes: the right row passes, the wrong one stops the line and says why."""

from __future__ import annotations

import shutil
from datetime import date
from typing import Any

import duckdb
import pytest

import expectations.validate
from expectations.validate import SUITES, ValidationFailed, validate

Row = dict[str, Any]
PROVENANCE: Row = {
    "basis_class": "sourced",
    "source_url": "https://example.org",
    "known_from": date(2026, 8, 1),
    "published_date": date(2026, 8, 1),
}
PRICE: Row = PROVENANCE | {
    "accelerator_id": "h100-sxm",
    "purchase_model": "on_demand",
    "price_basis": "list",
    "quality_flag": None,
    "price_usd_per_accelerator_hour": 3.9,
    "price_usd_per_hour": 31.2,
    "accelerator_count": 8.0,
    "price_date": date(2026, 8, 1),
}
REVENUE: Row = PROVENANCE | {
    "ticker": "AMZN",
    "metric": "AWS segment revenue",
    "value_usd_m": 42_200.0,
    "quarter_end_date": date(2026, 6, 30),
}
STEP: Row = {
    "campus_id": "anthropic-amazon-new-carlisle",
    "it_capacity_mw": 910.0,
    "facility_capacity_mw": 1092.0,
    "is_projection": False,
    "observed_date": date(2026, 6, 30),
    "vintage_date": date(2026, 9, 24),
    "buildings_operational": 16,
}
TENANCY: Row = PROVENANCE | {
    "lab": "Anthropic",
    "campus_id": "colossus-1",
    "cloud_provider": "SpaceXAI",
    "share_low": 0.2,
    "share_high": 0.5,
    "workload": "inference",
    "workload_source_url": "https://example.com/workload",
    "valid_from": date(2026, 5, 6),
    "valid_to": date(2027, 12, 31),
}


def capacity(level: str, lab: str, cloud: str, mean: float, **other: Any) -> list[Row]:
    """Rows of marts.lab_capacity_quarterly for all 24 quarters."""
    rows = []
    for year in range(2023, 2029):
        for quarter in range(1, 5):
            row: Row = {
                "level": level,
                "lab": lab,
                "cloud_provider": cloud,
                "is_unassigned": lab == "Unassigned",
                "calendar_quarter": f"{year}Q{quarter}",
                "quarter_start_date": date(year, 3 * quarter - 2, 1),
                "value_kind": "estimated",
                "n_sources": 2,
                "n_independent_roots": 1,
                "as_of_date": date(2026, 11, 22),
            }
            # Of one lab a total is published; it lies above what is tracked.
            beyond = (
                {"untracked_it": 0.5, "total_it": 1.5}
                if lab == "Anthropic"
                else {"untracked_it": None, "total_it": None}
            )
            stages = {"it": 1.0, "facility": 1.2, "energised_it": 1.1, "under_construction_it": 0.3, "planned_it": 2.0}
            for power, factor in (stages | beyond).items():
                for statistic, share in (("p05", 0.8), ("p50", 1.0), ("p95", 1.2), ("mean", 1.0)):
                    row[f"{power}_capacity_mw_{statistic}"] = None if factor is None else mean * factor * share
            rows.append(row | other)
    return rows


LABS = [
    *capacity("lab_cloud", "Anthropic", "AWS", 600.0),
    *capacity("lab_cloud", "Unassigned", "AWS", 400.0),
    *capacity("lab", "Anthropic", "all", 600.0),
    *capacity("lab", "Unassigned", "all", 400.0),
    *capacity("total", "all", "all", 1000.0),
]
LAB_MART = ("marts", "marts.lab_capacity_quarterly")


def check(home: Any, stage: str, table: str, rows: list[Row]) -> None:
    """Validate `rows` as the only content of `table` with the suite of the house."""
    schema, _, name = table.partition(".")
    shutil.copy(SUITES / stage / f"{name}.yml", home / "suites" / stage)
    types = {bool: "boolean", int: "bigint", float: "double", str: "varchar", date: "date", type(None): "varchar"}
    with duckdb.connect(str(home / "warehouse" / "build.duckdb")) as con:
        columns = ", ".join(f'"{column}" {types[type(value)]}' for column, value in rows[0].items())
        con.execute(f"create schema {schema}; create table {table} ({columns})")
        con.executemany(
            f"insert into {table} values ({', '.join('?' * len(rows[0]))})", [list(r.values()) for r in rows]
        )
    validate(stage, home)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(expectations.validate, "SUITES", tmp_path / "suites")
    for folder in ("warehouse", "suites/staging", "suites/marts"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("stage", "table", "rows"),
    [
        ("staging", "staging.stg_evidence__cloud_prices", [PRICE]),
        ("staging", "staging.stg_evidence__quarterly_financials", [REVENUE]),
        ("staging", "staging.stg_epoch_data_centers__timelines", [STEP]),
        ("staging", "staging.stg_evidence__tenancies", [TENANCY]),
        (*LAB_MART, LABS),
    ],
)
def test_what_is_true_passes(home, stage, table, rows):
    check(home, stage, table, rows)


@pytest.mark.parametrize(
    ("table", "right", "wrong", "reason"),
    [
        # a price in yen; a whole node as one accelerator; a price known before it was listed
        (
            "stg_evidence__cloud_prices",
            PRICE,
            {"price_usd_per_accelerator_hour": 590.0},
            "another currency or a whole node",
        ),
        ("stg_evidence__cloud_prices", PRICE, {"price_usd_per_accelerator_hour": 31.2}, "between 1 and 20 USD an hour"),
        ("stg_evidence__cloud_prices", PRICE, {"price_date": date(2026, 8, 2)}, "not before"),
        # thousands for millions; a quarter reported before it ended; a figure known before its publication
        (
            "stg_evidence__quarterly_financials",
            REVENUE,
            {"value_usd_m": 42_200_000.0},
            "10 and 100 billion USD a quarter",
        ),
        (
            "stg_evidence__quarterly_financials",
            REVENUE,
            {"quarter_end_date": date(2026, 9, 30)},
            "reported after it has ended",
        ),
        ("stg_evidence__quarterly_financials", REVENUE, {"known_from": date(2026, 7, 31)}, "before it is published"),
        # kW for MW; IT and facility swapped; a negative step; an observation from the future
        ("stg_epoch_data_centers__timelines", STEP, {"facility_capacity_mw": 1_092_000.0}, "beyond any plan"),
        (
            "stg_epoch_data_centers__timelines",
            STEP,
            {"it_capacity_mw": 1092.0, "facility_capacity_mw": 910.0},
            "than it draws",
        ),
        ("stg_epoch_data_centers__timelines", STEP, {"it_capacity_mw": -5.0}, "5 GW of IT power"),
        ("stg_epoch_data_centers__timelines", STEP, {"observed_date": date(2027, 6, 30)}, "is a projection"),
        # today's tenant carried back in time; a share in percent
        ("stg_evidence__tenancies", TENANCY, {"valid_from": date(2024, 9, 1)}, "announced in May 2026"),
        ("stg_evidence__tenancies", TENANCY, {"share_high": 50.0}, "between 0 and 1"),
        ("stg_evidence__tenancies", TENANCY, {"workload_source_url": None}, "nobody's guess"),
    ],
)
def test_a_planted_mistake_stops_the_line(home, table, right, wrong, reason):
    with pytest.raises(ValidationFailed) as failure:
        check(home, "staging", f"staging.{table}", [right | wrong])
    assert reason in str(failure.value)
    assert f"staging.{table}" in str(failure.value)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        # a shared campus counted for both of its labs
        ([*LABS, *capacity("lab", "OpenAI", "all", 300.0)], "not counted twice"),
        (LABS[1:], "without a hole"),
        ([*LABS[:-1], LABS[-1] | {"it_capacity_mw_p05": 1300.0}], "quantiles of one distribution are ordered"),
        ([*LABS[:-1], LABS[-1] | {"it_capacity_mw_p05": 1000.0}], "its interval has a width"),
        # a residual that makes up for too much tracked; one lost on the way to the total; one that would count twice
        ([LABS[0] | {"untracked_it_capacity_mw_p05": -1.0}, *LABS[1:]], "never negative"),
        ([LABS[0] | {"total_it_capacity_mw_mean": 600.0}, *LABS[1:]], "make up the total"),
        ([*LABS[:-1], LABS[-1] | {"untracked_it_capacity_mw_mean": 300.0}], "no level adds both"),
        ([*LABS[:-1], LABS[-1] | {"as_of_date": date(2026, 11, 23)}], "up to one day"),
        ([*LABS[:-1], LABS[-1] | {"n_independent_roots": 3}], "more origins than sources"),
    ],
)
def test_a_mart_that_contradicts_itself_stops_the_line(home, rows, reason):
    with pytest.raises(ValidationFailed, match=reason):
        check(home, *LAB_MART, rows)
