"""serve/macros/chips.sql on a published file in miniature: two campuses, counts that replace each other."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

REPO = Path(__file__).parents[4]


@pytest.fixture
def published() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(
        """create table marts.campus_chips as
        select *, chips as installed_chip_units_stated, 0.8 * chips as installed_chip_units_p05,
            chips as installed_chip_units_p50, 1.25 * chips as installed_chip_units_p95,
            'source_estimate' as count_basis, true as is_power_consistent
        from (values
            ('a', 'Trainium2', date '2025-06-01', date '2025-10-01', 100.0),
            ('a', 'Trainium2', date '2025-10-01', date '2026-01-01', 300.0),
            ('a', 'Trainium2', date '2026-01-01', null, 900.0),
            ('b', 'Trainium2', date '2025-12-31', null, 50.0),
            ('b', 'B200', date '2025-06-01', null, 7000.0))
            as t (campus_id, chip_type, observed_date, replaced_date, chips)"""
    )
    con.execute(
        """create table marts.trainium_volumes_quarterly as
        select 'generation' as sku_level, *, 400.0 as installed_chip_units_cumulative_p50,
            280.0 as installed_chip_units_cumulative_p05, 500.0 as installed_chip_units_cumulative_p95
        from (values ('Trainium2', '2025Q4', date '2025-10-01'), ('Trainium3', '2025Q4', date '2025-10-01'))
            as t (generation, calendar_quarter, quarter_start_date)"""
    )
    con.execute((REPO / "serve/macros/chips.sql").read_text(encoding="utf-8"))
    return con


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 5, 31), []),
        (date(2025, 9, 30), [("a", 100)]),
        (date(2025, 10, 1), [("a", 300)]),
        (date(2026, 1, 1), [("a", 900), ("b", 50)]),
    ],
)
def test_a_day_has_the_last_count_of_each_campus_and_never_a_sum(published, day, expected):
    found = published.execute(
        "select campus_id, installed_chip_units_p50 from campus_chips_on('Trainium2', ?) order by 1", [day]
    ).fetchall()
    assert found == expected


def test_campuses_stand_beside_the_volumes_of_the_quarters_last_day(published):
    found = published.execute(
        """select campus_id, all_campuses_chip_units, installed_chip_units_cumulative_p50, gap_pct
        from campus_chips_against_volumes('Trainium2', '2025Q4') order by 1"""
    ).fetchall()
    assert found == [("a", 350, 400, pytest.approx(-12.5)), ("b", 350, 400, pytest.approx(-12.5))]
    assert published.execute("from campus_chips_against_volumes('Trainium3', '2025Q4')").fetchall() == []
