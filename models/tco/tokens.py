"""Cost of a million tokens: a chip-hour over throughput, measured on fronts of runs or modelled by the roofline.

Three adapters, frames in and frames out: `run_calibration`, `run_frontier`, `run_training`.
Throughput is one number per chip and workload; the cost of the chip-hour brings the draws, the model its own error.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.tco import cost
from models.tco.assumptions import Assumptions, refuse_look_ahead
from models.tco.distributions import Z95, generator
from models.tco.frontier import pareto_front, throughput_at
from models.tco.roofline import Efficiency, Limits, fit, throughput
from models.tco.run import ENGINE, PUBLISHED_DRAWS_FOR, QUANTILES, STATISTICS, summary, table
from models.tco.simulate import Simulation

Array = NDArray[np.float64]
Frames = Mapping[str, pd.DataFrame]

TOKEN_TYPES = ("output", "total", "input", "output_equivalent")
# Peak that a number format computes at; four-bit integers are unpacked to BF16 before multiplying.
PEAKS = {"bf16": "dense_fp16_tflops", "fp8": "dense_fp8_tflops", "fp4": "dense_fp4_tflops", "int4": "dense_fp16_tflops"}
FRONT_KEY = ["accelerator_id", "model", "precision", "prompt_tokens", "answer_tokens", "spec_decode"]
STACK_KEY = [*FRONT_KEY, "framework_family", "is_disaggregated"]
POOLED = "all"
CHIP_NUMBERS = ("memory_bandwidth_tb_per_s", "memory_gb", "domain_chips", "peak_tflops")
EFFICIENCY_COLUMNS = (
    "memory_efficiency_share",
    "compute_efficiency_share",
    "prefill_efficiency_share",
    "exposed_network_share",
)
CALIBRATION_NUMBERS = (
    "n_points",
    *EFFICIENCY_COLUMNS,
    "fitted_error_share",
    "left_out_error_share",
    "left_out_bias_ratio",
    "class_error_ratio",
)


@dataclass(frozen=True)
class Settings:
    """What the assumption rows say about comparing tokens."""

    tiers: Mapping[float, float]
    workloads: frozenset[tuple[float, float]]
    prompt_weight: float
    limits: Limits
    prior: Efficiency
    pool_shrinkage: float
    class_shrinkage: float
    front_points_min: float


def settings_of(assumptions: Assumptions) -> Settings:
    """The settings; raises AssumptionError naming the row that is missing."""

    def value(parameter: str) -> float:
        return assumptions.get("roofline", parameter).value

    tiers, works = assumptions.subjects("served_tok_per_s_user"), assumptions.subjects("prompt_tokens")
    return Settings(
        tiers={
            assumptions.get(t, "served_tok_per_s_user").value: assumptions.get(t, "tier_weight_share").value
            for t in tiers
        },
        workloads=frozenset(
            (assumptions.get(w, "prompt_tokens").value, assumptions.get(w, "answer_tokens").value) for w in works
        ),
        prompt_weight=assumptions.get("*", "prompt_token_weight_ratio").value,
        limits=Limits(
            value("usable_memory_share"),
            value("layer_latency_us"),
            value("scale_out_gb_per_s"),
            value("scale_out_latency_ratio"),
        ),
        prior=Efficiency(
            value("memory_efficiency_prior_share"),
            value("compute_efficiency_prior_share"),
            value("prefill_efficiency_prior_share"),
            value("exposed_network_prior_share"),
        ),
        pool_shrinkage=value("pool_shrinkage_ratio"),
        class_shrinkage=value("class_shrinkage_ratio"),
        front_points_min=value("front_points_min"),
    )


def output_equivalent(
    output_tok_per_s: ArrayLike, prompt_tokens: ArrayLike, answer_tokens: ArrayLike, prompt_weight: float
) -> Array:
    """Output tokens/s with prompt tokens counted at `prompt_weight` each: out x (1 + weight x prompt / answer)."""
    ratio = np.asarray(prompt_tokens, dtype=np.float64) / np.asarray(answer_tokens, dtype=np.float64)
    return np.asarray(np.asarray(output_tok_per_s, dtype=np.float64) * (1.0 + prompt_weight * ratio))


def modelled_usd_per_million_tokens(
    tco_usd_per_chip_hour: Array, tok_per_s_chip: float, error_ratio: float, seed: int, accelerator_id: str
) -> Array:
    """Draws of the cost of a million modelled tokens [USD], same shape as the draws of the chip-hour.

    `error_ratio` is the typical factor [at least 1] by which the roofline missed chips it had not seen; 1 is measured.
    The error is a chip's own: one stream for all its workloads, vintages and buyers.
    """
    own = generator(seed, f"roofline:{accelerator_id}").standard_normal(tco_usd_per_chip_hour.shape[0])
    return cost.usd_per_million_tokens(tco_usd_per_chip_hour * np.exp(-np.log(error_ratio) * own), tok_per_s_chip)


def training_usd_per_million_tokens(
    tco_usd_per_chip_hour: ArrayLike,
    params_active_b: ArrayLike,
    layers: ArrayLike,
    d_model: ArrayLike,
    sequence_tokens: ArrayLike,
    dense_tflops: ArrayLike,
    mfu_share: ArrayLike,
) -> Array:
    """Cost of training on a million tokens [USD]: 6 x parameters + 12 x layers x width x sequence FLOP per token.

    `dense_tflops` and `mfu_share` in the same number format, else the quotient means nothing. The attention term is
    part of the work (3% at GPT-3's scale, 8% for a 405B model at 8k); every chip-hour is paid, busy or not.
    """
    parameters, depth, width, sequence, peak = (
        np.asarray(v, dtype=np.float64) for v in (params_active_b, layers, d_model, sequence_tokens, dense_tflops)
    )
    flop = 6.0 * parameters * 1e9 + 12.0 * depth * width * sequence
    tokens_per_s = peak * 1e12 * np.asarray(mfu_share, dtype=np.float64) / flop
    return cost.usd_per_million_tokens(tco_usd_per_chip_hour, tokens_per_s)


def run_calibration(frames: Frames, as_of: date) -> pd.DataFrame:
    """How well the roofline explains measured throughput, and how far it misses chips and classes it has not seen.

    In: 'runs' (int_tco__inference_runs), 'cards' (int_tco__model_cards), 'chips' (int_tco__serving_chips),
    'assumptions'. Out: one row per measured accelerator and one (`all`, `all`) for classes without runs:
    accelerator_class, accelerator_id, CALIBRATION_NUMBERS, known_from. Fits use runs without speculative decoding of
    models with a sourced card, on fronts of enough points, read at the tiers. `left_out` figures come from a fit that
    has not seen the accelerator (in the pooled row: its whole class). A class of one accelerator has nothing else to
    learn from: its error is the pooled one if that is larger. Raises LookAheadError, AssumptionError.
    """
    refuse_look_ahead(frames, as_of)
    assumptions = Assumptions(frames["assumptions"], ENGINE)
    settings = settings_of(assumptions)
    points = _calibration_points(frames, assumptions, settings)
    numbers, texts = list(CALIBRATION_NUMBERS), ["accelerator_class", "accelerator_id"]
    if points.empty:
        return table([], texts, numbers).assign(known_from=pd.Series(dtype="datetime64[us]"))
    classes = sorted(points["accelerator_class"].unique())
    unseen = {
        name: _log_errors(points[points["accelerator_class"] == name], pooled, settings)
        for name in classes
        for pooled in [_pooled(points[points["accelerator_class"] != name], settings)]
    }
    everything = _pooled(points, settings)
    missed = np.concatenate(list(unseen.values()))
    pooled_ratio = float(np.exp(np.sqrt(np.mean([np.mean(e**2) for e in unseen.values()]))))
    known = points["known_from"].max()
    rows = [
        _calibration_row(POOLED, POOLED, everything, _log_errors(points, everything, settings), missed, pooled_ratio)
    ]
    for name in classes:
        members = points[points["accelerator_class"] == name]
        fitted = _fitted(members, everything, settings)
        left_out = {
            chip: _log_errors(
                members[members["accelerator_id"] == chip],
                _fitted(
                    members[members["accelerator_id"] != chip],
                    _pooled(points[points["accelerator_id"] != chip], settings),
                    settings,
                ),
                settings,
            )
            for chip in sorted(members["accelerator_id"].unique())
        }
        ratio = float(np.exp(np.sqrt(np.mean([np.mean(e**2) for e in left_out.values()]))))
        ratio = max(ratio, pooled_ratio) if len(left_out) < 2 else ratio
        for chip, errors in left_out.items():
            own = _log_errors(members[members["accelerator_id"] == chip], fitted, settings)
            rows.append(_calibration_row(name, chip, fitted, own, errors, ratio))
    frame = table(rows, texts, numbers).assign(known_from=known)
    return frame.sort_values(texts, ignore_index=True)


def run_frontier(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Throughput and cost per million tokens by accelerator, model, format, workload, speed, basis, buyer and vintage.

    In: 'runs', 'cards', 'chips', 'calibration' (run_calibration), 'systems' (int_tco__system_inputs), 'assumptions'.
    Out: see `_FRONTIER_TEXTS` and `_FRONTIER_NUMBERS`; `basis` measured (read off the Pareto front of one software
    stack) or modelled (roofline, mixtures of experts without speculative decoding), never mixed. Tokens/s per chip and
    USD per million by TOKEN_TYPES, costs as `_p05/_p50/_p95`; NaN where the speed is out of reach. A measured cost
    carries the interval of the chip-hour only, a modelled one the roofline's error as well. Accelerators without a cost
    have no rows.
    Raises LookAheadError, AssumptionError.
    """
    refuse_look_ahead(frames, as_of)
    assumptions = Assumptions(frames["assumptions"], ENGINE)
    settings = settings_of(assumptions)
    rates = pd.concat(
        [_measured(frames["runs"], settings), _modelled(frames, assumptions, settings)], ignore_index=True
    )
    costs = _chip_hours(frames, assumptions, rates, seed, n_draws)
    if rates.empty or costs.empty:
        return _typed_frontier(pd.DataFrame(columns=[*_FRONTIER_TEXTS, *_FRONTIER_NUMBERS, *_FRONTIER_OTHERS]))
    best = rates.groupby([*FRONT_KEY, "basis", "tok_per_s_user"])["output_tok_per_s_chip"].transform("max")
    rates["is_best_stack"] = rates["output_tok_per_s_chip"] == best
    rows = rates.merge(costs, on=["accelerator_id", "basis"], suffixes=("", "_cost"))
    rows["known_from"] = rows[["known_from", "known_from_cost"]].max(axis=1)
    for kind in TOKEN_TYPES:
        for statistic in STATISTICS[:3]:
            rows[f"usd_per_million_{kind}_tokens_{statistic}"] = cost.usd_per_million_tokens(
                rows[f"chip_hour_{statistic}"].to_numpy(np.float64),
                rows[f"{kind}_tok_per_s_chip"].to_numpy(np.float64),
            )
    return _typed_frontier(rows)


def run_training(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Cost of a million training tokens of dense models, by system that stands for its chip, buyer and vintage.

    In: 'cards', 'chips', 'systems', 'assumptions'. Out: system_id, accelerator_id, model, buyer_class,
    assumption_vintage, usd_per_million_training_tokens and attention_share as numbers, has_recall_inputs, known_from.
    Peak and MFU are dense BF16; no row without an MFU belief, a peak or a sequence length. Raises as `run_frontier`.
    """
    refuse_look_ahead(frames, as_of)
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    usable = frames["chips"].dropna(subset=["system_id", "dense_fp16_tflops"])
    chips = {str(row["system_id"]): row for row in usable.to_dict("records")}
    cards = frames["cards"].dropna(subset=["training_sequence_tokens"])
    systems = frames["systems"][frames["systems"]["system_id"].isin(list(chips))]
    inputs = {(str(r["system_id"]), str(r["assumption_vintage"])): r for r in systems.to_dict("records")}
    rows: list[dict[str, object]] = []
    for draws in simulation.cost_draws(systems):
        if draws.mfu_share is None or draws.buyer_class not in PUBLISHED_DRAWS_FOR:
            continue
        chip, row = chips[draws.system_id], inputs[draws.system_id, draws.assumption_vintage]
        for card in cards.to_dict("records"):
            shape = (card["params_active_b"], card["layers"], card["d_model"], card["training_sequence_tokens"])
            usd = training_usd_per_million_tokens(
                draws.tco_usd_per_chip_hour, *shape, chip["dense_fp16_tflops"], draws.mfu_share
            )
            attention = 12.0 * shape[1] * shape[2] * shape[3]
            rows.append(
                {
                    "system_id": draws.system_id,
                    "accelerator_id": str(chip["accelerator_id"]),
                    "model": str(card["model"]),
                    "buyer_class": draws.buyer_class,
                    "assumption_vintage": draws.assumption_vintage,
                    **summary({"usd_per_million_training_tokens": usd}, ["usd_per_million_training_tokens"]),
                    "attention_share": attention / (6e9 * shape[0] + attention),
                    "has_recall_inputs": bool(chip["has_recall_specs"]) or bool(card["has_recall_card"]),
                    "known_from": max(pd.Timestamp(v["known_from"]) for v in (chip, card, row)),
                }
            )
    texts = ["system_id", "accelerator_id", "model", "buyer_class", "assumption_vintage"]
    numbers = [*(f"usd_per_million_training_tokens_{s}" for s in STATISTICS[:3]), "attention_share"]
    others = {"has_recall_inputs": "bool", "known_from": "datetime64[us]"}
    frame = table(rows, texts, numbers)
    for column, kind in others.items():
        frame[column] = pd.Series([row[column] for row in rows], dtype=kind)
    return frame.sort_values(texts, ignore_index=True)


_FRONTIER_TEXTS = [*FRONT_KEY[:3], "spec_decode", "framework_family", "basis", "throughput_status", "source_url"]
_FRONTIER_TEXTS += ["system_id", "buyer_class", "assumption_vintage"]
_FRONTIER_NUMBERS = [
    *("prompt_tokens", "answer_tokens", "tok_per_s_user", "tier_weight_share", "n_runs", "n_independent_roots"),
    *(f"{kind}_tok_per_s_chip" for kind in TOKEN_TYPES),
    *(f"usd_per_million_{kind}_tokens_{s}" for kind in TOKEN_TYPES for s in STATISTICS[:3]),
    "throughput_half_width_share",
]
_FRONTIER_OTHERS = {
    "is_disaggregated": "bool",
    "is_best_stack": "bool",
    "has_recall_inputs": "bool",
    "newest_run_date": "datetime64[us]",
    "known_from": "datetime64[us]",
}


def _typed_frontier(rows: pd.DataFrame) -> pd.DataFrame:
    types = {**dict.fromkeys(_FRONTIER_TEXTS, "str"), **dict.fromkeys(_FRONTIER_NUMBERS, "float64"), **_FRONTIER_OTHERS}
    keys = [*STACK_KEY, "basis", "tok_per_s_user", "buyer_class", "assumption_vintage"]
    return rows[list(types)].astype(types).sort_values(keys, ignore_index=True)


def _measured(runs: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One row per software stack, workload and tier, by TOKEN_TYPES; each token type has a front of its own."""
    rows: list[dict[str, object]] = []
    for key, stack in runs.sort_values("record_id").groupby(STACK_KEY):
        names: dict[str, Any] = dict(zip(STACK_KEY, key, strict=True))
        if (float(names["prompt_tokens"]), float(names["answer_tokens"])) not in settings.workloads:
            continue
        newest = stack.sort_values(["measured_date", "record_id"]).iloc[-1]
        for tier, weight in settings.tiers.items():
            output, status = _read_off(stack, "output_tok_per_s_chip", tier)
            total, _ = _read_off(stack, "total_tok_per_s_chip", tier)
            prompts, _ = _read_off(stack, "input_tok_per_s_chip", tier)
            rows.append(
                {
                    **names,
                    "basis": "measured",
                    "tok_per_s_user": tier,
                    "tier_weight_share": weight,
                    "throughput_status": status,
                    "output_tok_per_s_chip": output,
                    "total_tok_per_s_chip": total,
                    "input_tok_per_s_chip": prompts,
                    "output_equivalent_tok_per_s_chip": float(
                        output_equivalent(
                            output, names["prompt_tokens"], names["answer_tokens"], settings.prompt_weight
                        )
                    ),
                    "n_runs": len(stack),
                    "n_independent_roots": stack["root_id"].nunique(),
                    "newest_run_date": newest["measured_date"],
                    "source_url": newest["source_url"],
                    "has_recall_inputs": False,
                    "throughput_half_width_share": np.nan,
                    "known_from": stack["known_from"].max(),
                }
            )
    return pd.DataFrame(rows)


def _read_off(stack: pd.DataFrame, column: str, tier: float) -> tuple[float, str]:
    both = stack.dropna(subset=[column])
    return throughput_at(
        both["interactivity_tok_per_s_user"].to_numpy(np.float64), both[column].to_numpy(np.float64), tier
    )


def _modelled(frames: Frames, assumptions: Assumptions, settings: Settings) -> pd.DataFrame:
    """One row per accelerator with a cost, mixture-of-experts card, narrow formats, workload, tier and way of serving.

    No dense models: every run the roofline is calibrated on serves experts, and it is far off for dense ones.
    """
    calibration = frames["calibration"]
    chips = frames["chips"].dropna(subset=["system_id"])
    cards = frames["cards"].loc[frames["cards"]["experts"] > 0, ["model"]]
    if calibration.empty or chips.empty or cards.empty:
        return pd.DataFrame()
    tiers = pd.DataFrame(settings.tiers.items(), columns=["tok_per_s_user", "tier_weight_share"])
    works = pd.DataFrame(sorted(settings.workloads), columns=["prompt_tokens", "answer_tokens"])
    modes = pd.DataFrame({"is_disaggregated": [False, True]})
    formats = [
        (str(chip["accelerator_id"]), precision) for chip in chips.to_dict("records") for precision in _formats(chip)
    ]
    cases = pd.DataFrame(formats, columns=["accelerator_id", "precision"])
    for other in (cards, works, tiers, modes):
        cases = cases.merge(other, how="cross")
    points = _points(cases, frames, assumptions, settings)
    by_class = {str(row["accelerator_class"]): row for row in calibration.to_dict("records")}
    points["fitted_class"] = points["accelerator_class"].where(points["accelerator_class"].isin(list(by_class)), POOLED)
    parts = []
    for name, part in points.groupby("fitted_class"):
        fitted = by_class[str(name)]
        efficiency = Efficiency(*(float(fitted[column]) for column in EFFICIENCY_COLUMNS))
        known = part["known_from"].where(part["known_from"] > fitted["known_from"], fitted["known_from"])
        parts.append(
            part.assign(
                output_tok_per_s_chip=throughput(part, efficiency, settings.limits),
                throughput_half_width_share=float(fitted["class_error_ratio"]) ** Z95 - 1.0,
                class_error_ratio=float(fitted["class_error_ratio"]),
                known_from=known,
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.drop(columns=["system_id"])
    ratio = rows["prompt_tokens"] / rows["answer_tokens"]
    speed = rows["output_tok_per_s_chip"]
    return rows.assign(
        spec_decode="none",
        framework_family="roofline",
        basis="modelled",
        throughput_status=speed.isna().map({True: "unreachable", False: "modelled"}),
        total_tok_per_s_chip=speed * (1 + ratio),
        input_tok_per_s_chip=speed * ratio,
        output_equivalent_tok_per_s_chip=output_equivalent(
            speed, rows["prompt_tokens"], rows["answer_tokens"], settings.prompt_weight
        ),
        n_runs=0,
        n_independent_roots=1,
        newest_run_date=pd.Series(pd.NaT, index=rows.index),
    )


def _formats(chip: Mapping[Hashable, Any]) -> list[str]:
    """FP4 and FP8 where the chip computes in them; BF16 for a chip that has neither."""
    narrow = [f for f in ("fp4", "fp8") if pd.notna(chip[PEAKS[f]])]
    return narrow or ["bf16"]


def _points(cases: pd.DataFrame, frames: Frames, assumptions: Assumptions, settings: Settings) -> pd.DataFrame:
    """Cases (accelerator, model, format, workload, speed, way of serving) with all the roofline needs; others go."""
    chips = frames["chips"].drop(columns=["vendor"])
    cards = frames["cards"].drop(columns=["training_sequence_tokens"])
    sizes = pd.DataFrame(
        [{"precision": p, **{c: assumptions.get(f"precision/{p}", c).value for c in _BYTES}} for p in PEAKS]
    )
    merged = (
        cases.merge(chips, on="accelerator_id")
        .merge(cards, on="model", suffixes=("_chip", "_card"))
        .merge(sizes, on="precision")
        .reset_index(drop=True)
    )
    merged["peak_tflops"] = np.nan
    for precision, column in PEAKS.items():
        merged["peak_tflops"] = merged["peak_tflops"].mask(merged["precision"] == precision, merged[column])
    merged["scale_up_gb_per_s"] = merged["scale_up_gb_per_s"].fillna(settings.limits.scale_out_gb_per_s)
    merged["has_recall_inputs"] = merged["has_recall_specs"].astype(bool) | merged["has_recall_card"].astype(bool)
    merged["known_from"] = merged[["known_from_chip", "known_from_card"]].max(axis=1)
    return merged.dropna(subset=[*CHIP_NUMBERS, "kv_values_per_token", "query_heads_per_kv"]).reset_index(drop=True)


_BYTES = ("weight_bytes_per_parameter", "kv_bytes_per_value")


def _calibration_points(frames: Frames, assumptions: Assumptions, settings: Settings) -> pd.DataFrame:
    """Measured throughput at the tiers, best software stack, beside what the roofline needs to explain it."""
    cards = frames["cards"]
    sourced = cards.loc[~cards["has_recall_card"].astype(bool), "model"]
    runs = frames["runs"]
    runs = runs[(runs["spec_decode"] == "none") & runs["model"].isin(sourced) & runs["precision"].isin(list(PEAKS))]
    rows: list[dict[str, object]] = []
    key = [*FRONT_KEY[:5], "is_disaggregated"]
    for values, front in runs.groupby(key):
        axes = (front[c].to_numpy(np.float64) for c in ("interactivity_tok_per_s_user", "output_tok_per_s_chip"))
        if pareto_front(*axes)[0].size < settings.front_points_min:
            continue
        for tier in settings.tiers:
            output, status = _read_off(front, "output_tok_per_s_chip", tier)
            if status == "interpolated":
                rows.append(
                    {
                        **dict(zip(key, values, strict=True)),
                        "tok_per_s_user": tier,
                        "output_tok_per_s_chip": output,
                        "known_from_runs": front["known_from"].max(),
                    }
                )
    if not rows:
        return pd.DataFrame(columns=[*key, "accelerator_class", "known_from"])
    points = _points(pd.DataFrame(rows), frames, assumptions, settings)
    points["known_from"] = points[["known_from", "known_from_runs"]].max(axis=1)
    return points


def _weights(points: pd.DataFrame) -> Array:
    """Each accelerator counts once, however many runs it has."""
    return np.asarray(1.0 / points.groupby("accelerator_id")["accelerator_id"].transform("size"), dtype=np.float64)


def _pooled(points: pd.DataFrame, settings: Settings) -> Efficiency:
    return fit(points, _weights(points), settings.limits, settings.prior, settings.pool_shrinkage)


def _fitted(points: pd.DataFrame, pooled: Efficiency, settings: Settings) -> Efficiency:
    return fit(points, _weights(points), settings.limits, pooled, settings.class_shrinkage)


def _log_errors(points: pd.DataFrame, efficiency: Efficiency, settings: Settings) -> Array:
    """log modelled - log measured; a speed the model cannot reach counts as the large error it is."""
    modelled = throughput(points, efficiency, settings.limits, stretch=True)
    return np.asarray(np.log(modelled) - np.log(points["output_tok_per_s_chip"].to_numpy(np.float64)))


def _calibration_row(
    name: str, chip: str, fitted: Efficiency, own: Array, left_out: Array, ratio: float
) -> dict[str, object]:
    return {
        "accelerator_class": name,
        "accelerator_id": chip,
        "n_points": float(own.size),
        "memory_efficiency_share": fitted.memory_share,
        "compute_efficiency_share": fitted.compute_share,
        "prefill_efficiency_share": fitted.prefill_share,
        "exposed_network_share": fitted.exposed_share,
        "fitted_error_share": float(np.mean(np.abs(np.expm1(own)))),
        "left_out_error_share": float(np.mean(np.abs(np.expm1(left_out)))),
        "left_out_bias_ratio": float(np.exp(np.mean(left_out))),
        "class_error_ratio": ratio,
    }


def _chip_hours(frames: Frames, assumptions: Assumptions, rates: pd.DataFrame, seed: int, n_draws: int) -> pd.DataFrame:
    """Quantiles of the chip-hour [USD] by accelerator, buyer, vintage and basis; modelled ones with the model's error.

    These are draws of `modelled_usd_per_million_tokens` before the division by the throughput, which is the same for
    all of them: quantiles of the cost per token are these over the throughput.
    """
    chips = frames["chips"].dropna(subset=["system_id"])
    systems = frames["systems"].merge(chips[["system_id"]], on="system_id")
    if rates.empty or systems.empty:
        return pd.DataFrame()
    modelled = rates[rates["basis"] == "modelled"].drop_duplicates("accelerator_id").to_dict("records")
    error_ratios = {str(row["accelerator_id"]): float(row["class_error_ratio"]) for row in modelled}
    inputs = {(str(r["system_id"]), str(r["assumption_vintage"])): r for r in systems.to_dict("records")}
    rows: list[dict[str, object]] = []
    for draws in Simulation(assumptions, seed, n_draws).cost_draws(systems):
        if draws.buyer_class not in PUBLISHED_DRAWS_FOR:
            continue
        row = inputs[draws.system_id, draws.assumption_vintage]
        chip = str(row["accelerator_id"])
        hours = {"measured": draws.tco_usd_per_chip_hour}
        if chip in error_ratios:
            hours["modelled"] = modelled_usd_per_million_tokens(
                draws.tco_usd_per_chip_hour, 1e6 / 3600.0, error_ratios[chip], seed, chip
            )
        for basis, values in hours.items():
            quantiles = np.quantile(values, QUANTILES)
            rows.append(
                {
                    "accelerator_id": chip,
                    "basis": basis,
                    "system_id": draws.system_id,
                    "buyer_class": draws.buyer_class,
                    "assumption_vintage": draws.assumption_vintage,
                    **{f"chip_hour_{s}": float(q) for s, q in zip(STATISTICS[:3], quantiles, strict=True)},
                    "known_from": row["known_from"],
                }
            )
    return pd.DataFrame(rows)
