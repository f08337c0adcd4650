"""Adapter between the warehouse and the TCO engine: frames in, frames out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco import cost
from models.tco.assumptions import AssumptionError, Assumptions, refuse_look_ahead
from models.tco.frontier import best_of, throughput_at
from models.tco.simulate import CostDraws, Row, Simulation, vintages

Array = NDArray[np.float64]

ENGINE = "tco"
REFERENCE_SYSTEM = "gb200-nvl72"
PUBLISHED_DRAWS_FOR = ("hyperscaler", "neocloud_giant")
METRICS = (
    "capex_usd_per_chip",
    "capital_usd_per_chip_hour",
    "operating_usd_per_chip_hour",
    "tco_usd_per_chip_hour",
    "tco_usd_per_useful_chip_hour",
    "usd_per_marketed_pflop_hour",
    "usd_per_marketed_fp8_pflop_hour",
    "usd_per_marketed_fp4_pflop_hour",
    "usd_per_effective_pflop_hour",
    "usd_per_tb_per_s_hour",
    "usd_per_gb_hour",
    "usd_per_scale_up_tb_per_s_hour",
    "usd_per_scale_up_domain_hour",
    "usd_per_million_output_tokens",
)
COMPARED = {
    "usd_per_effective_pflop_hour": "cheaper_than_gb200_per_effective_pflop_probability",
    "usd_per_tb_per_s_hour": "cheaper_than_gb200_per_tb_per_s_probability",
}
QUANTILES = (0.05, 0.50, 0.95)
STATISTICS = ("p05", "p50", "p95", "mean")
KEY = ["system_id", "buyer_class", "assumption_vintage"]


def run(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Quantiles of every cost and metric, one row per system, buyer class and assumption vintage.

    In: frames 'systems' (int_tco__system_inputs), 'benchmarks' (int_tco__benchmark_runs), 'assumptions'
    (stg_assumptions); the knowledge date, the seed, the number of draws. Out: KEY, `<metric>_p05/_p50/_p95` for METRICS
    (NaN where an input is missing), the two probabilities against gb200-nvl72 on paired draws (ties count half; NaN for
    the reference itself), output_tok_per_s_chip and throughput_status. Sorted by KEY.
    Raises LookAheadError for rows known after as_of, AssumptionError for a missing or contradictory assumption.
    """
    refuse_look_ahead(frames, as_of)
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    specs = {str(row["system_id"]): row for row in frames["systems"].to_dict("records")}
    throughput = _throughput_by_accelerator(frames["benchmarks"], simulation.assumptions)

    reference_rows = frames["systems"][frames["systems"]["system_id"] == REFERENCE_SYSTEM]
    reference = {
        (d.buyer_class, d.assumption_vintage): metric_draws(d, specs[REFERENCE_SYSTEM], float("nan"))
        for d in simulation.cost_draws(reference_rows)
    }
    rows: list[dict[str, object]] = []
    for draws in simulation.cost_draws(frames["systems"]):
        spec = specs[draws.system_id]
        tokens, status = throughput.get(str(spec["accelerator_id"]), (float("nan"), "no_benchmark"))
        metrics = metric_draws(draws, spec, tokens)
        row: dict[str, object] = {
            "system_id": draws.system_id,
            "buyer_class": draws.buyer_class,
            "assumption_vintage": draws.assumption_vintage,
            "output_tok_per_s_chip": tokens,
            "throughput_status": status,
        }
        row |= summary(metrics, METRICS)
        rival = reference.get((draws.buyer_class, draws.assumption_vintage), {})
        for metric, column in COMPARED.items():
            comparable = draws.system_id != REFERENCE_SYSTEM and metric in metrics and metric in rival
            row[column] = probability_cheaper(metrics[metric], rival[metric]) if comparable else float("nan")
        rows.append(row)
    numbers = [
        *(f"{metric}_{q}" for metric in METRICS for q in STATISTICS[:3]),
        *COMPARED.values(),
        "output_tok_per_s_chip",
    ]
    return table(rows, [*KEY, "throughput_status"], numbers).sort_values(KEY, ignore_index=True)


