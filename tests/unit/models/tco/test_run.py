"""The engine on small frames: published levels, pairing, isolation of changes, determinism, no look-ahead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.tco.assumptions import AssumptionError, Assumptions, LookAheadError
from models.tco.run import COMPARED, KEY, METRICS, run, run_draws, summary
from models.tco.simulate import Simulation, buyer_classes
from tests.unit.models.tco.cases import AS_OF, GB200, SYSTEM, assumptions_as_of

SEED, N = 7, 2000
Frames = dict[str, pd.DataFrame]


def estimate(frames: Frames, as_of: date = AS_OF) -> pd.DataFrame:
    return run(frames, as_of, SEED, N).set_index(KEY)


@pytest.mark.parametrize(
    ("system", "vintage", "capital", "operating", "total"),
    [
        ("hgx-h100-8", "v2025", 1.01, 0.34, 1.35),
        ("gb200-nvl72", "v2025", 1.74, 0.49, 2.23),
        ("gb200-nvl72", "v2026", 1.34, 0.49, 1.83),
    ],
)
def test_medians_reproduce_published_levels(
    frames: Frames, system: str, vintage: str, capital: float, operating: float, total: float
) -> None:
    # 0.03 USD: the engine draws rates around the central values and uses one operating cost per kW for all chips.
    row = estimate(frames).loc[(system, "hyperscaler", vintage)]
    assert row["capital_usd_per_chip_hour_p50"] == pytest.approx(capital, abs=0.03)
    assert row["operating_usd_per_chip_hour_p50"] == pytest.approx(operating, abs=0.03)
    assert row["tco_usd_per_chip_hour_p50"] == pytest.approx(total, abs=0.03)


def test_neocloud_levels(frames: Frames) -> None:
    rows = estimate(frames)
    assert rows.loc[("gb200-nvl72", "neocloud_giant", "v2025"), "tco_usd_per_chip_hour_p50"] == pytest.approx(
        2.75, abs=0.1
    )
    assert rows.loc[("gb200-nvl72", "neocloud_giant", "v2026"), "tco_usd_per_chip_hour_p50"] == pytest.approx(
        2.26, abs=0.1
    )
    by_buyer = rows["tco_usd_per_chip_hour_p50"].unstack("buyer_class")
    assert (by_buyer["hyperscaler"] < by_buyer["neocloud_giant"]).all()
    assert (by_buyer["neocloud_giant"] < by_buyer["emerging_neocloud"]).all()


def test_quantiles_are_ordered_and_strict(frames: Frames) -> None:
    rows = run(frames, AS_OF, SEED, N)
    for metric in METRICS:
        known = rows[rows[f"{metric}_p50"].notna()]
        assert len(known) > 0, metric
        assert (known[f"{metric}_p05"] < known[f"{metric}_p50"]).all(), metric
        assert (known[f"{metric}_p50"] < known[f"{metric}_p95"]).all(), metric


def test_quantiles_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 1000):
        draws = {"a": rng.normal(size=n), "b": rng.lognormal(size=n)}
        found = summary(draws, ["a", "b", "missing"], mean=True)
        for name, values in draws.items():
            expected = [*np.quantile(values, (0.05, 0.5, 0.95)), values.mean()]
            assert [found[f"{name}_{s}"] for s in ("p05", "p50", "p95", "mean")] == pytest.approx(expected, rel=1e-12)
        assert np.isnan(found["missing_p50"])


def test_ratios_are_tighter_than_levels(frames: Frames) -> None:
    draws = run_draws(frames, AS_OF, SEED, N)
    draws = draws[draws["buyer_class"] == "hyperscaler"]
    tco = (draws["capital_usd_per_chip_hour"] + draws["operating_usd_per_chip_hour"]).groupby(draws["system_id"])
    levels = {str(name): values.to_numpy() for name, values in tco}
    gb200, h100 = levels["gb200-nvl72"], levels["hgx-h100-8"]

    def spread(values: np.ndarray) -> float:  # type: ignore[type-arg]
        return float(np.std(np.log(values)))

    unpaired = spread(gb200 / np.roll(h100, 1))
    # With half of the price variance in common, a ratio is as wide as one price; rates and facility cost cancel on top.
    assert spread(gb200 / h100) < 0.95 * min(spread(gb200), spread(h100))
    assert spread(gb200 / h100) < 0.70 * unpaired


def test_the_dearer_the_money_the_more_pairing_helps(frames: Frames) -> None:
    """The wider what two systems share (money, facility, mark-up), the tighter their ratio is against their levels."""
    simulation = Simulation(Assumptions(frames["assumptions"], "tco"), SEED, N)
    levels = {
        (draws.system_id, draws.buyer_class): np.log(draws.tco_usd_per_chip_hour)
        for draws in simulation.cost_draws(frames["systems"], only_vintage="v2026")
    }

    def ratio_to_level(buyer: str) -> float:
        gb200, h100 = levels["gb200-nvl72", buyer], levels["hgx-h100-8", buyer]
        return float(np.std(gb200 - h100) / np.std(gb200))

    shares = [ratio_to_level(buyer) for buyer in ("hyperscaler", "neocloud_giant", "emerging_neocloud")]
    assert shares == sorted(shares, reverse=True)
    # Half of the price variance is a chip's own: two prices of one class leave a ratio as wide as one price.
    assert shares[0] < 0.95 and shares[2] < 0.80
    # One machine for two buyers shares its price as well.
    buyers = levels["gb200-nvl72", "neocloud_giant"] - levels["gb200-nvl72", "hyperscaler"]
    assert np.std(buyers) < 0.75 * np.std(levels["gb200-nvl72", "hyperscaler"])
    # The same chip in two machines differs in nothing that is drawn.
    twin = pd.DataFrame([{**SYSTEM, "system_id": s, "assumption_vintage": "v2026"} for s in ("one", "other")])
    one, other = (d.tco_usd_per_chip_hour for d in simulation.cost_draws(twin) if d.buyer_class == "hyperscaler")
    assert np.array_equal(one, other)


def test_published_draws_are_the_first_of_the_many(frames: Frames) -> None:
    few, many = run_draws(frames, AS_OF, SEED, 500), run_draws(frames, AS_OF, SEED, 5000)
    first = many[many["draw_id"] < 500].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, first, check_exact=True)


def test_draws_add_up_to_the_estimates(frames: Frames) -> None:
    draws = run_draws(frames, AS_OF, SEED, N)
    assert set(draws["assumption_vintage"]) == {"v2026"}
    assert set(draws["buyer_class"]) == {"hyperscaler", "neocloud_giant"}
    assert draws["draw_id"].min() == 0 and draws["draw_id"].max() == N - 1
    one = draws[(draws["system_id"] == "gb200-nvl72") & (draws["buyer_class"] == "hyperscaler")]
    median = (one["capital_usd_per_chip_hour"] + one["operating_usd_per_chip_hour"]).median()
    assert median == estimate(frames).loc[("gb200-nvl72", "hyperscaler", "v2026"), "tco_usd_per_chip_hour_p50"]


def test_equal_inputs_give_equal_rows_in_any_order(frames: Frames) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in frames.items()}
    pd.testing.assert_frame_equal(run(frames, AS_OF, SEED, N), run(shuffled, AS_OF, SEED, N), check_exact=True)
    pd.testing.assert_frame_equal(
        run_draws(frames, AS_OF, SEED, N), run_draws(shuffled, AS_OF, SEED, N), check_exact=True
    )


def test_one_price_moves_only_the_systems_that_use_it(frames: Frames) -> None:
    before = estimate(frames)
    dearer = frames["systems"].copy()
    price = [c for c in dearer.columns if c.startswith("price_")]
    dearer.loc[dearer["accelerator_id"] == "h100-sxm", price] *= 1.1
    after = estimate({**frames, "systems": dearer})
    moved = (before["tco_usd_per_chip_hour_p50"] != after["tco_usd_per_chip_hour_p50"]).groupby("system_id").all()
    assert moved.to_dict() == {"gb200-nvl72": False, "hgx-h100-8": True, "trn2-ultraserver": False}
    others = ["gb200-nvl72", "trn2-ultraserver"]
    pd.testing.assert_frame_equal(before.loc[others], after.loc[others], check_exact=True)


def test_an_added_system_changes_no_other(frames: Frames) -> None:
    more = pd.concat([frames["systems"], pd.DataFrame([{**SYSTEM, "system_id": "zz", "accelerator_id": "zz"}])])
    before, after = estimate(frames), estimate({**frames, "systems": more})
    pd.testing.assert_frame_equal(before, after.loc[before.index], check_exact=True)


@pytest.mark.parametrize(
    ("subject", "parameter", "value", "metric", "rises"),
    [
        ("v2025/hyperscaler", "wacc_ratio", 0.08, "tco_usd_per_chip_hour_p50", True),
        ("v2025/hyperscaler", "life_years", 5.0, "tco_usd_per_chip_hour_p50", False),
        ("v2025/hyperscaler", "utilisation_share", 0.85, "tco_usd_per_useful_chip_hour_p50", False),
        ("v2025/hyperscaler", "opex_usd_per_kw_month", 205.0, "tco_usd_per_chip_hour_p50", True),
        ("v2025/neocloud_giant", "electricity_usd_per_kwh", 0.10, "operating_usd_per_chip_hour_p50", True),
        ("v2025/neocloud_giant", "pue_ratio", 1.35, "operating_usd_per_chip_hour_p50", True),
        ("v2025/neocloud_giant", "capex_multiple_ratio", 1.2, "capex_usd_per_chip_p50", True),
        ("trainium2", "mfu_dense_bf16_share", 0.35, "usd_per_effective_pflop_hour_p50", False),
    ],
)
def test_one_assumption_moves_what_depends_on_it_and_nothing_else(
    frames: Frames,
    set_assumption: Callable[[str, str, float], pd.DataFrame],
    subject: str,
    parameter: str,
    value: float,
    metric: str,
    rises: bool,
) -> None:
    before = estimate(frames)
    after = estimate({**frames, "assumptions": set_assumption(subject, parameter, value)})
    if "/" in subject:
        vintage, buyer = subject.split("/")
        depends = before.index.isin([i for i in before.index if i[1:] == (buyer, vintage)])
    else:
        depends = before.index.get_level_values("system_id") == "trn2-ultraserver"
    change = after[metric] - before[metric]
    assert (change[depends] > 0).all() if rises else (change[depends] < 0).all()
    pd.testing.assert_frame_equal(before[~depends], after[~depends], check_exact=True)


COSTS = {m for m in METRICS if m.startswith(("tco_", "usd_"))}
OPERATING = COSTS | {"operating_usd_per_chip_hour"}
CAPITAL = COSTS | {"capital_usd_per_chip_hour"}
PURCHASE = CAPITAL | {"capex_usd_per_chip"}
# What each assumption of the cost moves; what is not named here splits a total and moves no metric at all.
MOVED_BY_PARAMETER: dict[str, set[str]] = {
    "wacc_ratio": CAPITAL,
    "life_years": CAPITAL,
    "residual_share": CAPITAL,
    "capex_multiple_ratio": PURCHASE,
    "utilisation_share": {"tco_usd_per_useful_chip_hour"},
    "opex_usd_per_kw_month": OPERATING,
    "mfu_dense_bf16_share": {"usd_per_effective_pflop_hour"},
}
BUILD_UP = ("electricity_usd_per_kwh", "power_utilisation_ratio", "pue_ratio", "colo_usd_per_kw_month")
MOVED_BY_INPUT: dict[str, set[str]] = {
    "price_usd_per_chip": PURCHASE,
    "power_kw_per_chip": OPERATING,
    "dense_fp16_tflops": {"usd_per_marketed_pflop_hour", "usd_per_effective_pflop_hour"},
    "dense_fp8_tflops": {"usd_per_marketed_fp8_pflop_hour"},
    "dense_fp4_tflops": {"usd_per_marketed_fp4_pflop_hour"},
    "memory_bandwidth_tb_per_s": {"usd_per_tb_per_s_hour"},
    "memory_gb": {"usd_per_gb_hour"},
    "scale_up_bandwidth_gb_per_s": {"usd_per_scale_up_tb_per_s_hour"},
    "scale_up_domain_chips": {"usd_per_scale_up_domain_hour"},
    "published_server_share": set(),
}


def moved(before: pd.DataFrame, after: pd.DataFrame) -> dict[tuple[str, str, str], set[str]]:
    """Metrics whose median changed, by row; a metric no row has is left out."""
    medians = [f"{metric}_p50" for metric in METRICS]
    changed = before[medians].ne(after[medians]) & before[medians].notna()
    return {
        key: {m for m, moves in zip(METRICS, row, strict=True) if moves}
        for key, row in zip(before.index, changed.to_numpy(), strict=True)
    }


def test_every_assumption_row_moves_all_that_depends_on_it_and_nothing_else(frames: Frames) -> None:
    rows = frames["assumptions"]
    before = run(frames, AS_OF, SEED, 25).set_index(KEY)
    known = {key: {m for m in METRICS if pd.notna(before.loc[key, f"{m}_p50"])} for key in before.index}
    buyers = rows[rows["subject"].str.startswith("v2025/")]
    assert len(buyers) > 25
    for index, row in buyers.iterrows():
        changed = rows.copy()
        shift = 0.02 * (row["value"] or 1.0)
        for column in ("value", "low", "high"):
            changed.loc[index, column] += shift
        after = run({**frames, "assumptions": changed}, AS_OF, SEED, 25).set_index(KEY)
        vintage, buyer = row["subject"].split("/")
        expected = MOVED_BY_PARAMETER.get(row["parameter"], set())
        if buyer != "hyperscaler" and row["parameter"] in (*BUILD_UP, "other_opex_usd_per_kw_month"):
            expected = OPERATING
        for key, metrics in moved(before, after).items():
            wanted = expected & known[key] if key[1:] == (buyer, vintage) else set()
            assert metrics == wanted, (row["subject"], row["parameter"], key)


@pytest.mark.parametrize("column", MOVED_BY_INPUT)
def test_every_input_of_a_system_moves_all_that_depends_on_it_and_nothing_else(frames: Frames, column: str) -> None:
    before = run(frames, AS_OF, SEED, 25).set_index(KEY)
    changed = frames["systems"].copy()
    changed[column] = changed[column].astype(float)
    one = changed["system_id"] == "gb200-nvl72"
    for name in (column, "price_low_usd_per_chip", "price_high_usd_per_chip"):
        if name == column or column == "price_usd_per_chip":
            changed.loc[one, name] *= 1.01
    after = run({**frames, "systems": changed}, AS_OF, SEED, 25).set_index(KEY)
    for key, metrics in moved(before, after).items():
        assert metrics == (MOVED_BY_INPUT[column] if key[0] == "gb200-nvl72" else set()), key


def test_per_domain_and_by_precision(frames: Frames) -> None:
    row = estimate(frames).loc[("gb200-nvl72", "hyperscaler", "v2026")]
    tco = row["tco_usd_per_chip_hour_p50"]
    assert row["usd_per_scale_up_domain_hour_p50"] == pytest.approx(72 * tco)
    # 576 TB/s in the domain: its cost per TB/s is the chip's.
    assert row["usd_per_scale_up_domain_hour_p50"] / 576 == pytest.approx(row["usd_per_tb_per_s_hour_p50"])
    assert row["usd_per_scale_up_tb_per_s_hour_p50"] == pytest.approx(tco / 0.9)
    for metric, pflops in (("", 2.5), ("fp8_", 5.0), ("fp4_", 10.0)):
        assert row[f"usd_per_marketed_{metric}pflop_hour_p50"] == pytest.approx(tco / pflops)
    h100 = estimate(frames).loc[("hgx-h100-8", "hyperscaler", "v2026")]
    assert np.isnan(h100["usd_per_marketed_fp4_pflop_hour_p50"])


def test_an_inverted_tco_returns_that_tco(frames: Frames) -> None:
    implied = {
        **SYSTEM,
        "system_id": "rtx",
        "accelerator_id": "rtx-pro-6000-server",
        "assumption_vintage": "v2026",
        "capex_basis": "inverse_tco",
        "price_usd_per_chip": float("nan"),
        "price_low_usd_per_chip": float("nan"),
        "price_high_usd_per_chip": float("nan"),
        "published_tco_usd_per_chip_hour": 0.68,
        "power_kw_per_chip": 0.975,
    }
    row = estimate({**frames, "systems": pd.DataFrame([implied])}).loc[("rtx", "hyperscaler", "v2026")]
    assert row["tco_usd_per_chip_hour_p50"] == pytest.approx(0.68, abs=0.02)
    assert row["tco_usd_per_chip_hour_p95"] - row["tco_usd_per_chip_hour_p05"] > 0.1


def test_twins_are_even_and_the_reference_is_not_compared_with_itself(frames: Frames) -> None:
    twin = [{**SYSTEM, **GB200, "system_id": "dgx-gb200", "assumption_vintage": v} for v in ("v2025", "v2026")]
    rows = estimate({**frames, "systems": pd.concat([frames["systems"], pd.DataFrame(twin)])})
    for column in COMPARED.values():
        assert (rows.loc["dgx-gb200", column] == 0.5).all()
        assert rows.loc["gb200-nvl72", column].isna().all()
        assert rows.loc["trn2-ultraserver", column].between(0, 1).all()


def test_throughput_gives_cost_per_token_only_where_measured(frames: Frames) -> None:
    rows = estimate(frames).xs("hyperscaler", level="buyer_class").xs("v2025", level="assumption_vintage")
    assert rows["throughput_status"].to_dict() == {
        "gb200-nvl72": "interpolated",
        "hgx-h100-8": "unreachable",
        "trn2-ultraserver": "no_benchmark",
    }
    assert rows["usd_per_million_output_tokens_p50"].notna().to_dict() == {
        "gb200-nvl72": True,
        "hgx-h100-8": False,
        "trn2-ultraserver": False,
    }
    gb200 = rows.loc["gb200-nvl72"]
    assert gb200["usd_per_million_output_tokens_p50"] == pytest.approx(
        gb200["tco_usd_per_chip_hour_p50"] / (gb200["output_tok_per_s_chip"] * 3600 / 1e6)
    )


def test_missing_specs_give_missing_metrics_not_zeros(frames: Frames) -> None:
    blank = frames["systems"].assign(dense_fp16_tflops=np.nan, mfu_subject=None)
    rows = run({**frames, "systems": blank}, AS_OF, SEED, 50)
    assert rows["usd_per_marketed_pflop_hour_p50"].isna().all()
    assert rows["usd_per_effective_pflop_hour_p50"].isna().all()
    assert rows["usd_per_tb_per_s_hour_p50"].notna().all()


@pytest.mark.parametrize("name", ["systems", "benchmarks", "assumptions"])
def test_later_knowledge_is_refused(frames: Frames, name: str) -> None:
    late = frames[name].copy()
    late.loc[late.index[0], "known_from"] = pd.Timestamp("2026-11-23")
    with pytest.raises(LookAheadError, match=name):
        run({**frames, name: late}, AS_OF, SEED, 10)
    with pytest.raises(LookAheadError, match=name):
        run_draws({**frames, name: late}, AS_OF, SEED, 10)


def test_an_early_build_knows_only_the_first_vintage(frames: Frames, systems: pd.DataFrame) -> None:
    then = date(2026, 1, 3)
    early = assumptions_as_of(then)
    assert not early["subject"].str.startswith("v2026").any()
    known = {**frames, "assumptions": early, "benchmarks": frames["benchmarks"].iloc[:2]}
    assert set(run(known, then, SEED, 50)["assumption_vintage"]) == {"v2025"}
    assert set(run_draws(known, then, SEED, 50)["assumption_vintage"]) == {"v2025"}


def test_every_assumption_row_is_complete_and_dated(assumptions: pd.DataFrame) -> None:
    beliefs = Assumptions(assumptions, "tco")
    simulation = Simulation(beliefs, SEED, 10)
    for vintage in ("v2025", "v2026"):
        assert buyer_classes(beliefs, vintage) == ["emerging_neocloud", "hyperscaler", "neocloud_giant"]
    list(simulation.cost_draws(pd.DataFrame([SYSTEM])))
    by_vintage = assumptions[assumptions["subject"].str.match(r"v20\d\d")]
    assert (by_vintage["known_from"].dt.year.astype(str) == by_vintage["subject"].str.slice(1, 5)).all()
    assert assumptions["unit"].notna().all() and assumptions["note"].notna().all()


def test_a_missing_row_is_named(frames: Frames) -> None:
    holes = frames["assumptions"][frames["assumptions"]["parameter"] != "life_years"]
    with pytest.raises(AssumptionError, match="life_years"):
        run({**frames, "assumptions": holes}, AS_OF, SEED, 10)


def test_contradictory_rows_are_named(assumptions: pd.DataFrame) -> None:
    with pytest.raises(AssumptionError, match="two valid rows"):
        Assumptions(pd.concat([assumptions, assumptions.iloc[[0]]]), "tco")
    upside_down = assumptions.copy()
    upside_down.loc[upside_down["parameter"] == "wacc_ratio", "low"] = 0.5
    with pytest.raises(AssumptionError, match="low <= value <= high"):
        Assumptions(upside_down, "tco")
