"""Comparisons, tornado, what-if, validation and claims of the published file, as a reader opens it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from models.tco.centre import CENTRE_COSTS, recost

pytestmark = pytest.mark.e2e

Connection = duckdb.DuckDBPyConnection


def test_the_what_if_macro_equals_the_engine_on_every_system(published: Connection) -> None:
    changes = {"wacc_ratio": 0.11, "life_years": 4.5, "pue_ratio": 1.35, "electricity_usd_per_kwh": 0.11}
    arguments = "wacc := 0.11, life_years := 4.5, pue := 1.35, electricity := 0.11"
    for vintage in ("v2025", "v2026"):
        order = "order by system_id, buyer_class"
        inputs = published.execute(f"from marts.tco_inputs where assumption_vintage = '{vintage}' {order}").df()
        assert inputs["system_id"].nunique() > 100
        scope = f"sku := null, buyer := null, vintage := '{vintage}'"
        unchanged = published.execute(f"from tco_what_if({scope}) {order}").df()
        changed = published.execute(f"from tco_what_if({scope}, {arguments}) {order}").df()
        engine = recost(inputs.assign(**changes))
        for metric in CENTRE_COSTS:
            np.testing.assert_allclose(unchanged[metric], inputs[metric], rtol=1e-9, err_msg=metric)
            np.testing.assert_allclose(changed[metric], engine[metric], rtol=1e-9, err_msg=metric)


def test_the_macro_works_after_attach(refreshed: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{refreshed / 'serving' / 'gigawatch.duckdb'}' as gw (read_only)")
        con.execute("use gw")
        row = con.execute(
            "select system_id, wacc_ratio from tco_what_if(sku := 'gb200-nvl72', wacc := 0.09)"
        ).fetchone()
        assert row == ("gb200-nvl72", 0.09)


def test_the_centre_is_near_the_median(published: Connection) -> None:
    low, high = published.execute(  # type: ignore[misc]
        """select min(i.tco_usd_per_chip_hour / m.tco_usd_per_chip_hour_p50),
                  max(i.tco_usd_per_chip_hour / m.tco_usd_per_chip_hour_p50)
           from marts.tco_inputs i join marts.tco_metrics m using (system_id, buyer_class, assumption_vintage)"""
    ).fetchone()
    assert 0.85 < low < high < 1.1


def test_pairs_agree_with_the_published_draws(published: Connection) -> None:
    ours, draws = published.execute(  # type: ignore[misc]
        """select cost_ratio_to_rival_p50,
                  (select tco_ratio_p50 from tco_probability_cheaper('tpu-v7-pod', 'gb200-nvl72'))
           from marts.tco_pairwise
           where metric = 'tco_usd_per_chip_hour' and system_id = 'tpu-v7-pod' and rival_system_id = 'gb200-nvl72'
               and buyer_class = 'hyperscaler' and assumption_vintage = 'v2026'"""
    ).fetchone()
    assert ours == pytest.approx(draws, rel=0.01)


def test_all_makers_stand_in_one_ranking(published: Connection) -> None:
    rows = published.execute(
        """select vendor, count(distinct system_id) from marts.tco_pairwise
           where metric = 'usd_per_effective_pflop_hour' and assumption_vintage = 'v2026' group by all"""
    ).fetchall()
    assert {vendor for vendor, _ in rows} >= {"AMD", "AWS", "Google", "Nvidia"}
    first = published.execute(
        """select system_id, vendor from marts.tco_pairwise
           where metric = 'usd_per_effective_pflop_hour' and assumption_vintage = 'v2026'
               and buyer_class = 'hyperscaler'
           group by all order by avg(cheaper_probability) desc limit 1"""
    ).fetchone()
    assert first is not None and first[1] != "AWS", "on the public evidence Trainium is not the cheapest to train on"


def test_figures_that_were_not_inputs_are_met_within_the_goal(published: Connection) -> None:
    n, error, inside = published.execute(  # type: ignore[misc]
        """select count(*), median(abs(error_pct)), count(*) filter (where is_inside_interval)
           from marts.tco_validation where not is_excluded and not was_input"""
    ).fetchone()
    assert n == 30
    assert error < 10
    assert inside / n > 0.8
    worst = published.execute(
        "select accelerator_id from marts.tco_validation where not is_excluded order by abs(error_pct) desc limit 2"
    ).fetchall()
    assert worst == [("mi355x",), ("mi355x",)], "losses stay in"


def test_every_published_cost_to_own_is_there(published: Connection) -> None:
    missing, excluded = published.execute(  # type: ignore[misc]
        """select count(*) filter (where metric = 'own TCO'),
                  count(*) filter (where evidence_basis = 'placeholder' and is_excluded)
           from marts.tco_validation"""
    ).fetchone()
    assert missing == 44
    assert excluded == 4


def test_claims_name_what_decides_them_and_where_they_are_circular(published: Connection) -> None:
    rows = {
        (claim, vintage, spec): (probability, decided_by, circular, verdict)
        for claim, vintage, spec, probability, decided_by, circular, verdict in published.execute(
            """select claim_id, assumption_vintage, rival_spec_accelerator_id, holds_probability, decided_by,
                      is_circular, verdict from marts.tco_claims"""
        ).fetchall()
    }
    probability, decided_by, circular, _ = rows["trainium2_dearer_per_effective_pflop", "v2025", "gb200"]
    assert 0.7 < probability < 0.95 and decided_by == "MFU of the system" and circular
    assert rows["trainium2_cheaper_per_tb_per_s", "v2025", "gb200"][2]
    then = rows["trainium3_cheaper_per_tb_per_s", "v2026", "r200-gtc25"]
    now = rows["trainium3_cheaper_per_tb_per_s", "v2026", "r200"]
    assert then[0] > 0.99 and 0.4 < now[0] < 0.9
    assert rows["trainium3_cheaper_per_tb_per_s", "v2025", "not costed"][3] == "not_testable"


def test_the_tornado_of_gb200(published: Connection) -> None:
    rows = published.execute(
        """select input_name from marts.tco_sensitivity
           where system_id = 'gb200-nvl72' and buyer_class = 'hyperscaler' and assumption_vintage = 'v2026'
               and metric = 'usd_per_effective_pflop_hour'
           order by swing_pct desc limit 3"""
    ).fetchall()
    assert rows[0] == ("mfu_share",)
    assert {name for (name,) in rows} >= {"capex"}