def run_draws(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """The draws themselves for the newest vintage and PUBLISHED_DRAWS_FOR; same inputs and errors as `run`.

    Out: KEY, draw_id (0 to n_draws - 1, joint across systems and buyer classes), capital and operating USD per
    chip-hour. Sorted by KEY and draw_id.
    """
    refuse_look_ahead(frames, as_of)
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    newest = vintages(simulation.assumptions)[-1:]
    chosen = [
        draws
        for vintage in newest
        for draws in simulation.cost_draws(frames["systems"], only_vintage=vintage)
        if draws.buyer_class in PUBLISHED_DRAWS_FOR
    ]
    chosen.sort(key=lambda draws: (draws.system_id, draws.buyer_class))
    return pd.DataFrame(
        {
            "system_id": np.repeat([d.system_id for d in chosen], n_draws),
            "buyer_class": np.repeat([d.buyer_class for d in chosen], n_draws),
            "assumption_vintage": np.repeat([d.assumption_vintage for d in chosen], n_draws),
            "draw_id": np.tile(np.arange(n_draws, dtype=np.int32), len(chosen)),
            "capital_usd_per_chip_hour": _concatenate([d.capital_usd_per_chip_hour for d in chosen]),
            "operating_usd_per_chip_hour": _concatenate([d.operating_usd_per_chip_hour for d in chosen]),
        }
    ).astype(dict.fromkeys(KEY, "str"))


def table(rows: list[dict[str, object]], texts: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame whose columns keep their types without rows: a build of an early day is empty, not untyped."""
    types = {**dict.fromkeys(texts, "str"), **dict.fromkeys(numbers, "float64")}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def probability_cheaper(a: Array, b: Array) -> float:
    """Share of paired draws in which a costs less than b; a tie counts half, so twins come out at 0.5."""
    return float(np.mean(a < b) + 0.5 * np.mean(a == b))


def metric_draws(draws: CostDraws, spec: Row, output_tok_per_s_chip: float) -> dict[str, Array]:
    """Every metric of METRICS that can be computed, in draws of shape (n_draws,).

    In: cost draws of one system, its row of specifications (int_tco__system_inputs), its output tokens/s per chip (NaN
    without a measurement). A metric with a missing input is left out, never zero. The effective PFLOP is dense BF16
    times an MFU seen in BF16: runs in other formats have another denominator.
    """
    tco = draws.tco_usd_per_chip_hour
    metrics = {
        "capex_usd_per_chip": draws.capex_usd_per_chip,
        "capital_usd_per_chip_hour": draws.capital_usd_per_chip_hour,
        "operating_usd_per_chip_hour": draws.operating_usd_per_chip_hour,
        "tco_usd_per_chip_hour": tco,
        "tco_usd_per_useful_chip_hour": tco / draws.utilisation_share,
    }
    flops, bandwidth, memory = (float(spec[c]) for c in ("dense_fp16_tflops", "memory_bandwidth_tb_per_s", "memory_gb"))
    units = {
        "usd_per_marketed_fp8_pflop_hour": float(spec["dense_fp8_tflops"]) / 1000.0,
        "usd_per_marketed_fp4_pflop_hour": float(spec["dense_fp4_tflops"]) / 1000.0,
        "usd_per_tb_per_s_hour": bandwidth,
        "usd_per_gb_hour": memory,
        "usd_per_scale_up_tb_per_s_hour": float(spec["scale_up_bandwidth_gb_per_s"]) / 1000.0,
    }
    metrics |= {metric: tco / per_chip for metric, per_chip in units.items() if per_chip > 0}
    if float(spec["scale_up_domain_chips"]) > 0:
        metrics["usd_per_scale_up_domain_hour"] = tco * float(spec["scale_up_domain_chips"])
    if flops > 0:
        metrics["usd_per_marketed_pflop_hour"] = cost.usd_per_pflop_hour(tco, flops)
        if draws.mfu_share is not None:
            metrics["usd_per_effective_pflop_hour"] = cost.usd_per_pflop_hour(tco, flops, draws.mfu_share)
    if output_tok_per_s_chip > 0:
        metrics["usd_per_million_output_tokens"] = cost.usd_per_million_tokens(tco, output_tok_per_s_chip)
    return metrics


def _throughput_by_accelerator(benchmarks: pd.DataFrame, assumptions: Assumptions) -> dict[str, tuple[float, str]]:
    """Output tokens/s per chip at the benchmark's interactivity, best software stack, per accelerator with a run."""
    subjects = assumptions.subjects("interactivity_tok_per_s_user")
    if len(subjects) != 1:
        raise AssumptionError(f"exactly one benchmark workload is compared, found {subjects}.")
    target = assumptions.get(subjects[0], "interactivity_tok_per_s_user").value
    stacks: dict[str, list[tuple[float, str]]] = {}
    by_stack = benchmarks.sort_values("record_id").groupby(["accelerator_id", "framework_family", "is_disaggregated"])
    for (accelerator, _, _), runs in by_stack:
        found = throughput_at(
            runs["interactivity_tok_per_s_user"].to_numpy(dtype=np.float64),
            runs["output_tok_per_s_chip"].to_numpy(dtype=np.float64),
            target,
        )
        stacks.setdefault(str(accelerator), []).append(found)
    return {accelerator: best_of(found) for accelerator, found in stacks.items()}


def summary(values: Mapping[str, Array], names: Sequence[str], mean: bool = False) -> dict[str, object]:
    """Quantiles of named draws as one flat row.

    In: draws of shape (n_draws,) by name, the names wanted. Out: `<name>_p05/_p50/_p95` (and `_mean` if asked) in the
    unit of the draws, NaN for a name without draws.
    """
    present = [name for name in names if name in values]
    found: dict[str, object] = {f"{name}_{s}": float("nan") for name in names for s in STATISTICS[: 3 + mean]}
    if present:
        stack = np.stack([values[name] for name in present])
        statistics = [*_quantiles(stack), *([stack.mean(axis=1)] if mean else [])]
        for statistic, row in zip(STATISTICS, statistics, strict=False):
            found |= {f"{name}_{statistic}": float(value) for name, value in zip(present, row, strict=True)}
    return found


def _quantiles(stack: Array) -> Array:
    """QUANTILES of each row of a stack of shape (rows, n_draws), interpolated as np.quantile does, in half its time."""
    position = np.array(QUANTILES) * (stack.shape[1] - 1)
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, stack.shape[1] - 1)
    ordered = np.partition(stack, np.unique(np.concatenate([low, high])), axis=1)
    quantiles: Array = (ordered[:, low] + (ordered[:, high] - ordered[:, low]) * (position - low)).T
    return quantiles


def _concatenate(arrays: list[Array]) -> Array:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.float64)
