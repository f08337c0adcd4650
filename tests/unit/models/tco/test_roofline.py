"""The roofline: what it must do whatever the efficiencies, and whether a fit finds what made the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tco.roofline import (
    Efficiency,
    Limits,
    fit,
    prefill_tok_per_s_chip,
    read_params_b,
    routed_params_b,
    step_seconds,
    throughput,
)

LIMITS = Limits(usable_memory_share=0.9, layer_latency_us=60.0, scale_out_gb_per_s=50.0, scale_out_latency_ratio=2.0)
EFFICIENCY = Efficiency(0.6, 0.2, 0.3, 0.5)
# GB200 serving DeepSeek-R1 in FP8, 8k prompts and 1k answers.
POINT = {
    "peak_tflops": 5000.0,
    "memory_bandwidth_tb_per_s": 8.0,
    "memory_gb": 186.0,
    "scale_up_gb_per_s": 900.0,
    "domain_chips": 72.0,
    "params_total_b": 671.0,
    "params_active_b": 37.0,
    "layers": 61.0,
    "d_model": 7168.0,
    "experts": 256.0,
    "experts_per_token": 8.0,
    "kv_values_per_token": 61 * 576.0,
    "query_heads_per_kv": 128.0,
    "weight_bytes_per_parameter": 1.0,
    "kv_bytes_per_value": 1.0,
    "prompt_tokens": 8192.0,
    "answer_tokens": 1024.0,
    "is_disaggregated": True,
    "tok_per_s_user": 50.0,
}
DENSE = {"params_total_b": 70.0, "params_active_b": 70.0, "experts": 0.0, "experts_per_token": 0.0}
shares = st.floats(0.05, 0.95)
efficiencies = st.builds(Efficiency, shares, shares, shares, shares)


def points(*changes: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([{**POINT, **change} for change in changes])


def test_routed_parameters_by_hand() -> None:
    """DeepSeek-V3: 58 layers x 256 experts x 3 x 7168 x 2048 = 654 billion parameters in routed experts."""
    routed = routed_params_b(np.array(671.0), np.array(37.0), np.array(256.0), np.array(8.0))
    assert float(routed) == pytest.approx(58 * 256 * 3 * 7168 * 2048 / 1e9, rel=0.002)


def test_one_user_reads_the_active_parameters_and_many_read_all() -> None:
    users = np.array([1.0, 64.0, 1e6])
    read = read_params_b(np.array(671.0), np.array(37.0), np.array(256.0), np.array(8.0), users)
    assert read[0] == pytest.approx(37.0)
    assert 37 < read[1] < read[2]
    assert read[2] == pytest.approx(671.0)
    dense = read_params_b(np.array(70.0), np.array(70.0), np.array(0.0), np.array(0.0), users)
    assert dense.tolist() == [70.0, 70.0, 70.0]


def test_step_of_one_user_by_hand() -> None:
    """Dense, one chip, one user: weights and cache over bandwidth, work over peak, and one layer's latency."""
    case = points({**DENSE, "prompt_tokens": 1000.0, "answer_tokens": 1000.0})
    memory = (70e9 + 1500 * 61 * 576) / (8e12 * 0.6)
    compute = (2 * 70e9 + 2 * 1500 * 61 * 576 * 128) / (5e15 * 0.2)
    network = 0.5 * 61 * 60e-6
    found = step_seconds(case, EFFICIENCY, LIMITS, np.array([[[1.0]]]), np.array([[[1.0]]]))
    assert found.item() == pytest.approx(memory + compute + network)


def test_an_exchange_beyond_the_domain_takes_longer() -> None:
    """Sixteen chips in one domain or in two: twice the latency, and activations over the slower network."""
    inside, outside = step_seconds(
        points({"domain_chips": 16.0}, {"domain_chips": 8.0}),
        Efficiency(0.6, 0.2, 0.3, 0.5), LIMITS, np.array([[[16.0]]]), np.array([[[32.0]]]),
    ).ravel()  # fmt: skip
    moved = 32 / 16 * 8 * 7168 * 3 * (1 - 1 / 16)
    more = 61 * (60e-6 * np.log2(32) + moved * (1 / 50e9 - 1 / 900e9))
    assert outside - inside == pytest.approx(0.5 * more)


