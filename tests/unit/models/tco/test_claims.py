"""Claims as probabilities: what decides them, what they cannot be tested without, and where they are circular."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from models.tco.claims import CLAIM_KEY, CLAIMS, NOTHING, Contest, Side, decider, holds, run_claims
from tests.unit.models.tco.cases import AS_OF, GB200, SYSTEM, TRAINIUM2

SEED, N_DRAWS = 5, 1000
NAN = float("nan")
EVIDENCE = {"capex_evidence_ids": ["C1"], "power_evidence_ids": ["O1"]}
TRAINIUM3 = {
    **TRAINIUM2, "system_id": "trn3-gen2-ultraserver", "accelerator_id": "trainium3", "price_usd_per_chip": 21000.0,
    "price_low_usd_per_chip": 14000.0, "price_high_usd_per_chip": 30000.0, "power_kw_per_chip": 1.7,
    "memory_bandwidth_tb_per_s": 4.9, "mfu_subject": "trainium3", "dense_fp16_tflops": 671.0,
    "dense_fp4_tflops": 2517.0,
}  # fmt: skip
RUBIN = {
    **GB200, "system_id": "vera-rubin-nvl72", "accelerator_id": "r200", "price_usd_per_chip": 115000.0,
    "price_low_usd_per_chip": NAN, "price_high_usd_per_chip": NAN, "capex_basis": "server_price",
    "power_kw_per_chip": 3.2, "memory_bandwidth_tb_per_s": 22.0, "dense_fp16_tflops": 4000.0, "mfu_subject": "r200",
    "assumption_vintage": "v2026",
}  # fmt: skip


@pytest.fixture
def claim_frames(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    chips = [{}, GB200, TRAINIUM2, TRAINIUM3]
    rows = [{**SYSTEM, **chip, "assumption_vintage": v} for chip in chips for v in ("v2025", "v2026")]
    earlier = {
        "system_id": "vera-rubin-nvl72", "accelerator_id": "r200-gtc25", "dense_fp16_tflops": NAN,
        "dense_fp8_tflops": NAN, "dense_fp4_tflops": NAN, "memory_bandwidth_tb_per_s": 13.0,
    }  # fmt: skip
    systems = pd.DataFrame([{**row, **EVIDENCE} for row in (*rows, {**SYSTEM, **RUBIN})])
    tokens = pd.DataFrame(
        {
            "accelerator_id": ["gb200", "trainium2", "trainium3", "r200"],
            "output_tok_per_s_chip": [440.0, 53.0, 181.0, 1556.0],
            "throughput_half_width_share": [1.06, 2.03, 2.03, 2.03],
        }
    )
    return {**frames, "systems": systems, "earlier_specs": pd.DataFrame([earlier]), "tokens": tokens}


@pytest.fixture
def claims(claim_frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return run_claims(claim_frames, AS_OF, SEED, N_DRAWS).set_index(CLAIM_KEY)


def test_trainium2_against_gb200_is_circular_and_says_what_decides(claims: pd.DataFrame) -> None:
    row = claims.loc[("trainium2_dearer_per_effective_pflop", "v2025", "gb200")]
    assert row["is_circular"] and "bracket" in row["circularity_reason"]
    assert row["decided_by"] == "MFU of the system"
    assert row["decided_by_evidence_ids"] == "assumption:trainium2/mfu_dense_bf16_share"
    assert row["holds_at_low_probability"] > row["holds_probability"] > row["holds_at_high_probability"]
    bandwidth = claims.loc[("trainium2_cheaper_per_tb_per_s", "v2025", "gb200")]
    assert bandwidth["decided_by"] == "capex of the system"
    assert bandwidth["cost_ratio_to_rival_p50"] == pytest.approx(0.85, abs=0.02)


def test_modelled_tokens_carry_the_error_of_the_model(claims: pd.DataFrame) -> None:
    row = claims.loc[("trainium2_competitive_per_modelled_token", "v2025", "gb200")]
    hour = claims.loc[("trainium2_cheaper_per_tb_per_s", "v2025", "gb200"), "cost_ratio_to_rival_p50"] * 2.9 / 8
    assert row["cost_ratio_to_rival_p50"] == pytest.approx(hour * 440 / 53, rel=0.1)
    assert row["cost_ratio_to_rival_p95"] / row["cost_ratio_to_rival_p05"] > 9
    assert row["decided_by"] == "modelled throughput of the system"
    unmodelled = claims.loc[("trainium3_competitive_per_modelled_token", "v2026", "r200-gtc25")]
    assert unmodelled["missing_inputs"] == "modelled throughput of r200-gtc25"


def test_an_observed_price_ends_the_circle(claim_frames: dict[str, pd.DataFrame]) -> None:
    systems = claim_frames["systems"].copy()
    systems.loc[systems["accelerator_id"] == "trainium2", "capex_basis"] = "chip_price"
    rows = run_claims({**claim_frames, "systems": systems}, AS_OF, SEED, N_DRAWS)
    assert not rows.loc[rows["system_id"] == "trn2-ultraserver", "is_circular"].any()


def test_both_specifications_of_the_rival_at_one_cost(claims: pd.DataFrame) -> None:
    then = claims.loc[("trainium3_cheaper_per_tb_per_s", "v2026", "r200-gtc25")]
    now = claims.loc[("trainium3_cheaper_per_tb_per_s", "v2026", "r200")]
    assert now["cost_ratio_to_rival_p50"] / then["cost_ratio_to_rival_p50"] == pytest.approx(22 / 13, rel=1e-9)
    assert then["holds_probability"] > 0.99 > now["holds_probability"]


def test_what_is_missing_is_said_and_never_guessed(claims: pd.DataFrame) -> None:
    unpriced = claims.loc[("trainium3_cheaper_per_tb_per_s", "v2025", "")]
    assert unpriced["missing_inputs"] == "price of vera-rubin-nvl72 in this vintage"
    assert np.isnan(unpriced["holds_probability"]) and np.isnan(unpriced["cost_ratio_to_rival_p50"])
    unspecified = claims.loc[("trainium3_dearer_per_effective_pflop", "v2026", "r200-gtc25")]
    assert unspecified["missing_inputs"] == "dense_fp16_tflops of r200-gtc25"


def test_claims_without_a_threshold_are_not_known(claim_frames: dict[str, pd.DataFrame]) -> None:
    rows = claim_frames["assumptions"]
    none = rows[~rows["subject"].str.startswith("claim/")]
    nothing = run_claims({**claim_frames, "assumptions": none}, AS_OF, SEED, N_DRAWS)
    assert len(nothing) == 0
    assert (nothing.dtypes == run_claims(claim_frames, AS_OF, SEED, N_DRAWS).dtypes).all()


def test_an_early_day_without_systems_says_so_or_is_silent(claim_frames: dict[str, pd.DataFrame]) -> None:
    empty = {**claim_frames, "systems": claim_frames["systems"].iloc[:0]}
    rows = run_claims(empty, AS_OF, SEED, N_DRAWS)
    assert rows["holds_probability"].isna().all()
    assert rows["missing_inputs"].str.startswith("price of ").all()


def test_a_changed_mfu_moves_only_claims_about_compute(
    claim_frames: dict[str, pd.DataFrame],
    claims: pd.DataFrame,
    set_assumption: Callable[[str, str, float], pd.DataFrame],
) -> None:
    frames = {**claim_frames, "assumptions": set_assumption("trainium2", "mfu_dense_bf16_share", 0.31)}
    changed = run_claims(frames, AS_OF, SEED, N_DRAWS).set_index(CLAIM_KEY)["cost_ratio_to_rival_p50"]
    before = claims["cost_ratio_to_rival_p50"]
    moved = changed[(changed != before) & before.notna()].reset_index()
    assert set(moved["claim_id"]) == {"trainium2_dearer_per_effective_pflop"}


def test_every_claim_has_a_threshold_and_names_are_unique(assumptions: pd.DataFrame) -> None:
    stated = {s.removeprefix("claim/") for s in assumptions["subject"] if s.startswith("claim/")}
    assert stated == {claim.claim_id for claim in CLAIMS}
    assert len({claim.claim_id for claim in CLAIMS}) == len(CLAIMS)


def test_bounds_are_closed_and_may_be_open_at_a_side() -> None:
    ratio = np.array([0.7, 0.75, 1.0, 1.15, 1.2])
    assert holds(ratio, 0.75, 1.15) == pytest.approx(0.6)
    assert holds(ratio, NAN, 1.0) == pytest.approx(0.6)
    assert holds(ratio, 1.0, NAN) == pytest.approx(0.6)


def test_the_decider_is_found_among_inputs_that_matter() -> None:
    rng = np.random.default_rng(0)
    one = np.ones(2000)
    wide = np.exp(0.5 * rng.standard_normal(2000))
    rival = Side(20_000 * one, one, 1.0, one, "unit")
    own = Side(20_000 * wide, one, 1.0, one, "unit")
    contest = Contest(own, rival, 0.09 * one, 6 * one, 0 * one, 185 * one)
    name, at_low, at_high = decider(contest, NAN, 1.0)
    assert (name, at_low, at_high) == ("capex of the system", 1.0, 0.0)
    certain = Contest(rival, rival, 0.09 * one, 6 * one, 0 * one, 185 * one)
    assert decider(certain, NAN, 1.0)[0] == NOTHING
