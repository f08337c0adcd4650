"""Roll-ups of Trainium on the published file: intervals of sums, shares, components, suppliers, as a reader asks."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.e2e.conftest import REPO, dbt

pytestmark = pytest.mark.e2e

Connection = duckdb.DuckDBPyConnection
ALL_THROUGH_2025 = "from trainium_packages(generation := 'all', through_quarter := '2025Q4')"


def one(con: Connection, sql: str) -> tuple:
    rows = con.execute(sql).fetchall()
    assert len(rows) == 1, f"{len(rows)} rows: {sql}"
    return rows[0]


@pytest.mark.parametrize("sku_level", ["sku", "generation"])
def test_all_trainium_through_2025_is_clearly_narrower_than_summed_percentiles(
    published: Connection, sku_level: str
) -> None:
    low, mid, high = one(published, ALL_THROUGH_2025)
    assert low < mid < high
    summed_low, summed_high = one(
        published,
        f"""select sum(package_units_p05), sum(package_units_p95) from marts.trainium_volumes_quarterly
            where sku_level = '{sku_level}' and calendar_quarter <= '2025Q4'""",
    )
    assert summed_low < low and high < summed_high
    assert high - low < 0.8 * (summed_high - summed_low)


def test_the_one_line_agrees_with_the_mart(published: Connection) -> None:
    assert one(published, ALL_THROUGH_2025) == pytest.approx(
        one(
            published,
            """select package_units_cumulative_p05, package_units_cumulative_p50, package_units_cumulative_p95
               from marts.trainium_volumes_quarterly where sku_level = 'family' and calendar_quarter = '2025Q4'""",
        ),
        rel=1e-9,
    )


def test_share_of_trainium_and_tpu(published: Connection) -> None:
    low, mid, high = one(published, "from trainium_share_of_trainium_and_tpu('2025Q1', '2025Q4')")
    assert 0 < low < mid < high < 1
    trainium, tpu = one(
        published,
        """select (select sum(package_units_p50) from marts.trainium_volumes_quarterly
                   where sku_level = 'family' and calendar_quarter between '2025Q1' and '2025Q4'),
                  (select sum(units_p50) from marts.accelerator_purchases_quarterly
                   where accelerator_family = 'TPU' and buyer = 'Google'
                     and calendar_quarter between '2025Q1' and '2025Q4')""",
    )
    assert mid == pytest.approx(trainium / (trainium + tpu), abs=0.05), "medians do not add exactly"
    beyond = one(published, "from trainium_share_of_trainium_and_tpu('2025Q1', '2028Q3')")
    assert beyond == (None, None, None), "nobody publishes TPUs of 2028: no share, not all of it"


def test_growth_has_an_interval_each_quarter(published: Connection) -> None:
    rows = published.execute("from trainium_package_growth(generation := 'all')").fetchall()
    assert [quarter for quarter, *_ in rows][-1] == "2028Q4"
    assert all(low < mid < high for _, low, mid, high in rows)


def test_every_package_holds_what_its_data_sheet_says(published: Connection) -> None:
    """In each draw: memory over package starts is the memory of a package, stacks over starts the stacks."""
    ratios = {
        generation: (gb, stacks)
        for generation, *extremes in published.execute(
            """select generation, min(hbm_gb / package_start_units), max(hbm_gb / package_start_units),
                      min(hbm_stack_units / package_start_units), max(hbm_stack_units / package_start_units)
               from draws.component_demand_quarterly where package_start_units > 0 group by generation"""
        ).fetchall()
        for gb, stacks in [(extremes[:2], extremes[2:])]
    }
    assert ratios["Trainium2"] == (pytest.approx([96, 96]), pytest.approx([4, 4]))
    assert ratios["Trainium3"] == (pytest.approx([144, 144]), pytest.approx([4, 4]))


def test_components_tie_to_packages_in_every_draw(published: Connection) -> None:
    """Starts lead packages by at most a quarter and exceed them by what packaging loses.

    Not for Trainium1: some starts behind its first packages lie before the window.
    """
    early, late = one(
        published,
        """
        with starts as (
            select generation, draw_id,
                sum(package_start_units) filter (where calendar_quarter <= '2027Q3') as through_q3,
                sum(package_start_units) filter (where calendar_quarter <= '2027Q4') as through_q4
            from draws.component_demand_quarterly group by all
        ), packages as (
            select generation, draw_id, sum(package_units) filter (where calendar_quarter <= '2027Q4') as through_q4
            from draws.trainium_volumes_quarterly group by all
        )
        select count(*) filter (where starts.through_q3 * 0.999 > packages.through_q4 / 0.5),
               count(*) filter (where starts.through_q4 < packages.through_q4 * 0.999999)
        from starts inner join packages using (generation, draw_id)
        where generation <> 'Trainium1'
        """,
    )
    assert (early, late) == (0, 0)


def test_memory_for_2027_in_one_line(published: Connection) -> None:
    low, mid, high = one(
        published, "from component_demand(component := 'hbm_gb', from_quarter := '2027Q1', through_quarter := '2027Q4')"
    )
    summed_low, summed_high = one(
        published,
        """select sum(demand_value_p05), sum(demand_value_p95) from marts.component_demand_quarterly
           where component = 'hbm_gb' and sku_level = 'generation'
             and calendar_quarter between '2027Q1' and '2027Q4'""",
    )
    assert 0 < summed_low < low < mid < high < summed_high
    assert one(published, "from component_demand(through_quarter := '2028Q4')") == (None, None, None)


def test_components_without_a_count_are_unknown_not_zero(published: Connection) -> None:
    status = dict(
        published.execute(
            """select sku_id, list(distinct coverage_status) from marts.component_demand_quarterly
               where component = 'scale_up_switch_chips' and calendar_quarter = '2027Q4' group by sku_id"""
        ).fetchall()
    )
    assert status["trn2-ultraserver"] == ["known_zero"], "a torus has none"
    assert status["trn3-gen2-ultraserver"] == ["known"]
    assert status["trn4-ualink"] == status["all:Trainium4"] == status["all:Trainium"] == ["unknown"]


def test_suppliers_by_system(published: Connection) -> None:
    """A part never earns more than the whole, a share of growth needs growth, and no identifier is made up."""
    levels, above, ungrown, figis = one(
        published,
        """
        select list(distinct sku_level order by sku_level),
               count(*) filter (where sku_level = 'sku' and implied_revenue_usd_m_p50 > (
                   select max(whole.implied_revenue_usd_m_p95) from marts.supplier_exposure as whole
                   where whole.ticker = part.ticker and whole.generation = part.generation
                     and whole.sku_level = 'generation' and whole.calendar_quarter = part.calendar_quarter)),
               count(*) filter (where implied_growth_share_p50 is not null and not supplier_revenue_yoy_usd_m > 0),
               count(composite_figi)
        from marts.supplier_exposure as part
        """,
    )
    assert levels == ["family", "generation", "sku"]
    assert (above, ungrown, figis) == (0, 0, 0)
    currencies = dict(
        published.execute(
            """select ticker, any_value(reporting_currency) from marts.supplier_exposure
               where supplier_revenue_usd_m is not null group by ticker"""
        ).fetchall()
    )
    assert currencies["2345"] == "TWD" and currencies["MRVL"] == "USD"


def test_the_score_is_its_formula(published: Connection) -> None:
    strength = {"core": 1, "strong": 0.8, "named": 0.6, "likely": 0.4, "reported": 0.4, "weak": 0.1}
    rows = published.execute(
        """select evidence_grade, implied_growth_share_p50, beneficiary_score_pct from marts.supplier_exposure
           where beneficiary_score_pct is not null"""
    ).fetchall()
    assert rows
    for grade, share, score in rows:
        assert score == pytest.approx(100 * strength[grade] * min(max(share, 0), 1))


@pytest.mark.slow
def test_a_changed_assumption_moves_the_stacks_and_nothing_else(copy_of: Path, tmp_path: Path) -> None:
    """Twice the stacks in a package, twice the stacks in all: the number is the row's, not the code's."""
    changed = tmp_path / "changed"
    shutil.copytree(REPO / "models" / "assumptions", changed / "models" / "assumptions")
    path = changed / "models" / "assumptions" / "components.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["subject"] == "Trainium2" and row["parameter"] == "hbm_stacks_per_package":
            row["value"] = str(2 * float(row["value"]))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    warehouse = copy_of / "warehouse" / "build.duckdb"
    measures = ("hbm_stack_units", "hbm_gb", "package_start_units", "cowos_wafer_units")
    sums = ", ".join(f"sum({measure})" for measure in measures)
    query = f"select {sums} from draws.component_demand_quarterly where generation = 'Trainium2'"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        before = one(con, query)
    done = subprocess.run(
        [
            sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "--log-path", str(tmp_path / "logs"),
            "run", "--project-dir", str(REPO / "dbt"), "--profiles-dir", str(REPO / "dbt"),
            "--target-path", str(copy_of / "warehouse" / "dbt_target"), "--vars", '{"as_of": "2026-11-22"}',
            "--select", "stg_assumptions", "int_components__bill_draws", "int_components__draws",
            "int_components__level_draws", "draws_component_demand_quarterly",
        ],
        env=os.environ
        | {
            "PYTHONPATH": str(REPO), "GIGAWATCH_REPO": str(changed), "GIGAWATCH_WAREHOUSE_DB": str(warehouse),
            "GIGAWATCH_RAW_DB": str(copy_of / "raw" / "raw.duckdb"), "DO_NOT_TRACK": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    with duckdb.connect(str(warehouse), read_only=True) as con:
        after = one(con, query)
    assert after == pytest.approx((2 * before[0], *before[1:]), rel=1e-9)


def test_every_draw_conserves_chips_and_splits_a_generation_whole(refreshed: Path) -> None:
    """packages = racks x chips per rack + scrapped + work in progress, never negative; systems' shares sum to 1."""
    with duckdb.connect(str(refreshed / "warehouse" / "build.duckdb"), read_only=True) as con:
        n_skus, smallest, largest_gap = one(
            con,
            """
            with running as (
                select sku_id, draw_id, sum(package_units) over so_far as packages,
                    sum(package_units - scrapped_package_units) over so_far
                        - chips.value * sum(rack_units) over so_far as in_progress,
                    chips.value * sum(rack_units) over so_far - sum(installed_chip_units) over so_far as to_install
                from intermediate.int_volumes__draws
                inner join staging.stg_assumptions as chips
                    on chips.engine = 'volumes' and chips.subject = sku_id and chips.parameter = 'chips_per_rack'
                window so_far as (partition by sku_id, draw_id order by quarter_start_date)
            )
            select count(distinct sku_id), min(least(in_progress, to_install) + 1e-9 * packages),
                   min(packages - in_progress)
            from running
            """,
        )
        (worst_share,) = one(
            con,
            """
            with shares as (
                select skus.generation, quarter_start_date, draw_id,
                    package_units / sum(package_units) over (
                        partition by skus.generation, quarter_start_date, draw_id
                    ) as share
                from intermediate.int_volumes__draws
                inner join intermediate.int_volumes__skus as skus using (sku_id)
                qualify sum(package_units) over (partition by skus.generation, quarter_start_date, draw_id) > 0
            ), totals as (
                select sum(share) as total, min(share) as smallest, max(share) as largest
                from shares group by generation, quarter_start_date, draw_id
            )
            select max(abs(total - 1) + greatest(-smallest, 0) + greatest(largest - 1, 0)) from totals
            """,
        )
    assert n_skus >= 16
    assert smallest >= 0
    assert largest_gap >= -1e-6, "more on its way than was made"
    assert worst_share < 1e-9


