"""Two systems against each other on paired draws: who is cheaper, by how much, and where the order turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco import cost
from models.tco.assumptions import Assumptions, refuse_look_ahead
from models.tco.run import ENGINE, STATISTICS, metric_draws, probability_cheaper, summary, table
from models.tco.simulate import CostDraws, Simulation

Array = NDArray[np.float64]

# One system per accelerator people choose between: systems with one chip share its price, so between them there is
# nothing to compare. Any other pair: macro tco_probability_cheaper on the published draws.
FLAGSHIPS = (
    "gaudi3-8oam",
    "gb200-nvl72",
    "gb300-nvl72",
    "helios-mi455x",
    "hgx-a100-8-80gb",
    "hgx-b200-8",
    "hgx-b300-8",
    "hgx-h100-8",
    "hgx-h200-8",
    "mi300x-ubb8",
    "mi325x-ubb8",
    "mi355x-ubb8",
    "tpu-v5e-pod",
    "tpu-v5p-pod",
    "tpu-v6e-pod",
    "tpu-v7-pod",
    "trn2-ultraserver",
    "trn3-gen2-ultraserver",
    "vera-rubin-nvl72",
)
# Per useful hour is left out: two systems of one buyer are equally busy, so its ratio is that of the chip-hour.
PAIRED_METRICS = (
    "tco_usd_per_chip_hour",
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
PAIR = ["metric", "system_id", "rival_system_id", "buyer_class", "assumption_vintage"]
RATIO = "cost_ratio_to_rival"
TCO = "break_even_tco_usd_per_chip_hour"
MFU = "break_even_mfu_share"
UTILISATION = "break_even_utilisation_share"
CAPEX = "break_even_capex_usd_per_chip"
BREAK_EVENS = (TCO, MFU, UTILISATION, CAPEX)
EFFECTIVE = "usd_per_effective_pflop_hour"


def run_pairwise(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Every ordered pair of FLAGSHIPS, one row per metric, buyer class and vintage.

    In: frames 'systems' (int_tco__system_inputs), 'estimates' (int_tco__estimates: output_tok_per_s_chip by system_id),
    'assumptions' (stg_assumptions). Out: PAIR, cheaper_probability (ties count half), RATIO and BREAK_EVENS as
    `_p05/_p50/_p95`. A break-even is what the system would need, all else as it is, to cost what the rival does per
    unit: its cost of an hour, its MFU (effective PFLOP only, else NaN), its share of busy hours at the rival's
    utilisation (above 1: never), its capex (NaN: not even for nothing). A pair without the metric has no row. Sorted by
    PAIR; errors as `run`.
    """
    refuse_look_ahead(frames, as_of)
    systems = frames["systems"][frames["systems"]["system_id"].isin(FLAGSHIPS)]
    specs = {str(row["system_id"]): row for row in systems.to_dict("records")}
    tokens = frames["estimates"].groupby("system_id")["output_tok_per_s_chip"].max().to_dict()
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    classes: dict[tuple[str, str], list[tuple[CostDraws, dict[str, Array]]]] = {}
    for draws in simulation.cost_draws(systems):
        spec = specs[draws.system_id]
        metrics = metric_draws(draws, spec, float(tokens.get(draws.system_id, float("nan"))))
        classes.setdefault((draws.buyer_class, draws.assumption_vintage), []).append((draws, metrics))
    rows = [
        {
            "metric": metric,
            "system_id": own.system_id,
            "rival_system_id": rival.system_id,
            "buyer_class": buyer,
            "assumption_vintage": vintage,
            **figures,
        }
        for (buyer, vintage), members in classes.items()
        for (own, own_metrics), (rival, rival_metrics) in permutations(members, 2)
        for metric, figures in compare(own, own_metrics, rival, rival_metrics)
    ]
    numbers = ["cheaper_probability", *(f"{name}_{s}" for name in (RATIO, *BREAK_EVENS) for s in STATISTICS[:3])]
    return table(rows, PAIR, numbers).sort_values(PAIR, ignore_index=True)


def compare(
    own: CostDraws, own_metrics: Mapping[str, Array], rival: CostDraws, rival_metrics: Mapping[str, Array]
) -> Iterator[tuple[str, dict[str, object]]]:
    """Figures of a system against a rival, on paired draws, for each of PAIRED_METRICS both have.

    In: draws of shape (n_draws,) of both, their metrics by name. Out: (metric, probability, ratio and break-evens).
    """
    per_hour = _quantiles(own, own.tco_usd_per_chip_hour, rival, rival.tco_usd_per_chip_hour)
    # The annuity of one dollar is capital over capex: cost.break_even_capex, without its powers of 10,000 draws again.
    annuity = own.capital_usd_per_chip_hour / own.capex_usd_per_chip
    for metric in PAIRED_METRICS:
        if metric not in own_metrics or metric not in rival_metrics:
            continue
        own_cost, rival_cost = own_metrics[metric], rival_metrics[metric]
        affordable = rival_cost * own.tco_usd_per_chip_hour / own_cost
        # Below zero no price is low enough; zero keeps such draws in order, and is taken out again.
        capex = summary({CAPEX: np.maximum(affordable - own.operating_usd_per_chip_hour, 0.0) / annuity}, [CAPEX])
        if metric == EFFECTIVE:
            figures = _quantiles(own, own_cost, rival, rival_cost, own.mfu_share)
        else:
            # Units per chip are no draws here, so every quantile is that of the chip-hour times their quotient.
            scale = float(affordable[0] / rival.tco_usd_per_chip_hour[0])
            figures = {n: v * scale if n.startswith(TCO) else v / scale for n, v in per_hour.items()}
        yield (
            metric,
            {
                "cheaper_probability": probability_cheaper(own_cost, rival_cost),
                **figures,
                **{name: value if value else float("nan") for name, value in capex.items()},
            },
        )


def _quantiles(
    own: CostDraws, own_cost: Array, rival: CostDraws, rival_cost: Array, mfu_share: Array | None = None
) -> dict[str, float]:
    """Ratio, break-even cost of an hour, utilisation and, where an MFU is given, MFU: `_p05/_p50/_p95` each."""
    units = own.tco_usd_per_chip_hour / own_cost
    values = {
        RATIO: own_cost / rival_cost,
        TCO: rival_cost * units,
        UTILISATION: cost.break_even_utilisation(
            own.tco_usd_per_chip_hour, units, rival_cost / rival.utilisation_share
        ),
    }
    if mfu_share is not None:
        dense_tflops = units / mfu_share * 1000.0
        values[MFU] = cost.break_even_mfu(own.tco_usd_per_chip_hour, dense_tflops, rival_cost)
    return {name: float(value) for name, value in summary(values, list(values)).items()}  # type: ignore[arg-type]
