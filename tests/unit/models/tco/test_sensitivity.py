"""The tornado: one input moved at a time, over the range of its own assumption row."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from models.tco.centre import run_inputs
from models.tco.run import KEY
from models.tco.sensitivity import SENSITIVITY_METRICS, run_sensitivity
from tests.unit.models.tco.cases import AS_OF

ROW = [*KEY, "metric", "input_name"]


@pytest.fixture
def tornado(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return run_sensitivity(frames, AS_OF)


def bars(tornado: pd.DataFrame, system: str, buyer: str, vintage: str, metric: str) -> pd.DataFrame:
    chosen = (tornado[[*KEY, "metric"]] == [system, buyer, vintage, metric]).all(axis=1)
    return tornado[chosen].set_index("input_name")


def test_every_input_of_the_method_has_a_bar(tornado: pd.DataFrame) -> None:
    rows = bars(tornado, "hgx-h100-8", "neocloud_giant", "v2026", "usd_per_effective_pflop_hour")
    assert set(rows.index) == {
        "capex", "capex_multiple_ratio", "wacc_ratio", "life_years", "residual_share", "electricity_usd_per_kwh",
        "power_utilisation_ratio", "pue_ratio", "colo_usd_per_kw_month", "other_opex_usd_per_kw_month",
        "utilisation_share", "all_in_power_kw_per_chip", "mfu_share", "backend_network_cost_ratio",
    }  # fmt: skip
    assert "backend_network_cost_ratio" not in set(
        tornado.loc[tornado["system_id"] == "trn2-ultraserver", "input_name"]
    )
    published = bars(tornado, "hgx-h100-8", "hyperscaler", "v2026", "tco_usd_per_chip_hour")
    assert "opex_usd_per_kw_month" in published.index and "capex_multiple_ratio" not in published.index


def test_the_middle_is_the_centre(tornado: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> None:
    centre = run_inputs(frames, AS_OF).set_index(KEY)
    for metric in SENSITIVITY_METRICS:
        rows = tornado[tornado["metric"] == metric]
        ours = centre[metric].loc[pd.MultiIndex.from_frame(rows[KEY])].to_numpy()
        assert rows["metric_at_mid_value"].to_numpy() == pytest.approx(ours, rel=1e-9)


def test_costs_move_the_way_they_must(tornado: pd.DataFrame) -> None:
    rows = tornado[tornado["metric"] == "usd_per_effective_pflop_hour"].set_index("input_name")
    for name in ("capex", "wacc_ratio", "electricity_usd_per_kwh", "pue_ratio", "all_in_power_kw_per_chip"):
        assert (rows.loc[name, "change_at_high_pct"] > 0).all(), name
        assert (rows.loc[name, "change_at_low_pct"] <= 0).all(), name
    for name in ("life_years", "mfu_share", "residual_share"):
        assert (rows.loc[name, "change_at_high_pct"] < 0).all(), name
    assert (rows.loc["utilisation_share", "swing_pct"] == 0).all()
    useful = tornado[(tornado["metric"] == "tco_usd_per_useful_chip_hour")].set_index("input_name")
    assert (useful.loc["utilisation_share", "change_at_high_pct"] < 0).all()


def test_by_hand(tornado: pd.DataFrame) -> None:
    row = bars(tornado, "gb200-nvl72", "hyperscaler", "v2025", "tco_usd_per_chip_hour").loc["capex"]
    # 15 percent on the purchase, of which capital is 1.74 of 2.21 USD.
    assert row["input_high_value"] == pytest.approx(54166.67 * 1.15, rel=1e-6)
    assert row["input_low_value"] == pytest.approx(54166.67 / 1.15, rel=1e-6)
    assert row["change_at_high_pct"] == pytest.approx(15 * 1.745 / 2.219, abs=0.1)
    own_range = bars(tornado, "trn2-ultraserver", "hyperscaler", "v2026", "tco_usd_per_chip_hour").loc["capex"]
    assert own_range["range_basis"] == "p05_p95"
    assert own_range["input_high_value"] == pytest.approx(14500 * 1.3, rel=1e-6)


def test_ranks_follow_swings(tornado: pd.DataFrame) -> None:
    for _, rows in tornado.groupby([*KEY, "metric"]):
        assert rows.sort_values("swing_pct_rank")["swing_pct"].is_monotonic_decreasing
        assert rows["swing_pct_rank"].min() == 1


def test_only_the_two_buyers_people_ask_for_and_no_row_twice(tornado: pd.DataFrame) -> None:
    assert set(tornado["buyer_class"]) == {"hyperscaler", "neocloud_giant"}
    assert not tornado.duplicated(ROW).any()


def test_a_wider_row_is_a_longer_bar(
    frames: dict[str, pd.DataFrame], tornado: pd.DataFrame, assumptions: pd.DataFrame
) -> None:
    row = (assumptions["subject"] == "v2026/hyperscaler") & (assumptions["parameter"] == "life_years")
    wider = assumptions.copy()
    wider.loc[row, "low"] = 3.0
    changed = run_sensitivity({**frames, "assumptions": wider}, AS_OF).set_index(ROW)["swing_pct"]
    before = tornado.set_index(ROW)["swing_pct"]
    moved = changed[changed != before].reset_index()
    assert set(moved["input_name"]) == {"life_years"}
    assert set(moved["assumption_vintage"]) == {"v2026"} and set(moved["buyer_class"]) == {"hyperscaler"}
    assert (changed >= before).all()


def test_an_early_day_is_empty_and_typed(frames: dict[str, pd.DataFrame], tornado: pd.DataFrame) -> None:
    nothing = run_sensitivity({**frames, "systems": frames["systems"].iloc[:0]}, AS_OF)
    assert len(nothing) == 0
    assert (nothing.dtypes == tornado.dtypes).all()


def test_a_missing_tornado_row_leaves_the_residual_out(
    frames: dict[str, pd.DataFrame], set_assumption: Callable[[str, str, float], pd.DataFrame]
) -> None:
    rows = frames["assumptions"]
    without = run_sensitivity({**frames, "assumptions": rows[rows["subject"] != "tornado"]}, AS_OF)
    assert "residual_share" not in set(without["input_name"])