def test_gaps_widen_are_named_and_stop_nothing(copy_of: Path) -> None:
    """Amazon's count is withdrawn, Alchip stops reporting in June 2026, Accton's November 2024 is missing."""
    warehouse = copy_of / "warehouse" / "build.duckdb"
    width = """select package_units_cumulative_p95 / package_units_cumulative_p05
               from marts.trainium_volumes_quarterly where sku_id = ? and calendar_quarter = ?"""
    cases = (("all:Trainium2", "2025Q4"), ("all:Trainium3", "2026Q4"))

    def widths() -> list[float]:
        with duckdb.connect(str(warehouse), read_only=True) as con:
            return [con.execute(width, case).fetchall()[0][0] for case in cases]

    before = widths()
    with duckdb.connect(str(warehouse)) as con:
        con.execute(
            """update staging.stg_evidence__volume_estimates set unit = 'superseded'
               where estimate_id ilike 'AMZN-14M%'"""
        )
        con.execute(
            """delete from intermediate.int_supplier_revenue__claims
               where (ticker = '3661' and revenue_month >= '2026-06')
                  or (ticker = '2345' and revenue_month = '2024-11')"""
        )
    done = dbt(
        copy_of, "run", "--select", "int_volumes__statements", "int_volumes__supplier_revenue",
        "int_volumes__supplier_signals", "int_volumes__posterior", "int_volumes__draws", "int_volumes__scenarios",
        "int_volumes__roots", "int_volumes__level_quantiles", "int_volumes__without_disclosure",
        "trainium_volumes_quarterly", "int_coverage__volumes",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert all(after > 1.03 * was for after, was in zip(widths(), before, strict=True))
    with duckdb.connect(str(warehouse), read_only=True) as con:
        named = {
            (kind, subject): (status, reason)
            for kind, subject, status, reason in con.execute(
                """select subject_kind, subject_id, coverage_status, reason from intermediate.int_coverage__volumes
                   where subject_kind in ('supplier_revenue_stopped', 'supplier_revenue_gap', 'disclosure',
                                          'withdrawn_statement')"""
            ).fetchall()
        }
        (anchored,) = one(con, "select count(*) from marts.trainium_volumes_quarterly where is_anchored_on_disclosure")
    assert "2026-10" in named["supplier_revenue_stopped", "3661"][1]
    assert "2024-11" in named["supplier_revenue_gap", "2345"][1]
    assert named["withdrawn_statement", "AMZN-14M"][0] == "unknown"
    assert named["disclosure", "Trainium2"][0] == "unknown"
    assert anchored == 0
