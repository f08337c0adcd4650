"""The closing summary: numbers from the published file, and plain words where there are none."""

from __future__ import annotations

import pytest

from serve import summary
from serve.publish import publish

MARTS = """
create table marts.trainium_volumes_quarterly as
  select 'generation' as sku_level, 'Trainium2' as generation, '2025Q4' as calendar_quarter,
         900000.0::double as package_units_cumulative_p05, 1400000.4::double as package_units_cumulative_p50,
         1900000.0::double as package_units_cumulative_p95;
create table marts.lab_capacity_quarterly as
  select 'lab' as level, 'Anthropic' as lab, '2026Q4' as calendar_quarter, date '2026-10-01' as quarter_start_date,
         date '2026-11-22' as as_of_date, 1500.0::double as it_capacity_mw_p05, 1896.0::double as it_capacity_mw_p50,
         2300.0::double as it_capacity_mw_p95;
create table marts.tco_metrics as
  select system_id, 'hyperscaler' as buyer_class, vintage as assumption_vintage,
         0.2::double as usd_per_tb_per_s_hour_p05,
         price::double as usd_per_tb_per_s_hour_p50, 0.4::double as usd_per_tb_per_s_hour_p95
  from (values ('gb200-nvl72', 'v2025', 0.276), ('gb200-nvl72', 'v2026', 0.23), ('trn2-ultraserver', 'v2026', 0.199))
    as t (system_id, vintage, price);
create table marts.quarantine (source varchar);
insert into marts.quarantine values ('litellm');
create table marts.source_freshness as
  select 'epoch' as source, resource, status as freshness_status, age::bigint as age_days,
         14::bigint as freshness_sla_days,
         problem as last_error
  from (values ('timelines', 'failed', 51, 'HTTP 503'), ('sites', 'fresh', 2, null))
    as t (resource, status, age, problem);
"""


def test_the_summary_is_read_from_the_published_file(home, plan_for, build_file, without_checks):
    build_file(home / "warehouse" / "build.duckdb", extra_sql=MARTS)
    release = publish(plan_for(1))["release_id"]
    words = summary.summarise()
    assert f"Release {release}, as of 2026-10-02 (1 published so far)" in words
    assert "marts.campuses" in words and "marts.validation_results" in words
    assert "1,400,000 packages (90% between 900,000 and 1,900,000)" in words
    assert "1,896 MW (90% between 1,500 and 2,300)" in words
    assert "0.23 USD an hour" in words and "0.199 USD an hour" in words and "0.276" not in words
    assert (
        "1 source(s) not fresh" in words
        and "epoch.timelines: failed, 51 days old where 14 are expected (HTTP 503)" in words
    )
    assert "1 row(s) in quarantine" in words
    assert str(home / "serving" / "gigawatch.duckdb") in words and "make sql" in words


def test_what_was_not_known_is_said(home, plan_for, build_file, without_checks):
    empty = MARTS + "".join(
        f"delete from marts.{table};"
        for table in ("trainium_volumes_quarterly", "lab_capacity_quarterly", "tco_metrics", "source_freshness")
    )
    build_file(home / "warehouse" / "build.duckdb", extra_sql=empty)
    publish(plan_for(1))
    words = summary.summarise()
    assert "nothing was known about them" in words
    assert "every source is fresh" in words


def test_without_a_release_it_says_what_to_do(home, capsys):
    with pytest.raises(FileNotFoundError, match="make run"):
        summary.summarise()
    assert summary.main() == 1
    assert "nothing has been published yet" in capsys.readouterr().err
