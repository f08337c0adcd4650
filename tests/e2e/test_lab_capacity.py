"""What labs use, as an analyst asks it, on the published file and on as-of builds of its raw store."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from serve.build import run_dbt
from tests.e2e.conftest import REPO

pytestmark = pytest.mark.e2e

Connection = duckdb.DuckDBPyConnection


def as_of_build(refreshed: Path, folder: Path, day: str) -> Connection:
    """The lab tables as known on `day`, built on a file of their own from the refreshed raw store, with the macros."""
    warehouse = folder / f"{day}.duckdb"
    done = run_dbt(
        "run", "--select", "+lab_capacity_quarterly", "+draws_lab_capacity_quarterly", "+campus_tenancies",
        "+campus_capacity_steps", "+lab_capacity_published", "+lab_capacity_statements",
        as_of=day, warehouse=warehouse, raw_db=refreshed / "raw" / "raw.duckdb", target=folder / "target",
        logs=folder / "logs", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    con = duckdb.connect(str(warehouse))
    con.execute((REPO / "serve" / "macros" / "capacity.sql").read_text(encoding="utf-8"))
    return con


@pytest.fixture(scope="session")
def november(refreshed: Path, tmp_path_factory: pytest.TempPathFactory):
    """As known on the day of the source's first vintage."""
    with as_of_build(refreshed, tmp_path_factory.mktemp("november"), "2025-11-12") as con:
        yield con


def test_anthropic_in_the_first_vintage_is_the_published_819_mw(november: Connection) -> None:
    printed = dict(
        november.execute(
            "select campus_id, facility_capacity_mw_stated from lab_capacity_stated('Anthropic', '2025-07-31')"
        ).fetchall()
    )
    assert printed == {"anthropic-amazon-new-carlisle": 478, "amazon-madison-mega-site": 341}
    assert sum(printed.values()) == 819
    (published,) = november.execute(
        "select max(known_from) <= date '2025-11-12' from marts.lab_capacity_published"
    ).fetchone() or (None,)
    assert published, "the chart that printed 819 came later: it is not known here, only what it was made from"


def test_how_a_lab_quarter_moved_between_two_vintages_is_one_query(
    november: Connection, published: Connection, refreshed: Path
) -> None:
    november.execute(f"attach '{refreshed / 'serving' / 'gigawatch.duckdb'}' as today (read_only)")
    moved = november.execute(
        """select cloud_provider, then_.it_capacity_mw_p50 as mw_then, now_.it_capacity_mw_p50 as mw_now
           from marts.lab_capacity_quarterly as then_
           full join today.marts.lab_capacity_quarterly as now_ using (level, lab, cloud_provider, quarter_start_date)
           where level = 'lab_cloud' and lab = 'Anthropic' and now_.calendar_quarter = '2026Q3' and mw_now > 0"""
    ).fetchall()
    november.execute("detach today")
    by_cloud = {cloud: (then_, now) for cloud, then_, now in moved}
    assert by_cloud["AWS"][0] > 0
    assert by_cloud["SpaceXAI"][0] is None, "the lease of Colossus 1 was not known then"
    assert by_cloud["SpaceXAI"][1] > 100


@pytest.mark.slow
def test_on_a_day_before_every_source_the_tables_are_empty_and_typed(refreshed: Path, tmp_path: Path) -> None:
    with as_of_build(refreshed, tmp_path, "2020-01-01") as con:
        for table in (
            "campus_tenancies",
            "lab_capacity_quarterly",
            "lab_capacity_published",
            "lab_capacity_statements",
        ):
            assert con.execute(f"select count(*) from marts.{table}").fetchone() == (0,), table
        assert con.execute("from lab_capacity('Anthropic', '2025Q4')").fetchall() == []


def test_tracked_and_untracked_make_up_the_published_total(published: Connection) -> None:
    rows = published.execute(
        """select lab, calendar_quarter, it_capacity_mw_mean, untracked_it_capacity_mw_mean, total_it_capacity_mw_mean,
                  untracked_it_capacity_mw_p05
           from marts.lab_capacity_quarterly
           where level = 'lab' and untracked_it_capacity_mw_mean is not null"""
    ).fetchall()
    assert {"OpenAI", "Anthropic"} <= {lab for lab, *_ in rows}
    for lab, quarter, tracked, untracked, total, low in rows:
        assert total == pytest.approx(tracked + untracked), (lab, quarter)
        assert low >= 0
    totals = {(lab, quarter): total for lab, quarter, _, _, total, _ in rows}
    # 1.9 GW is what the company says; if it means facility power, a fifth less is IT.
    assert 1900 / 1.35 < totals["OpenAI", "2025Q4"] < 1900
    assert 1050 < totals["Anthropic", "2025Q4"] < 2100, "845,000 chips that are 35-70% of the lab's power"
    assert ("Anthropic", "2024Q4") not in totals, "no total is known before the first one"


def test_which_campuses_explain_the_sum_of_september_2025(published: Connection) -> None:
    rows = published.execute(
        """select set_kind, campus_set, set_probability_share, it_capacity_mw_p50, begun_it_capacity_mw_p05,
                  begun_it_capacity_mw_p95, passing_date_p50
           from marts.lab_capacity_statements where published_capacity_mw = 1300"""
    ).fetchall()
    candidates = {campus_set: share for kind, campus_set, share, *_ in rows if kind == "candidate"}
    assert sum(candidates.values()) == pytest.approx(1)
    assert all("anthropic-amazon-new-carlisle" in s and "amazon-madison-mega-site" in s for s in candidates)
    assert next(share for s, share in candidates.items() if "aws-berwick" in s) == pytest.approx(0.6)
    (mixture,) = [row for row in rows if row[0] == "mixture"]
    _, _, _, operational, begun_low, begun_high, passing = mixture
    assert operational < 1300, "in September 2025 it was under construction"
    assert begun_low < 1300 < begun_high
    assert 2025 < passing.year < 2028
    (certain,) = [row for row in rows if row[0] == "without_speculative_tenants"]
    assert certain[3] < operational


def test_what_nobody_is_known_to_use_has_an_owner(published: Connection) -> None:
    rows = published.execute(
        """select cloud_provider, owners, it_capacity_mw_p50 from marts.lab_capacity_quarterly
           where is_unassigned and level = 'lab_cloud' and calendar_quarter = '2026Q3' and it_capacity_mw_p50 > 0"""
    ).fetchall()
    assert len(rows) > 10
    assert all(owners for _, owners, _ in rows)


def test_stages_of_a_lab_make_up_the_whole(published: Connection) -> None:
    rows = published.execute("select stage, it_capacity_mw_mean, share from lab_capacity_stages('OpenAI', '2026Q4')")
    stages = {stage: (mw, share) for stage, mw, share in rows.fetchall()}
    assert set(stages) == {"operational", "energised_not_operational", "under_construction", "planned"}
    assert sum(share for _, share in stages.values()) == pytest.approx(1)
    assert all(mw >= 0 for mw, _ in stages.values())


def test_colossus_1_was_xais_until_the_lease(published: Connection) -> None:
    rows = published.execute(
        """select lab, valid_from, valid_to from marts.campus_tenancies
           where campus_id = 'colossus-1' and not is_unassigned"""
    ).fetchall()
    tenants = {lab: (str(start), str(end)) for lab, start, end in rows}
    assert tenants["xAI / SpaceXAI"][1] == "2026-05-31"
    assert tenants["Anthropic"] == ("2026-06-01", "None")
