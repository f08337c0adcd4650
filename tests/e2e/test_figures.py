"""SQL an analyst would run on the published file, against figures that are known from outside the warehouse."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from serve.dictionary import render
from tests.e2e.conftest import REPO

pytestmark = pytest.mark.e2e

QUARTERS = [f"{year}Q{quarter}" for year in range(2023, 2029) for quarter in (1, 2, 3, 4)]
MARTS = {
    "accelerator_purchases_quarterly", "accelerator_specs", "build_speed", "building_capacity_quarterly",
    "campus_capacity_quarterly", "campus_capacity_steps", "campus_chips", "campus_tenancies", "campus_timeline",
    "chip_end_use_quarterly", "cloud_revenue_quarterly", "component_demand_quarterly", "conflicts", "coverage",
    "forecast_accuracy", "forecast_scoreboard", "lab_capacity_published", "lab_capacity_quarterly",
    "lab_capacity_statements", "power_chip_balance_quarterly", "quality_flags", "quarantine", "rental_margin",
    "rental_prices_daily", "rental_returns", "source_drift", "source_freshness", "supplier_exposure", "supply_events",
    "system_comparison", "tco_by_system", "tco_claims", "tco_inputs", "tco_metrics", "tco_pairwise", "tco_scenarios",
    "tco_sensitivity", "tco_validation", "token_prices_daily", "tokens_calibration", "tokens_frontier",
    "training_token_costs", "trainium_volumes_quarterly", "validation_results",
}  # fmt: skip
Connection = duckdb.DuckDBPyConnection


def one(con: Connection, sql: str) -> tuple:
    rows = con.execute(sql).fetchall()
    assert len(rows) == 1, f"{len(rows)} rows: {sql}"
    return rows[0]


def test_the_marts_are_there_and_none_is_empty(published: Connection) -> None:
    tables = published.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    assert {name for (name,) in tables} == MARTS
    for name in MARTS:
        assert one(published, f"select count(*) > 0 from marts.{name}")[0], name


def test_gb200_against_trainium2(published: Connection) -> None:
    flops, bandwidth = one(
        published,
        """select gb.dense_fp16_tflops / trn.dense_fp16_tflops,
                  gb.memory_bandwidth_tb_per_s / trn.memory_bandwidth_tb_per_s
           from marts.accelerator_specs gb, marts.accelerator_specs trn
           where gb.accelerator_id = 'gb200' and trn.accelerator_id = 'trainium2'""",
    )
    assert flops == pytest.approx(3.75, abs=0.005), "the press prints 3.85; the spec sheets say 2500 / 667"
    assert bandwidth == pytest.approx(2.76, abs=0.005)
    assert one(
        published,
        """select dense_fp16_ratio_to_trainium2, memory_bandwidth_ratio_to_trainium2
           from marts.accelerator_specs where accelerator_id = 'gb200'""",
    ) == (pytest.approx(flops), pytest.approx(bandwidth))


def test_scale_up_domains(published: Connection) -> None:
    nvl72, trn2 = one(
        published,
        """select max(scale_up_domain_memory_bandwidth_tb_per_s) filter (where system_id = 'gb200-nvl72'),
                  max(scale_up_domain_memory_bandwidth_tb_per_s) filter (where system_id = 'trn2-ultraserver')
           from marts.system_comparison""",
    )
    assert (nvl72, trn2) == (pytest.approx(576), pytest.approx(185.6))
    assert nvl72 / trn2 == pytest.approx(3.10, abs=0.005)


def test_new_carlisle_in_mid_2026(published: Connection) -> None:
    buildings, it_mw, facility_mw, bases = one(
        published,
        """select count(*) filter (where status = 'operational'), sum(it_capacity_mw_stated),
                  sum(facility_capacity_mw_stated), list(distinct it_capacity_basis)
           from marts.building_capacity_quarterly
           where campus_id = 'anthropic-amazon-new-carlisle' and calendar_quarter = '2026Q2'""",
    )
    assert (buildings, it_mw, facility_mw) == (16, pytest.approx(910), pytest.approx(1092))
    assert bases == ["stated_by_source"]
    p05, p50, p95 = one(
        published,
        """select it_capacity_mw_p05, it_capacity_mw_p50, it_capacity_mw_p95 from marts.campus_capacity_quarterly
           where campus_id = 'anthropic-amazon-new-carlisle' and calendar_quarter = '2026Q2'""",
    )
    assert p05 < 910 < p95
    assert p50 == pytest.approx(910, rel=0.01)


def test_the_tenant_of_colossus_is_timed(published: Connection) -> None:
    before, after = one(
        published,
        """select coalesce(sum(it_capacity_mw_p95) filter (where calendar_quarter = '2025Q4'), 0),
                  sum(it_capacity_mw_p50) filter (where calendar_quarter = '2026Q2')
           from marts.lab_capacity_quarterly
           where level = 'lab_cloud' and lab = 'Anthropic' and cloud_provider = 'SpaceXAI'""",
    )
    assert before == 0
    assert after > 100


def test_shared_megawatts_are_counted_once(published: Connection) -> None:
    gaps = published.execute(
        """
        with labs as (
            select calendar_quarter, sum(it_capacity_mw_mean) as mw from marts.lab_capacity_quarterly
            where level = 'lab_cloud' group by all
        ), campuses as (
            select calendar_quarter, sum(it_capacity_mw_mean) as mw from marts.campus_capacity_quarterly group by all
        )
        select calendar_quarter, labs.mw, campuses.mw from labs full join campuses using (calendar_quarter)
        """
    ).fetchall()
    assert sorted(quarter for quarter, _, _ in gaps) == QUARTERS
    for quarter, labs, campuses in gaps:
        assert labs == pytest.approx(campuses, rel=1e-9, abs=1e-6), quarter


def test_trainium2_through_2025_and_what_it_rests_on(published: Connection) -> None:
    p05, p95, racked_p05, racked_p95, without_p05, without_p95, anchored, roots, n_roots = one(
        published,
        """select package_units_cumulative_p05, package_units_cumulative_p95,
                  32 * rack_units_cumulative_p05, 32 * rack_units_cumulative_p95,
                  without_disclosure_package_units_cumulative_p05, without_disclosure_package_units_cumulative_p95,
                  is_anchored_on_disclosure, anchored_on_roots, n_independent_roots
           from marts.trainium_volumes_quarterly
           where sku_level = 'generation' and generation = 'Trainium2' and calendar_quarter = '2025Q4'""",
    )
    assert p05 < 1_400_000 < p95
    # Landed chips may be on their way from the rack maker to the hall: 32 chips a rack, 1.4 million well inside.
    assert racked_p05 < 1_400_000 < racked_p95
    # Beside it, whatever it says, the run that has not heard the count; the count must have told the engine something.
    assert without_p95 / without_p05 > p95 / p05
    assert anchored
    assert "amazon-q4-2025-1.4m-trainium2-landed" in roots
    assert n_roots == len(roots.split("; "))
    (single,) = one(
        published,
        """select count(*) from marts.trainium_volumes_quarterly
           where is_anchored_on_disclosure and n_independent_roots = 1 and not contains(anchored_on_roots, ';')""",
    )
    assert single > 0, "some quarters rest on Amazon's statement alone, and must say so"


def test_ten_system_skus_and_two_scenarios(published: Connection) -> None:
    (n_skus,) = one(
        published,
        """select count(distinct sku_id) from marts.trainium_volumes_quarterly
           where sku_level = 'sku' and generation in ('Trainium2', 'Trainium3')""",
    )
    assert n_skus >= 10
    low, high = one(
        published,
        """select sum(low_scenario_package_units_p50), sum(high_scenario_package_units_p50)
           from marts.trainium_volumes_quarterly where sku_id = 'all:Trainium3' and calendar_quarter like '2027%'""",
    )
    assert low < high


def test_the_macro_gives_the_interval_of_a_sum(published: Connection) -> None:
    mart = one(
        published,
        """select package_units_cumulative_p05, package_units_cumulative_p50, package_units_cumulative_p95
           from marts.trainium_volumes_quarterly
           where sku_level = 'generation' and generation = 'Trainium2' and calendar_quarter = '2025Q4'""",
    )
    macro = published.execute(
        "select * from trainium_packages(generation := 'Trainium2', through_quarter := '2025Q4')"
    ).df()
    assert [macro[f"package_units_{q}"][0] for q in ("p05", "p50", "p95")] == pytest.approx(list(mart), rel=1e-9)
    (summed_width,) = one(
        published,
        """select sum(package_units_p95) - sum(package_units_p05) from marts.trainium_volumes_quarterly
           where sku_level = 'sku' and generation = 'Trainium2' and calendar_quarter <= '2025Q4'""",
    )
    assert mart[2] - mart[0] < 0.9 * summed_width


def test_every_quarter_is_there_with_ordered_quantiles(published: Connection) -> None:
    quarterly = [
        table
        for (table,) in published.execute(
            r"""select table_name from duckdb_columns()
               where schema_name = 'marts' and table_name like '%\_quarterly' escape '\'
               group by table_name
               having bool_or(column_name = 'calendar_quarter') and bool_or(column_name like '%_p50')"""
        ).fetchall()
    ]
    assert set(quarterly) >= {"trainium_volumes_quarterly", "building_capacity_quarterly", "lab_capacity_quarterly"}
    for table in quarterly:
        found = published.execute(f"select distinct calendar_quarter from marts.{table} order by 1").fetchall()
        # published series of purchases go back further
        if table != "supplier_exposure":
            assert [quarter for (quarter,) in found if quarter >= QUARTERS[0]] == QUARTERS, table
        assert one(published, f"select count(*) from marts.{table} where value_kind is null")[0] == 0


# Medians shown for orientation beside an interval of something else, and months with p10 and p90.
WITHOUT_INTERVAL = {
    ("build_speed", "months_p50"),
    ("lab_capacity_published", "untracked_it_capacity_mw_p50"),
    ("power_chip_balance_quarterly", "it_power_w_per_chip_p50"),
}
# What has no width where one side of it has none: a difference from a zero, a ratio of two prices of one kind.
MAY_BE_FLAT = {("lab_capacity_published", "difference_mw_p50"), ("tco_scenarios", "tco_ratio_to_base_p50")}


def test_quantiles_are_ordered_everywhere(published: Connection) -> None:
    columns = {
        (table, column): data_type
        for table, column, data_type in published.execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
    }
    medians = [(table, column) for table, column in columns if column.endswith("_p50") and "rank" not in column]
    assert len(medians) > 20
    for table, column in medians:
        low, mid, high = (column.removesuffix("p50") + q for q in ("p05", "p50", "p95"))
        if (table, low) not in columns:
            assert (table, column) in WITHOUT_INTERVAL
            continue
        is_positive = "false" if columns[table, column] == "DATE" else f"{mid} > 0"
        # A rival may speak in points, a variant of ours be certain, half of the draws of a step its printed day.
        has_width = "value_kind <> 'disclosed'"
        if table == "forecast_accuracy":
            has_width = "forecaster = 'gigawatch' and target <> 'step_date'"
        unordered, flat = one(
            published,
            f"""select count(*) filter (where not ({low} <= {mid} and {mid} <= {high})),
                       count(*) filter (where {is_positive} and not ({low} < {mid} and {mid} < {high})
                                        and {has_width})
                from marts.{table} where {mid} is not null""",
        )
        assert unordered == 0, f"{table}.{column}"
        assert flat == 0 or (table, column) in MAY_BE_FLAT, f"{table}.{column}"


def test_aws_growth(published: Connection) -> None:
    """Our revenue is rounded to 0.1bn USD, so growth is a range; the growth Amazon printed must lie inside it."""
    for quarter, printed_pct in (("2025Q3", 20.2), ("2025Q4", 24), ("2026Q1", 28)):
        low, high = one(
            published,
            f"""select yoy_low_pct, yoy_high_pct from marts.cloud_revenue_quarterly
                where cloud_provider = 'AWS' and calendar_quarter = '{quarter}'""",
        )
        assert low - 0.5 <= printed_pct <= high + 0.5, quarter


def test_breadth(published: Connection) -> None:
    vendors = dict(
        published.execute(
            "select vendor, count(*) from marts.system_comparison where not is_alias group by all"
        ).fetchall()
    )
    assert vendors["Nvidia"] >= 50
    assert min(vendors["AMD"], vendors["Google"], vendors["AWS"]) >= 5


def test_nothing_rests_on_later_knowledge(published: Connection) -> None:
    for (table,) in published.execute(
        "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'known_from'"
    ).fetchall():
        assert one(published, f"select count(*) from marts.{table} where known_from > as_of_date")[0] == 0, table


def test_every_table_and_column_is_described(published: Connection) -> None:
    bare = published.execute(
        """select table_name || '.' || column_name from duckdb_columns()
           where schema_name in ('marts', 'draws', 'pit') and coalesce(comment, '') = ''
           union all
           select table_name from duckdb_tables() where coalesce(comment, '') = ''"""
    ).fetchall()
    assert bare == []


def test_the_closing_summary_speaks(refreshed: Path) -> None:
    words = (refreshed / "stdout.txt").read_text()
    assert "as of 2026-11-22" in words
    assert "gigawatch.duckdb" in words
    for mart in MARTS:
        assert f"marts.{mart}" in words
    headline = [line for line in words.splitlines() if "Trainium2 packages made through 2025Q4" in line]
    assert headline and len(re.findall(r"\d[\d,.]*", headline[0].split("2025Q4", 1)[1])) >= 3


def test_the_data_dictionary_is_in_step(refreshed: Path) -> None:
    page = (REPO / "docs" / "data_dictionary.md").read_text(encoding="utf-8")
    assert page == render(refreshed / "serving" / "gigawatch.duckdb"), "run `make docs` and commit the page"
