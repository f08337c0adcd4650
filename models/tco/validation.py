"""Published cost figures beside ours, made with the same vintage and buyer class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco.assumptions import Assumptions, refuse_look_ahead
from models.tco.pairwise import FLAGSHIPS
from models.tco.run import ENGINE, STATISTICS, summary, table
from models.tco.simulate import CostDraws, Row, Simulation

Array = NDArray[np.float64]

OURS = "our_value"


def run_validation(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Our counterpart of every published figure that has one.

    In: frames 'figures' (int_tco__published_figures: figure_id, metric_name, accelerator_id, rival_accelerator_id,
    buyer_class, assumption_vintage), 'systems' (int_tco__system_inputs), 'assumptions' (stg_assumptions). Out:
    figure_id, system_id (FLAGSHIPS first, else the first system with that chip), our_value as `_p05/_p50/_p95` in the
    figure's unit; figures about systems, vintages or buyers without a cost are left out. Sorted by figure_id.
    Raises ValueError for a metric_name it does not know, and as `run` does.
    """
    refuse_look_ahead(frames, as_of)
    systems = frames["systems"]
    chosen = {
        (str(accelerator), str(vintage)): min(members, key=lambda s: (s not in FLAGSHIPS, s))
        for (accelerator, vintage), members in systems.groupby(["accelerator_id", "assumption_vintage"])["system_id"]
    }
    figures = frames["figures"].to_dict("records")
    wanted = {
        chosen[a, str(f["assumption_vintage"])]
        for f in figures
        for a in (str(f["accelerator_id"]), str(f["rival_accelerator_id"]))
        if (a, str(f["assumption_vintage"])) in chosen
    }
    picked = systems[systems["system_id"].isin(wanted)]
    specs = {str(row["system_id"]): row for row in picked.to_dict("records")}
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    drawn = {(d.system_id, d.assumption_vintage, d.buyer_class): d for d in simulation.cost_draws(picked)}
    rows: list[dict[str, object]] = []
    for figure in figures:
        vintage, buyer = str(figure["assumption_vintage"]), str(figure["buyer_class"])
        own, rival = (
            drawn.get((chosen.get((str(figure[a]), vintage), ""), vintage, buyer))
            for a in ("accelerator_id", "rival_accelerator_id")
        )
        if own is None:
            continue
        ours = counterpart(str(figure["metric_name"]), own, specs[own.system_id], rival)
        if ours is not None:
            rows.append({"figure_id": figure["figure_id"], "system_id": own.system_id, **summary({OURS: ours}, [OURS])})
    numbers = [f"{OURS}_{s}" for s in STATISTICS[:3]]
    return table(rows, ["figure_id", "system_id"], numbers).sort_values("figure_id", ignore_index=True)


def counterpart(metric_name: str, own: CostDraws, spec: Row, rival: CostDraws | None) -> Array | None:
    """Draws of our value for a published metric, in its unit; None where a unit or the rival is unknown.

    Raises ValueError for a metric nobody taught it.
    """
    tco = own.tco_usd_per_chip_hour
    if metric_name == "tco":
        return tco
    if metric_name == "capital_share":
        return np.asarray(own.capital_usd_per_chip_hour / tco)
    if metric_name == "tco_ratio":
        return None if rival is None else np.asarray(tco / rival.tco_usd_per_chip_hour)
    units = {
        "per_bf16_pflop": ("dense_fp16_tflops", 1000.0),
        "per_8_bit_pflop": ("dense_fp8_tflops", 1000.0),
        "per_fp4_pflop": ("dense_fp4_tflops", 1000.0),
        "per_tb_per_s": ("memory_bandwidth_tb_per_s", 1.0),
    }
    if metric_name not in units:
        raise ValueError(f"published metric '{metric_name}' has no counterpart: map it in int_tco__published_figures.")
    column, scale = units[metric_name]
    per_chip = float(spec[column])
    return np.asarray(tco * scale / per_chip) if per_chip > 0 else None
