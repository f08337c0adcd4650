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
    # A total of the lab is known in 2026Q2 only.
    con.execute(
        """create table marts.lab_capacity_quarterly as
        select *, case when calendar_quarter = '2026Q2' then 15.0 end as untracked_it_capacity_mw_mean
        from (values ('lab', 'X', 'all'), ('lab_cloud', 'X', 'c1'), ('lab_cloud', 'X', 'c2'))
            as t (level, lab, cloud_provider)
        cross join (values ('2026Q1', date '2026-01-01'), ('2026Q2', date '2026-04-01'))
            as q (calendar_quarter, quarter_start_date)"""
    )
    # In 2026Q1 nothing runs: no rows, as the engine leaves out what is zero in every draw.
    con.execute(
        """create table draws.lab_capacity_quarterly as
        select 'X' as lab, cloud_provider, date '2026-04-01' as quarter_start_date, draw_id, mw as it_capacity_mw,
            1.2 * mw as facility_capacity_mw, mw + 5.0 as energised_it_capacity_mw,
            30.0 as under_construction_it_capacity_mw, 20.0 as planned_it_capacity_mw,
            case cloud_provider when 'c1' then 15.0 end as untracked_it_capacity_mw
        from (values ('c1', 0, 10.0), ('c1', 1, 20.0), ('c1', 2, 30.0),
            ('c2', 0, 30.0), ('c2', 1, 20.0), ('c2', 2, 10.0))
            as t (cloud_provider, draw_id, mw)"""
    )
    con.execute(
        """create table marts.campus_tenancies as
        select *, 'name' as campus_name, 'cloud' as cloud_provider, 'likely' as confidence, 0.6 as share_low,
            0.9 as share_high, lab = 'Unassigned' as is_unassigned
        from (values ('X', 'p', null, date '2025-12-31'), ('X', 'q', date '2025-06-01', null),
            ('Y', 'p', date '2026-01-01', null))
            as t (lab, campus_id, valid_from, valid_to)"""
    )
    con.execute(
        """create table marts.campus_capacity_steps as
        select * from (values ('p', date '2025-01-01', 10.0, 12.0), ('p', date '2025-07-01', 20.0, 24.0),
            ('q', date '2025-01-01', 5.0, 7.0), ('q', date '2025-08-01', null, 9.0))
            as t (campus_id, observed_date, it_capacity_mw_stated, facility_capacity_mw_stated)"""
    )
    con.execute((REPO / "serve/macros/capacity.sql").read_text())
    return con


def test_the_interval_is_that_of_the_sum_over_clouds(published):
    row = published.execute("select * exclude (lab, calendar_quarter) from lab_capacity('X', '2026Q2')").fetchone()
    assert row[:6] == (40, 40, 40, 48, 48, 48), "opposite draws cancel; adding p95s would give 58"
    assert row[6:9] == (50, 50, 50), "energised: 5 MW more on each cloud"
    assert row[9:] == (15, 15, 15, 55, 55, 55), "what is on no cloud is no zero, and no hole either"


def test_a_quarter_without_draws_is_zero_and_an_unknown_lab_is_no_row(published):
    figures = "it_capacity_mw_p95, untracked_it_capacity_mw_p50, total_it_capacity_mw_p50"
    assert published.execute(f"select {figures} from lab_capacity('X', '2026Q1')").fetchone() == (0, None, None)
    assert published.execute("from lab_capacity('Y', '2026Q2')").fetchall() == []
    assert published.execute("from lab_capacity_growth('X', '2020Q1', '2026Q2')").fetchall() == []


def test_growth_is_taken_draw_by_draw(published):
    row = published.execute("from lab_capacity_growth('X', '2026Q1', '2026Q2')").fetchone()
    assert row == ("X", "2026Q1", "2026Q2", 40, 40, 40, 1)


def test_stages_make_up_the_whole(published):
    rows = published.execute(
        "select stage, it_capacity_mw_mean, share from lab_capacity_stages('X', '2026Q2')"
    ).fetchall()
    assert [(stage, mw) for stage, mw, _ in rows] == [
        ("operational", 40),
        ("energised_not_operational", 10),
        ("under_construction", 60),
        ("planned", 40),
    ]
    assert sum(share for _, _, share in rows) == pytest.approx(1)


def test_stated_figures_are_those_of_the_campuses_of_that_day(published):
    def stated(lab: str, day: str) -> list[tuple[str, float | None, float]]:
        columns = "campus_id, it_capacity_mw_stated, facility_capacity_mw_stated"
        return published.execute(f"select {columns} from lab_capacity_stated('{lab}', '{day}')").fetchall()

    assert stated("X", "2025-05-31") == [("p", 10, 12)], "the second campus is not yet the lab's"
    assert stated("X", "2025-07-31") == [("p", 20, 24), ("q", 5, 7)]
    assert stated("X", "2025-09-30") == [("p", 20, 24), ("q", None, 9)], "an older IT figure is not the newest level's"
    assert stated("X", "2026-01-01") == [("q", None, 9)]
    assert stated("Y", "2026-01-01") == [("p", 20, 24)]
    assert stated("X", "2024-12-31") == []
