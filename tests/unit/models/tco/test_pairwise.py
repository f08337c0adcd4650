"""Pairs on paired draws: probabilities, ratios and the break-evens in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from models.tco import cost
from models.tco.assumptions import Assumptions
from models.tco.pairwise import BREAK_EVENS, PAIR, PAIRED_METRICS, RATIO, run_pairwise
from models.tco.run import ENGINE, metric_draws, summary
from models.tco.simulate import Simulation
from tests.unit.models.tco.cases import AS_OF

SEED, N_DRAWS = 11, 800


@pytest.fixture
def pair_frames(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    estimates = pd.DataFrame(
        {"system_id": ["gb200-nvl72", "hgx-h100-8"], "output_tok_per_s_chip": [800.0, 90.0]}
    )  # fmt: skip
    return {**frames, "estimates": estimates}


@pytest.fixture
def pairs(pair_frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return run_pairwise(pair_frames, AS_OF, SEED, N_DRAWS)


def test_both_directions_of_a_pair_agree(pairs: pd.DataFrame) -> None:
    rows = pairs.set_index(PAIR)
    swapped = pairs.rename(columns={"system_id": "rival_system_id", "rival_system_id": "system_id"}).set_index(PAIR)
    swapped = swapped.loc[rows.index]
    assert (rows["cheaper_probability"] + swapped["cheaper_probability"]).to_numpy() == pytest.approx(1.0, abs=1e-12)
    # Ends of a ratio turned round are the other ends; between draws quantiles are interpolated, hence 1 percent.
    assert (rows[f"{RATIO}_p05"] * swapped[f"{RATIO}_p95"]).to_numpy() == pytest.approx(1.0, abs=0.01)


def test_metrics_need_both_sides(pairs: pd.DataFrame) -> None:
    tokens = pairs[pairs["metric"] == "usd_per_million_output_tokens"]
    assert set(tokens["system_id"]) == {"gb200-nvl72", "hgx-h100-8"}
    fp4 = pairs[pairs["metric"] == "usd_per_marketed_fp4_pflop_hour"]
    assert set(fp4["system_id"]) <= {"gb200-nvl72", "trn2-ultraserver"}
    assert set(pairs["metric"]) <= set(PAIRED_METRICS)


def test_every_figure_is_that_of_the_draws(pair_frames: dict[str, pd.DataFrame], pairs: pd.DataFrame) -> None:
    """Quantiles scaled from the chip-hour are those of the metric's own draws, and all come from cost.py."""
    simulation = Simulation(Assumptions(pair_frames["assumptions"], ENGINE), SEED, N_DRAWS)
    specs = {str(r["system_id"]): r for r in pair_frames["systems"].to_dict("records")}
    drawn = {d.system_id: d for d in simulation.cost_draws(pair_frames["systems"], only_vintage="v2026")
             if d.buyer_class == "hyperscaler"}  # fmt: skip
    own, rival = drawn["trn2-ultraserver"], drawn["gb200-nvl72"]
    ours, theirs = (metric_draws(d, specs[d.system_id], float("nan")) for d in (own, rival))
    rows = pairs.set_index(PAIR)
    for metric in ("tco_usd_per_chip_hour", "usd_per_tb_per_s_hour", "usd_per_effective_pflop_hour"):
        units = own.tco_usd_per_chip_hour / ours[metric]
        capex = cost.break_even_capex(
            theirs[metric], units, own.operating_usd_per_chip_hour, own.wacc_ratio, own.life_years, own.residual_share
        )
        expected = {
            RATIO: ours[metric] / theirs[metric],
            "break_even_tco_usd_per_chip_hour": theirs[metric] * units,
            "break_even_utilisation_share": cost.break_even_utilisation(
                own.tco_usd_per_chip_hour, units, theirs[metric] / rival.utilisation_share
            ),
            "break_even_capex_usd_per_chip": np.nan_to_num(capex, nan=0.0),
        }
        found = rows.loc[(metric, "trn2-ultraserver", "gb200-nvl72", "hyperscaler", "v2026")]
        for name, value in summary(expected, list(expected)).items():
            assert found[name] == pytest.approx(value, rel=1e-9), (metric, name)
        assert found["cheaper_probability"] == pytest.approx(np.mean(ours[metric] < theirs[metric]))


def test_at_the_break_even_the_two_cost_the_same(pairs: pd.DataFrame) -> None:
    row = pairs.set_index(PAIR).loc[
        ("usd_per_tb_per_s_hour", "trn2-ultraserver", "gb200-nvl72", "hyperscaler", "v2025")
    ]
    # GB200 at 2.21 USD over 8 TB/s, times the 2.9 TB/s of Trainium2.
    assert row["break_even_tco_usd_per_chip_hour_p50"] == pytest.approx(2.21 * 2.9 / 8, abs=0.02)
    assert row["break_even_capex_usd_per_chip_p50"] == pytest.approx(18_300, rel=0.02)


def test_break_even_mfu_belongs_to_the_effective_pflop(pairs: pd.DataFrame) -> None:
    effective = pairs["metric"] == "usd_per_effective_pflop_hour"
    assert pairs.loc[effective, "break_even_mfu_share_p50"].notna().all()
    assert pairs.loc[~effective, "break_even_mfu_share_p50"].isna().all()
    assert (pairs[f"{BREAK_EVENS[0]}_p50"] > 0).all()


def test_a_rival_too_cheap_leaves_no_price(pair_frames: dict[str, pd.DataFrame]) -> None:
    systems = pair_frames["systems"].copy()
    systems.loc[systems["system_id"] == "trn2-ultraserver", "power_kw_per_chip"] = 30.0
    rows = run_pairwise({**pair_frames, "systems": systems}, AS_OF, SEED, N_DRAWS).set_index(PAIR)
    row = rows.loc[("tco_usd_per_chip_hour", "trn2-ultraserver", "gb200-nvl72", "hyperscaler", "v2026")]
    assert np.isnan(row["break_even_capex_usd_per_chip_p50"])
    assert row["cheaper_probability"] == 0.0


def test_a_changed_row_moves_its_pairs_and_no_other(
    pair_frames: dict[str, pd.DataFrame], pairs: pd.DataFrame, set_assumption: Callable[[str, str, float], pd.DataFrame]
) -> None:
    changed = run_pairwise(
        {**pair_frames, "assumptions": set_assumption("trainium2", "mfu_dense_bf16_share", 0.31)}, AS_OF, SEED, N_DRAWS
    )
    moved = pairs[(pairs[f"{RATIO}_p50"] != changed[f"{RATIO}_p50"])]
    assert set(moved["metric"]) == {"usd_per_effective_pflop_hour"}
    with_trainium = (moved[["system_id", "rival_system_id"]] == "trn2-ultraserver").any(axis=1)
    assert with_trainium.all() and len(moved) == 4 * 3 * 2


def test_an_early_day_is_empty_and_typed(pair_frames: dict[str, pd.DataFrame], pairs: pd.DataFrame) -> None:
    empty = {**pair_frames, "systems": pair_frames["systems"].iloc[:0], "estimates": pair_frames["estimates"].iloc[:0]}
    nothing = run_pairwise(empty, AS_OF, SEED, N_DRAWS)
    assert len(nothing) == 0
    assert (nothing.dtypes == pairs.dtypes).all()
