"""The market side of the published file: tiers apart, margins that add up, returns that follow rents, named flags."""

from __future__ import annotations

import duckdb
import pytest

pytestmark = pytest.mark.e2e

Connection = duckdb.DuckDBPyConnection


def test_rents_and_margins_of_the_last_year_in_one_query(published: Connection) -> None:
    """Analyst question 31: price per GPU and tier by week, and the margin it leaves."""
    rows = published.execute(
        """
        select accelerator_id, price_tier, buyer_class, week_start_date, price_usd_per_accelerator_hour,
               tco_usd_per_sold_chip_hour_p50, margin_pct_p05, margin_pct_p50, margin_pct_p95
        from marts.rental_margin
        where week_start_date > as_of_date - 365
        order by all
        """
    ).fetchall()
    assert len({row[0] for row in rows}) >= 12
    assert {"list", "spot", "reserved", "capacity_block", "index"} <= {row[1] for row in rows}
    for accelerator, tier, *_, rent, cost, low, middle, high in rows:
        assert middle == pytest.approx(100 * (1 - cost / rent)), (accelerator, tier)
        assert low < middle < high
    h100 = {row[1]: row[7] for row in rows if row[0] == "h100-sxm" and row[2] == "neocloud_giant"}
    # The index of H100 contracts (about 2 USD in July 2026) leaves little; list prices, before discounts, leave more.
    assert -20 < h100["index"] < 40 < h100["list"]


def test_tiers_are_never_mixed(published: Connection) -> None:
    mixed = published.execute(
        """select accelerator_id, week_start_date from marts.rental_margin
           group by accelerator_id, buyer_class, price_tier, purchase_model, week_start_date having count(*) > 1"""
    ).fetchall()
    assert mixed == []
    tiers = dict(
        published.execute(
            "select purchase_model, list(distinct price_tier) from marts.rental_prices_daily group by 1"
        ).fetchall()
    )
    assert tiers["spot"] and set(tiers["spot"]) <= {"spot", "estimate"}
    assert set(tiers["reserved_1y"]) == {"reserved"} and set(tiers["capacity_block"]) == {"capacity_block"}
    assert set(tiers["market_index"]) == {"index"}


def test_margins_use_the_cost_of_tco_metrics(published: Connection) -> None:
    differing = published.execute(
        """
        select margin.accelerator_id
        from marts.rental_margin as margin
        inner join marts.tco_metrics as metrics using (system_id, buyer_class, assumption_vintage)
        where abs(margin.tco_usd_per_chip_hour_p50 - metrics.tco_usd_per_chip_hour_p50) > 1e-9
            or abs(margin.tco_usd_per_chip_hour_p95 - metrics.tco_usd_per_chip_hour_p95) > 1e-9
        """
    ).fetchall()
    assert differing == []


def test_a_dearer_offer_earns_more_on_the_same_chip(published: Connection) -> None:
    pairs = published.execute(
        """
        select dear.irr_share_per_year_p50, cheap.irr_share_per_year_p50
        from marts.rental_returns as dear
        inner join marts.rental_returns as cheap using (accelerator_id, buyer_class)
        where dear.purchase_model = 'reserved_1y' and cheap.purchase_model = 'reserved_3y'
            and dear.rent_usd_per_chip_hour > 1.3 * cheap.rent_usd_per_chip_hour
        """
    ).fetchall()
    assert pairs and all(dear > cheap for dear, cheap in pairs)
    unlike = published.execute(
        """select accelerator_id from marts.rental_returns
           where (npv_usd_per_chip_p50 > 0) and earns_cost_of_capital_probability < 0.5
              or (npv_usd_per_chip_p50 < 0) and earns_cost_of_capital_probability > 0.5"""
    ).fetchall()
    assert unlike == [], "a project worth more than it costs earns more than its capital, and the reverse"


def test_every_accelerator_has_a_margin_or_says_what_is_missing(published: Connection) -> None:
    contradictions = published.execute(
        """
        select coverage.mart_name, coverage.subject_id
        from marts.coverage as coverage
        left join (
            select distinct 'rental_margin' as mart_name, accelerator_id from marts.rental_margin
            union all
            select distinct 'rental_returns', accelerator_id from marts.rental_returns
        ) as found on found.mart_name = coverage.mart_name and found.accelerator_id = coverage.subject_id
        where coverage.mart_name in ('rental_margin', 'rental_returns')
            and ((coverage_status = 'known') <> (found.accelerator_id is not null)
                or (coverage_status <> 'known' and reason not like 'missing: %'))
        """
    ).fetchall()
    assert contradictions == []


def test_flags_name_their_rule(published: Connection) -> None:
    rules = dict(published.execute("select rule, count(*) from marts.quality_flags group by 1").fetchall())
    assert rules["placeholder_1_2x"] == 6, "the registry of 2025 fills in B300 and GB300, three figures each"
    assert rules["spot_above_on_demand"] > 0 and rules["mfu_above_bf16_peak"] == 2
