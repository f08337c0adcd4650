"""Chips at campuses, and chips against power, as a reader of the published file asks; and what one input row moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.conftest import dbt

pytestmark = pytest.mark.e2e

Connection = duckdb.DuckDBPyConnection


def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_trainium2_per_campus_is_the_last_count_and_never_the_sum_of_rows(published: Connection) -> None:
    of_source = "count_basis <> 'company_statement'"
    assert rows(published, f"""
        select sum(installed_chip_units_stated) from campus_chips_on('Trainium2', date '2025-12-31') where {of_source}
    """) == [(1_394_041,)]  # fmt: skip
    assert rows(published, f"""
        select sum(installed_chip_units_stated) from marts.campus_chips
        where chip_type = 'Trainium2' and observed_date <= date '2025-12-31' and {of_source}
    """) == [(1_851_241,)]  # fmt: skip


def test_campuses_stand_beside_the_volume_model(published: Connection) -> None:
    found = rows(published, "from campus_chips_against_volumes('Trainium2', '2025Q4') order by campus_id")
    assert {row[0] for row in found} == {
        *("amazon-madison-mega-site", "anthropic-amazon-new-carlisle", "aws-berwick", "aws-new-albany")
    }
    assert {row[5] for row in found} == {1_394_041}
    (gap_pct,) = {row[-1] for row in found}
    assert -50 < gap_pct < 50


def test_a_count_that_its_campus_cannot_power_is_flagged(published: Connection) -> None:
    flagged = {campus for (campus,) in rows(published, """
        select distinct campus_id from marts.campus_chips where not is_power_consistent
    """)}  # fmt: skip
    assert {"anthropic-barber-lake", "aws-new-albany"} <= flagged
    assert "anthropic-amazon-new-carlisle" not in flagged


def test_every_quarter_of_aws_says_who_waits_or_why_nobody_can(published: Connection) -> None:
    found = rows(published, """
        select quarter_start_date, binding_constraint, chips_wait_for_power_probability_share, coverage_reason
        from marts.power_chip_balance_quarterly where cloud_provider = 'AWS' order by 1
    """)  # fmt: skip
    assert len(found) == 24
    judged = [constraint is not None for _, constraint, _, _ in found]
    assert judged == sorted(judged), "no verdict before the first hall, one in every quarter after"
    assert sum(judged) >= 14
    assert all((probability is not None) == known for (_, _, probability, _), known in zip(found, judged, strict=True))
    assert all(reason for *_, reason in found)


def test_other_clouds_get_no_verdict_and_a_reason(published: Connection) -> None:
    found = rows(published, """
        select distinct cloud_provider, binding_constraint, coverage_status from marts.power_chip_balance_quarterly
        where cloud_provider <> 'AWS'
    """)  # fmt: skip
    assert ("Google Cloud", None, "unknown") in found
    assert {(constraint, status) for _, constraint, status in found} == {(None, "unknown")}


# What depends on the rows below and on nothing else that is slow to make.
BALANCE = (
    *("int_capacity__tenancies", "int_capacity__compared_campuses", "int_capacity__compared_power"),
    *("int_capacity__power_chip_balance", "power_chip_balance_quarterly"),
)
CHIPS = ("int_capacity__chip_power", "int_capacity__chip_power_check", "campus_chips")


def changed(home: Path, table: str, key: str, statement: str, models: tuple[str, ...]) -> set[tuple[Any, str]]:
    """Change rows of the warehouse, build `models` again: key and column (without quantile) of what is different."""
    warehouse = home / "warehouse" / "build.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute(f"create or replace table main.before as from {table}")
        con.execute(statement)
    done = dbt(home, "run", "--select", *models)
    assert done.returncode == 0, done.stdout[-4000:]
    with duckdb.connect(str(warehouse), read_only=True) as con:
        names = [column for column, *_ in con.execute(f"describe {table}").fetchall()]
        one, two = (rows(con, f"from {name} order by all") for name in ("main.before", table))
    return {
        (row[names.index(key)], name.removesuffix("_p05").removesuffix("_p50").removesuffix("_p95"))
        for row, other in zip(one, two, strict=True)
        for name, value, new in zip(names, row, other, strict=True)
        if value != new
    }


def test_a_withdrawn_tenancy_takes_its_campus_out_of_the_comparison_and_moves_nothing_else(copy_of: Path) -> None:
    moved = changed(
        copy_of,
        "marts.power_chip_balance_quarterly",
        "cloud_provider",
        "delete from staging.stg_evidence__tenancies where campus_id = 'aws-berwick' and lab = 'Anthropic'",
        BALANCE,
    )
    assert {cloud for cloud, _ in moved} == {"AWS"}
    columns = {column for _, column in moved}
    assert {"energised_it_capacity_mw", "gap_it_power_mw", "compared_campuses", "n_compared_campuses"} <= columns
    untouched = {"installed_chip_units", "fleet_needed_it_power_mw", "listed_energised_it_capacity_mw"}
    assert not columns & {*untouched, "other_chips_needed_it_power_mw", "energised_ratio_to_fleet_needed"}


@pytest.mark.slow
def test_watts_of_a_chip_move_the_checks_of_its_campuses_and_no_count(copy_of: Path) -> None:
    moved = changed(
        copy_of,
        "marts.campus_chips",
        "chip_type",
        "update staging.stg_assumptions set value = 1000 where parameter = 'ascend-910c_it_power_w_per_chip'",
        CHIPS,
    )
    assert moved == {
        ("Ascend 910C", column)
        for column in (
            *("it_power_w_per_chip", "campus_needed_it_power_mw", "needed_ratio_to_campus_power"),
            "is_power_consistent",
        )
    }


@pytest.mark.parametrize("mart", ["campus_chips", "power_chip_balance_quarterly"])
def test_coverage_names_what_is_not_known(published: Connection, mart: str) -> None:
    statuses = {status for (status,) in rows(published, f"""
        select distinct coverage_status from marts.coverage where mart_name = '{mart}'
    """)}  # fmt: skip
    assert {"known", "unknown"} <= statuses
