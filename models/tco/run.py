"""Adapter between the warehouse and the TCO engine: frames in, frames out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco import cost
from models.tco.assumptions import AssumptionError, Assumptions, refuse_look_ahead
from models.tco.frontier import throughput_at
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
    "usd_per_effective_pflop_hour",
    "usd_per_tb_per_s_hour",
    "usd_per_gb_hour",
    "usd_per_million_output_tokens",
)
COMPARED = {
    "usd_per_effective_pflop_hour": "cheaper_than_gb200_per_effective_pflop_probability",
    "usd_per_tb_per_s_hour": "cheaper_than_gb200_per_tb_per_s_probability",
}
QUANTILES = (0.05, 0.50, 0.95)
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
        (d.buyer_class, d.assumption_vintage): _metric_draws(d, specs[REFERENCE_SYSTEM], float("nan"))
        for d in simulation.cost_draws(reference_rows)
    }
    rows: list[dict[str, object]] = []
    for draws in simulation.cost_draws(frames["systems"]):
        spec = specs[draws.system_id]
        tokens, status = throughput.get(str(spec["accelerator_id"]), (float("nan"), "no_benchmark"))
        metrics = _metric_draws(draws, spec, tokens)
        row: dict[str, object] = {
            "system_id": draws.system_id,
            "buyer_class": draws.buyer_class,
            "assumption_vintage": draws.assumption_vintage,
            "output_tok_per_s_chip": tokens,
            "throughput_status": status,
        }
        for metric in METRICS:
            for quantile, value in zip(QUANTILES, _quantiles(metrics.get(metric)), strict=True):
                row[f"{metric}_p{round(quantile * 100):02d}"] = value
        rival = reference.get((draws.buyer_class, draws.assumption_vintage), {})
        for metric, column in COMPARED.items():
            comparable = draws.system_id != REFERENCE_SYSTEM and metric in metrics and metric in rival
            row[column] = probability_cheaper(metrics[metric], rival[metric]) if comparable else float("nan")
        rows.append(row)
    columns = [
        *KEY,
        *(f"{metric}_{q}" for metric in METRICS for q in ("p05", "p50", "p95")),
        *COMPARED.values(),
        "output_tok_per_s_chip",
        "throughput_status",
    ]
    return pd.DataFrame(rows, columns=columns).sort_values(KEY, ignore_index=True)


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
    )


def probability_cheaper(a: Array, b: Array) -> float:
    """Share of paired draws in which a costs less than b; a tie counts half, so twins come out at 0.5."""
    return float(np.mean(a < b) + 0.5 * np.mean(a == b))


def _metric_draws(draws: CostDraws, spec: Row, output_tok_per_s_chip: float) -> dict[str, Array]:
    tco = draws.tco_usd_per_chip_hour
    metrics = {
        "capex_usd_per_chip": draws.capex_usd_per_chip,
        "capital_usd_per_chip_hour": draws.capital_usd_per_chip_hour,
        "operating_usd_per_chip_hour": draws.operating_usd_per_chip_hour,
        "tco_usd_per_chip_hour": tco,
        "tco_usd_per_useful_chip_hour": tco / draws.utilisation_share,
    }
    flops, bandwidth, memory = (float(spec[c]) for c in ("dense_fp16_tflops", "memory_bandwidth_tb_per_s", "memory_gb"))
    if flops > 0:
        metrics["usd_per_marketed_pflop_hour"] = cost.usd_per_pflop_hour(tco, flops)
        if draws.mfu_share is not None:
            metrics["usd_per_effective_pflop_hour"] = cost.usd_per_pflop_hour(tco, flops, draws.mfu_share)
    if bandwidth > 0:
        metrics["usd_per_tb_per_s_hour"] = tco / bandwidth
    if memory > 0:
        metrics["usd_per_gb_hour"] = tco / memory
    if output_tok_per_s_chip > 0:
        metrics["usd_per_million_output_tokens"] = cost.usd_per_million_tokens(tco, output_tok_per_s_chip)
    return metrics


def _throughput_by_accelerator(benchmarks: pd.DataFrame, assumptions: Assumptions) -> dict[str, tuple[float, str]]:
    """Output tokens/s per chip at the benchmark's interactivity, per accelerator with at least one comparable run."""
    subjects = assumptions.subjects("interactivity_tok_per_s_user")
    if len(subjects) != 1:
        raise AssumptionError(f"exactly one benchmark workload is compared, found {subjects}.")
    target = assumptions.get(subjects[0], "interactivity_tok_per_s_user").value
    return {
        str(accelerator): throughput_at(
            runs["interactivity_tok_per_s_user"].to_numpy(dtype=np.float64),
            runs["output_tok_per_s_chip"].to_numpy(dtype=np.float64),
            target,
        )
        for accelerator, runs in benchmarks.sort_values("record_id").groupby("accelerator_id")
    }


def _quantiles(values: Array | None) -> list[float]:
    if values is None:
        return [float("nan")] * len(QUANTILES)
    return [float(v) for v in np.quantile(values, QUANTILES)]


def _concatenate(arrays: list[Array]) -> Array:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.float64)
