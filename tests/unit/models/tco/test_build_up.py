"""The parts of a cost add up, say what they rest on, and move only with their own inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.tco import cost
from models.tco.assumptions import Assumptions, LookAheadError
from models.tco.breakdown import COMPONENTS, run_components, run_scenarios
from models.tco.build_up import (
    CAPITAL_COMPONENTS,
    NONSERVER_COMPONENTS,
    OPERATING_COMPONENTS,
    OTHER_OPERATING_COMPONENTS,
    capital_shares,
    normalised,
    operating_shares,
)
from models.tco.run import KEY, run, run_draws
from models.tco.simulate import Simulation
from tests.unit.models.tco.cases import AS_OF

SEED, N = 7, 400
Frames = dict[str, pd.DataFrame]
positive = arrays(np.float64, 5, elements=st.floats(0.01, 100))


@given(arrays(np.float64, 5, elements=st.floats(0.3, 1)), st.tuples(*[positive] * len(NONSERVER_COMPONENTS)))
def test_capital_shares_add_up_and_keep_the_server(server: np.ndarray, weights: tuple[np.ndarray, ...]) -> None:  # type: ignore[type-arg]
    shares = capital_shares(server, dict(zip(NONSERVER_COMPONENTS, weights, strict=True)))
    assert tuple(shares) == CAPITAL_COMPONENTS
    np.testing.assert_allclose(np.sum(list(shares.values()), axis=0), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(shares["server"], server)
    assert all((share >= 0).all() for share in shares.values())


@given(positive, positive, positive, st.tuples(*[positive] * len(OTHER_OPERATING_COMPONENTS)))
def test_operating_shares_add_up_in_proportion(
    power: np.ndarray,
    rent: np.ndarray,
    other: np.ndarray,
    weights: tuple[np.ndarray, ...],  # type: ignore[type-arg]
) -> None:
    shares = operating_shares(power, rent, other, dict(zip(OTHER_OPERATING_COMPONENTS, weights, strict=True)))
    assert tuple(shares) == OPERATING_COMPONENTS
    np.testing.assert_allclose(np.sum(list(shares.values()), axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(shares["electricity"] / shares["colocation"], power / rent, rtol=1e-9)


def test_impossible_shares_are_named() -> None:
    with pytest.raises(ValueError, match="server's share"):
        capital_shares(np.array([1.2]), {name: np.ones(1) for name in NONSERVER_COMPONENTS})
    with pytest.raises(ValueError, match="weights"):
        normalised({"a": np.array([-1.0]), "b": np.array([2.0])})
    with pytest.raises(ValueError, match="weights"):
        normalised({"a": np.zeros(1), "b": np.zeros(1)})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_parts_add_up_to_the_total_in_every_draw(frames: Frames, seed: int) -> None:
    simulation = Simulation(Assumptions(frames["assumptions"], "tco"), seed, N)
    all_draws = list(simulation.cost_draws(frames["systems"]))
    assert len(all_draws) == 3 * 2 * 3
    for draws in all_draws:
        hourly = draws.hourly_by_component()
        assert tuple(hourly) == (*CAPITAL_COMPONENTS, *OPERATING_COMPONENTS)
        np.testing.assert_allclose(sum(hourly.values()), draws.tco_usd_per_chip_hour, rtol=1e-12)
        np.testing.assert_allclose(sum(draws.capex_by_component().values()), draws.capex_usd_per_chip, rtol=1e-12)
        assert all((part > 0).all() for part in hourly.values())


def components(frames: Frames) -> pd.DataFrame:
    return run_components(frames, AS_OF, SEED, N).set_index([*KEY, "component"])


def test_the_build_up_agrees_with_the_estimates(frames: Frames) -> None:
    rows, estimates = components(frames), run(frames, AS_OF, SEED, N).set_index(KEY)
    assert len(rows) == len(estimates) * len(COMPONENTS)
    totals = rows.xs("total", level="component")
    for statistic in ("p05", "p50", "p95"):
        pd.testing.assert_series_equal(
            totals[f"usd_per_chip_hour_{statistic}"],
            estimates[f"tco_usd_per_chip_hour_{statistic}"],
            check_names=False,
            check_exact=True,
        )
    parts = rows[rows["component_kind"] != "total"].groupby(KEY)
    np.testing.assert_allclose(parts["usd_per_chip_hour_mean"].sum(), totals["usd_per_chip_hour_mean"], rtol=1e-12)
    np.testing.assert_allclose(parts["capex_usd_per_chip_mean"].sum(), totals["capex_usd_per_chip_mean"], rtol=1e-12)
    # Quantiles of parts say more spread than the whole has: they must not be added.
    assert (parts["usd_per_chip_hour_p95"].sum() > totals["usd_per_chip_hour_p95"]).all()


def test_a_part_says_what_it_rests_on(frames: Frames) -> None:
    rows = components(frames)
    h100 = rows.loc[("hgx-h100-8", "hyperscaler", "v2025")]
    assert h100.loc["server", "component_basis"] == "published"
    assert h100.loc["server", "assumption_subjects"] == ""
    # 190 of 250 thousand USD, as published.
    assert h100.loc["server", "capex_usd_per_chip_mean"] / h100.loc["total", "capex_usd_per_chip_mean"] == (
        pytest.approx(0.76)
    )
    assert rows.loc[("trn2-ultraserver", "hyperscaler", "v2025", "server"), "component_basis"] == "ratio"
    for buyer, basis in (("hyperscaler", "ratio"), ("neocloud_giant", "published")):
        assert set(rows.loc[("hgx-h100-8", buyer, "v2026")].loc[["electricity", "colocation"], "component_basis"]) == {
            basis
        }
    assert rows.xs("electricity", level="component")["capex_usd_per_chip_mean"].isna().all()
    ratio = rows[rows["component_basis"] == "ratio"]
    known = set("assumption:" + frames["assumptions"]["subject"] + "/" + frames["assumptions"]["parameter"])
    assert all(set(names.split(", ")) <= known for names in ratio["assumption_subjects"])


def test_a_server_price_is_the_server(frames: Frames) -> None:
    priced = frames["systems"].assign(capex_basis="server_price", published_server_share=np.nan)
    simulation = Simulation(Assumptions(frames["assumptions"], "tco"), SEED, N)
    for draws in simulation.cost_draws(priced[priced["system_id"] == "hgx-h100-8"]):
        if draws.buyer_class == "hyperscaler":
            server = draws.capex_by_component()["server"]
            assert np.median(server) == pytest.approx(31_250, rel=0.02)
            assert np.std(server) < np.std(draws.capex_usd_per_chip)


@pytest.mark.parametrize(
    ("subject", "parameter", "value", "moved"),
    [
        ("component/storage", "nonserver_capex_weight_ratio", 0.12, set(NONSERVER_COMPONENTS)),
        ("component/internet", "other_opex_weight_ratio", 0.25, set(OTHER_OPERATING_COMPONENTS)),
        ("v2025/hyperscaler", "electricity_usd_per_kwh", 0.09, set(OPERATING_COMPONENTS)),
        ("v2026/hyperscaler", "pue_ratio", 1.15, set(OPERATING_COMPONENTS)),
    ],
)
def test_a_split_moves_the_parts_and_never_the_total(
    frames: Frames,
    set_assumption: Callable[[str, str, float], pd.DataFrame],
    subject: str,
    parameter: str,
    value: float,
    moved: set[str],
) -> None:
    before = components(frames)["usd_per_chip_hour_p50"]
    after = components({**frames, "assumptions": set_assumption(subject, parameter, value)})["usd_per_chip_hour_p50"]
    changed = before[before != after].index
    assert set(changed.get_level_values("component")) == moved
    if "/hyperscaler" in subject:
        assert set(changed.droplevel(["system_id", "component"])) == {("hyperscaler", subject[:5])}


def scenarios(frames: Frames) -> pd.DataFrame:
    return run_scenarios(frames, AS_OF, SEED, N).set_index([*KEY, "scenario_kind", "scenario_name"])


def test_scenarios_move_the_way_they_must(frames: Frames) -> None:
    rows = scenarios(frames)
    ratio = rows["tco_ratio_to_base_p50"]
    assert (ratio.xs("base", level="scenario_kind") == 1).all()
    assert (ratio.xs("infiniband", level="scenario_name") == 1).all()
    by_name = ratio.unstack(["scenario_kind", "scenario_name"])
    merchant = by_name.drop("trn2-ultraserver")
    network = merchant["network"]
    assert (network["whitebox_ethernet"] < network["arista"]).all()
    assert (network["arista"] < network["spectrum_x"]).all() and (network["spectrum_x"] < 1).all()
    assert by_name.loc["trn2-ultraserver", "network"].isna().all().all()
    markets = by_name["electricity_market"]
    assert (markets["Texas"] < 1).all() and (markets["California"] > 1).all()
    assert (by_name["depreciation", "straight_line"] < 1).all()
    assert by_name["facility", "self_built"].between(0.85, 1.15).all()
    # A change of one part leaves the rest of the cost as it was: the ratio is far tighter than the level.
    whitebox = rows.xs("whitebox_ethernet", level="scenario_name")
    level = np.log(whitebox["tco_usd_per_chip_hour_p95"] / whitebox["tco_usd_per_chip_hour_p05"])
    paired = np.log(whitebox["tco_ratio_to_base_p95"] / whitebox["tco_ratio_to_base_p05"])
    assert (paired < 0.15 * level).all()


def test_a_site_of_ones_own_replaces_the_rent(
    frames: Frames, set_assumption: Callable[[str, str, float], pd.DataFrame]
) -> None:
    before = scenarios(frames)["tco_usd_per_chip_hour_p50"]
    rent = set_assumption("v2025/neocloud_giant", "colo_usd_per_kw_month", 230.0)
    dearer = scenarios({**frames, "assumptions": rent})["tco_usd_per_chip_hour_p50"]
    tenants = before.index.get_level_values("scenario_kind") != "facility"
    affected = before.index.get_level_values("buyer_class").isin(["neocloud_giant"]) & (
        before.index.get_level_values("assumption_vintage") == "v2025"
    )
    assert (dearer[affected & tenants] > before[affected & tenants] + 0.01).all()
    np.testing.assert_allclose(dearer[~tenants], before[~tenants], rtol=1e-12)
    shell = scenarios({**frames, "assumptions": set_assumption("*", "shell_capex_usd_per_mw", 15e6)})
    assert (shell["tco_usd_per_chip_hour_p50"][~tenants] > before[~tenants]).all()
    pd.testing.assert_series_equal(shell["tco_usd_per_chip_hour_p50"][tenants], before[tenants], check_exact=True)


def test_an_unknown_shell_price_leaves_the_scenario_out(frames: Frames) -> None:
    early = frames["assumptions"][frames["assumptions"]["parameter"] != "shell_capex_usd_per_mw"]
    rows = scenarios({**frames, "assumptions": early})
    assert "facility" not in rows.index.get_level_values("scenario_kind")
    assert len(rows) > 0


def test_no_systems_give_empty_tables_with_columns(frames: Frames) -> None:
    nothing = {name: frame.iloc[:0] if name != "assumptions" else frame for name, frame in frames.items()}
    for function in (run, run_draws, run_components, run_scenarios):
        full, empty = function(frames, AS_OF, SEED, 20), function(nothing, AS_OF, SEED, 20)
        assert len(empty) == 0
        pd.testing.assert_series_equal(empty.dtypes, full.dtypes)


def test_equal_inputs_give_equal_rows_in_any_order(frames: Frames) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in frames.items()}
    for function in (run_components, run_scenarios):
        pd.testing.assert_frame_equal(
            function(frames, AS_OF, SEED, N), function(shuffled, AS_OF, SEED, N), check_exact=True
        )


@pytest.mark.parametrize("name", ["systems", "markets", "assumptions"])
def test_later_knowledge_is_refused(frames: Frames, name: str) -> None:
    late = frames[name].copy()
    late.loc[late.index[0], "known_from"] = pd.Timestamp("2026-11-23")
    with pytest.raises(LookAheadError, match=name):
        run_scenarios({**frames, name: late}, AS_OF, SEED, 10)
    if name != "markets":
        with pytest.raises(LookAheadError, match=name):
            run_components({**frames, name: late}, AS_OF, SEED, 10)


def test_self_built_by_hand() -> None:
    # 12.5 million USD per MW at 9 percent over 15 years is 126.8 USD a month per kW.
    annuity, upkeep = cost.self_built_usd_per_kw_month(12.5e6, 0.09, 15, 25)
    assert annuity == pytest.approx(126.8, abs=0.1)
    assert upkeep == 25