def test_prefill_by_hand() -> None:
    flop = 2 * 37e9 + 2 * 61 * 7168 * 8192
    assert prefill_tok_per_s_chip(points({}), EFFICIENCY).item() == pytest.approx(5e15 * 0.3 / flop)


@settings(max_examples=25, deadline=None)
@given(efficiencies, st.booleans())
def test_throughput_falls_with_speed(efficiency: Efficiency, separate: bool) -> None:
    tiers = [{"tok_per_s_user": t, "is_disaggregated": separate} for t in (10.0, 30.0, 50.0, 75.0, 100.0)]
    found = throughput(points(*tiers), efficiency, LIMITS)
    reached = found[~np.isnan(found)]
    assert np.all(np.diff(reached) <= 1e-9 * reached[:-1])
    # Out of reach once is out of reach at every higher speed.
    assert np.isnan(found[reached.size :]).all()


@settings(max_examples=25, deadline=None)
@given(efficiencies, st.sampled_from(["memory_bandwidth_tb_per_s", "peak_tflops", "memory_gb", "scale_up_gb_per_s"]))
def test_a_better_chip_is_never_slower(efficiency: Efficiency, what: str) -> None:
    slow, fast = throughput(points({}, {what: 2 * float(str(POINT[what]))}), efficiency, LIMITS)
    assert np.isnan(slow) or fast >= slow * (1 - 1e-9)


def test_longer_prompts_and_shared_chips_cost_throughput() -> None:
    short, long, shared = throughput(
        points({"prompt_tokens": 1024.0}, {}, {"is_disaggregated": False}), EFFICIENCY, LIMITS
    )
    assert short > long >= shared


def test_weights_that_do_not_fit_are_out_of_reach() -> None:
    one_domain = {"domain_chips": 8.0, "memory_gb": 80.0, "is_disaggregated": False}
    assert np.isnan(throughput(points(one_domain), EFFICIENCY, LIMITS)).all()
    assert throughput(points(one_domain), EFFICIENCY, LIMITS, stretch=True) > 0
    # Sixteen such chips hold them, but only apart from prefill may an instance leave its domain.
    assert throughput(points({**one_domain, "is_disaggregated": True}), EFFICIENCY, LIMITS) > 0


def test_a_fit_finds_the_efficiencies_that_made_the_data() -> None:
    truth = Efficiency(0.7, 0.1, 0.2, 0.4)
    cases = points(
        *(
            {"tok_per_s_user": t, "prompt_tokens": p, "is_disaggregated": d, "memory_bandwidth_tb_per_s": b}
            for t in (20.0, 30.0, 50.0, 75.0)
            for p in (1024.0, 8192.0)
            for d in (True, False)
            for b in (4.8, 8.0)
        )
    )
    made = cases.assign(output_tok_per_s_chip=throughput(cases, truth, LIMITS)).dropna()
    found = fit(made, np.ones(len(made)), LIMITS, Efficiency(0.5, 0.3, 0.3, 0.6), shrinkage=1e-6, steps=40)
    assert found.logits() == pytest.approx(truth.logits(), abs=0.15)


def test_without_points_the_fit_is_its_centre() -> None:
    assert fit(points({}).iloc[:0], np.array([]), LIMITS, EFFICIENCY, 0.1) is EFFICIENCY


def test_heavy_shrinkage_keeps_the_centre() -> None:
    made = points({}).assign(output_tok_per_s_chip=100.0)
    found = fit(made, np.ones(1), LIMITS, EFFICIENCY, shrinkage=1e9)
    assert found.logits() == pytest.approx(EFFICIENCY.logits(), abs=1e-4)


@given(efficiencies)
def test_logits_go_back(efficiency: Efficiency) -> None:
    assert Efficiency.of_logits(efficiency.logits()).logits() == pytest.approx(efficiency.logits())


@pytest.mark.parametrize("share", [0.0, 1.2, -0.1])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="memory_share"):
        Efficiency(share, 0.5, 0.5, 0.5)
