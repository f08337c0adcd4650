"""serve/macros/capacity.sql on a published file in miniature: three draws, one lab on two clouds."""

from pathlib import Path

import duckdb
import pytest

REPO = Path(__file__).parents[4]


@pytest.fixture
def published() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute("create schema draws")
    con.execute(
        """create table marts.lab_capacity_quarterly as
        select * from (values ('lab', 'X', 'all'), ('lab_cloud', 'X', 'c1'), ('lab_cloud', 'X', 'c2'))
            as t (level, lab, cloud_provider)
        cross join (values ('2026Q1', date '2026-01-01'), ('2026Q2', date '2026-04-01'))
            as q (calendar_quarter, quarter_start_date)"""
    )
    # In 2026Q1 nothing runs: no rows, as the engine leaves out what is zero in every draw.
    con.execute(
        """create table draws.lab_capacity_quarterly as
        select 'X' as lab, cloud_provider, date '2026-04-01' as quarter_start_date, draw_id, mw as it_capacity_mw,
            1.2 * mw as facility_capacity_mw
        from (values ('c1', 0, 10.0), ('c1', 1, 20.0), ('c1', 2, 30.0),
            ('c2', 0, 30.0), ('c2', 1, 20.0), ('c2', 2, 10.0))
            as t (cloud_provider, draw_id, mw)"""
    )
    con.execute((REPO / "serve/macros/capacity.sql").read_text())
    return con


def test_the_interval_is_that_of_the_sum_over_clouds(published):
    row = published.execute("from lab_capacity('X', '2026Q2')").fetchone()
    assert row == ("X", "2026Q2", 40, 40, 40, 48, 48, 48), "opposite draws cancel; adding p95s would give 58"


def test_a_quarter_without_draws_is_zero_and_an_unknown_lab_is_no_row(published):
    assert published.execute("select it_capacity_mw_p95 from lab_capacity('X', '2026Q1')").fetchone() == (0,)
    assert published.execute("from lab_capacity('Y', '2026Q2')").fetchall() == []
    assert published.execute("from lab_capacity_growth('X', '2020Q1', '2026Q2')").fetchall() == []


def test_growth_is_taken_draw_by_draw(published):
    row = published.execute("from lab_capacity_growth('X', '2026Q1', '2026Q2')").fetchone()
    assert row == ("X", "2026Q1", "2026Q2", 40, 40, 40, 1)
