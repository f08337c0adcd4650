"""Costs of sold hours and returns on small frames with the real assumption rows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.tco.assumptions import Assumptions, LookAheadError
from models.tco.rental import OFFER, run_costs, run_returns, slopes_by_market
from tests.unit.models.tco.cases import AS_OF, assumptions_as_of

N = 400
RENTS = pd.DataFrame(
    [
        ("h100-sxm", "neocloud_giant", "list", "on_demand", 3.0),
        ("h100-sxm", "neocloud_giant", "reserved", "reserved_3y", 2.2),
        ("gb200", "hyperscaler", "list", "on_demand", 8.0),
        ("unheard-of", "hyperscaler", "list", "on_demand", 8.0),
    ],
    columns=[*OFFER, "rent_usd_per_chip_hour"],
).assign(known_from=pd.Timestamp("2026-08-01"))


def series(seller: str, prices: dict[str, float], chip: str = "h100-sxm", place: str = "x") -> list[dict[str, object]]:
    return [
        {
            "accelerator_id": chip, "price_tier": "list", "provider": seller, "series_id": place,
            "price_date": pd.Timestamp(day), "price_usd_per_accelerator_hour": price, "known_from": pd.Timestamp(day),
        }
        for day, price in prices.items()
    ]  # fmt: skip


PRICES = pd.DataFrame(series("AWS", {"2025-06-01": 6.0, "2026-06-01": 3.0}) + series("Lambda", {"2026-06-01": 3.0}))


@pytest.fixture
def market(systems: pd.DataFrame, assumptions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"systems": systems, "assumptions": assumptions, "rents": RENTS, "prices": PRICES}


def test_a_sold_hour_costs_more_the_fewer_are_sold(market) -> None:
    costs = run_costs(market, AS_OF, seed=1, n_draws=N)
    assert not costs.duplicated(["system_id", "buyer_class", "assumption_vintage", "price_tier"]).any()
    h100 = costs[
        (costs["system_id"] == "hgx-h100-8") & (costs["assumption_vintage"] == "v2026")
        & (costs["buyer_class"] == "hyperscaler")
    ].set_index("price_tier")  # fmt: skip
    assert h100["tco_usd_per_chip_hour_p50"].nunique() == 1
    dearest = h100["tco_usd_per_sold_chip_hour_p50"]
    assert dearest["marketplace"] > dearest["list"] > dearest["capacity_block"] > dearest["reserved"]
    assert (h100["tco_usd_per_sold_chip_hour_p50"] > h100["tco_usd_per_chip_hour_p50"]).all()
    for value in ("tco_usd_per_sold_chip_hour", "sold_hours_share", "mfu_share"):
        assert (costs[f"{value}_p05"] < costs[f"{value}_p50"]).all()
        assert (costs[f"{value}_p50"] < costs[f"{value}_p95"]).all()


def test_one_assumption_moves_its_tier_and_no_other(market, set_assumption) -> None:
    before = run_costs(market, AS_OF, seed=1, n_draws=N).set_index(["system_id", "buyer_class", "assumption_vintage"])
    changed = market | {"assumptions": set_assumption("sold/spot", "sold_hours_share", 0.65)}
    after = run_costs(changed, AS_OF, seed=1, n_draws=N).set_index(["system_id", "buyer_class", "assumption_vintage"])
    is_spot = before["price_tier"] == "spot"
    numbers = before.select_dtypes("number").columns
    pd.testing.assert_frame_equal(before.loc[~is_spot, numbers], after.loc[~is_spot, numbers])
    column = "tco_usd_per_sold_chip_hour_p50"
    assert (after.loc[is_spot, column] > before.loc[is_spot, column]).all()


def test_returns_of_each_offer(market) -> None:
    found = run_returns(market, AS_OF, seed=1, n_draws=N).set_index(["accelerator_id", "price_tier"])
    assert set(found.index) == {("h100-sxm", "list"), ("h100-sxm", "reserved"), ("gb200", "list")}
    assert (found["assumption_vintage"] == "v2026").all()
    # One seller has a series of a year; Lambda's single day is none. Halving in a year is a slope of log 2.
    h100 = found.loc[("h100-sxm", "list")]
    assert h100["n_fitted_sellers"] == 1
    assert h100["fitted_rent_decline_share_per_year_mean"] == pytest.approx(0.5, abs=0.001)
    assert 0.18 < h100["rent_decline_share_per_year_p50"] < 0.5
    gb200 = found.loc[("gb200", "list")]
    assert gb200["n_fitted_sellers"] == 0 and np.isnan(gb200["fitted_rent_decline_share_per_year_mean"])
    assert gb200["rent_decline_share_per_year_p50"] == pytest.approx(1 - np.exp(-0.2), abs=0.02)
    assert gb200["irr_share_per_year_p50"] > 0.09 and gb200["earns_cost_of_capital_probability"] > 0.9
    ordered = found[[f"irr_share_per_year_p{q}" for q in ("05", "50", "95")]].to_numpy()
    assert (np.diff(ordered, axis=1) > 0).all()
    assert found["repaid_probability"].between(0, 1).all()


def test_a_higher_rent_earns_more_and_leaves_other_offers_alone(market) -> None:
    before = run_returns(market, AS_OF, seed=1, n_draws=N)
    rents = RENTS.copy()
    rents.loc[rents["price_tier"] == "reserved", "rent_usd_per_chip_hour"] *= 1.5
    after = run_returns(market | {"rents": rents}, AS_OF, seed=1, n_draws=N)
    moved = before["price_tier"] == "reserved"
    pd.testing.assert_frame_equal(before[~moved], after[~moved])
    assert (after.loc[moved, "irr_share_per_year_p50"] > before.loc[moved, "irr_share_per_year_p50"]).all()
    assert (after.loc[moved, "npv_usd_per_chip_p50"] > before.loc[moved, "npv_usd_per_chip_p50"]).all()


def test_a_seller_with_many_places_has_one_vote_and_old_prices_none(assumptions) -> None:
    flat = {"2025-06-01": 4.0, "2026-06-01": 4.0}
    halved = {"2025-06-01": 4.0, "2026-06-01": 2.0}
    rows = [row for place in "abcdef" for row in series("AWS", flat, place=place)] + series("Lambda", halved)
    rows += series("Old", {"2020-01-01": 9.0, "2021-01-01": 1.0})
    slopes = slopes_by_market(pd.DataFrame(rows), AS_OF, Assumptions(assumptions, "tco"))
    assert sorted(slopes["h100-sxm", "list"]) == pytest.approx([0.0, np.log(2)], abs=1e-3)


def test_before_the_first_vintage_there_is_an_empty_typed_table(market) -> None:
    early = date(2020, 1, 1)
    none = {name: frame.iloc[:0] for name, frame in market.items()} | {"assumptions": assumptions_as_of(early)}
    for run in (run_costs, run_returns):
        found = run(none, early, seed=1, n_draws=N)
        assert found.empty and {"float64"} == {
            str(t) for c, t in found.dtypes.items() if "share" in str(c) or "usd" in str(c)
        }


def test_knowledge_of_tomorrow_is_refused(market) -> None:
    with pytest.raises(LookAheadError, match="rents"):
        run_returns(market | {"rents": RENTS.assign(known_from=pd.Timestamp("2027-01-01"))}, AS_OF, 1, N)
