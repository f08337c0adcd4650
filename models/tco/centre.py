"""Every input of a chip-hour at its centre and the cost that follows: base of the tornado and of the what-if macro.

The centre is the engine itself run on one draw with every range closed, so it cannot drift from the engine. It is not
the median of the draws: ranges are lopsided, and the cost is not linear in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from models.tco import cost
from models.tco.assumptions import Assumptions, refuse_look_ahead
from models.tco.run import ENGINE, KEY, table
from models.tco.simulate import BUILD_UP_PARAMETERS, Simulation

CENTRE_INPUTS = (
    "capex_usd_per_chip",
    "wacc_ratio",
    "life_years",
    "residual_share",
    "backend_network_capex_share",
    "backend_network_cost_ratio",
    "all_in_power_kw_per_chip",
    *BUILD_UP_PARAMETERS,
    "opex_scale_ratio",
    "utilisation_share",
    "mfu_share",
    "dense_fp16_tflops",
    "memory_bandwidth_tb_per_s",
)
CENTRE_COSTS = (
    "capital_usd_per_chip_hour",
    "operating_usd_per_chip_hour",
    "tco_usd_per_chip_hour",
    "tco_usd_per_useful_chip_hour",
    "usd_per_effective_pflop_hour",
    "usd_per_tb_per_s_hour",
)


def run_inputs(frames: Mapping[str, pd.DataFrame], as_of: date) -> pd.DataFrame:
    """Centre values of every input and cost, one row per system, buyer class and vintage.

    In: frames 'systems' (int_tco__system_inputs), 'assumptions' (stg_assumptions). Out: KEY, CENTRE_INPUTS,
    CENTRE_COSTS. opex_scale_ratio is the published facility band over its build-up (1 where the build-up is all there
    is); mfu_share is NaN without a belief. Sorted by KEY; errors as `run`.
    """
    refuse_look_ahead(frames, as_of)
    systems = frames["systems"]
    specs = {str(row["system_id"]): row for row in systems.to_dict("records")}
    simulation = Simulation(Assumptions(_closed(frames["assumptions"]), ENGINE), seed=0, n_draws=1)
    point_prices = systems.assign(price_low_usd_per_chip=np.nan, price_high_usd_per_chip=np.nan)
    rows: list[dict[str, object]] = []
    for draws in simulation.cost_draws(point_prices):
        vintage, buyer = draws.assumption_vintage, draws.buyer_class
        facility = {p: float(simulation.rate(vintage, buyer, p)[0]) for p in BUILD_UP_PARAMETERS}
        built_up = float(cost.opex_usd_per_kw_month(*facility.values()))
        in_force = float(draws.operating_usd_per_chip_hour[0] * cost.HOURS_PER_MONTH / draws.power_kw[0])
        spec = specs[draws.system_id]
        rows.append(
            {
                "system_id": draws.system_id,
                "buyer_class": buyer,
                "assumption_vintage": vintage,
                "capex_usd_per_chip": float(draws.capex_usd_per_chip[0]),
                "wacc_ratio": float(draws.wacc_ratio[0]),
                "life_years": float(draws.life_years[0]),
                "residual_share": float(draws.residual_share[0]),
                "backend_network_capex_share": float(draws.capital_shares["backend_network"][0]),
                "backend_network_cost_ratio": 1.0,
                "all_in_power_kw_per_chip": float(draws.power_kw[0]),
                **facility,
                "opex_scale_ratio": in_force / built_up if simulation.has_published_opex(vintage, buyer) else 1.0,
                "utilisation_share": float(draws.utilisation_share[0]),
                "mfu_share": float("nan") if draws.mfu_share is None else float(draws.mfu_share[0]),
                "dense_fp16_tflops": spec["dense_fp16_tflops"],
                "memory_bandwidth_tb_per_s": spec["memory_bandwidth_tb_per_s"],
            }
        )
    inputs = table(rows, KEY, CENTRE_INPUTS).sort_values(KEY, ignore_index=True)
    return pd.concat([inputs, recost(inputs)], axis=1)


def recost(inputs: pd.DataFrame) -> pd.DataFrame:
    """CENTRE_COSTS of rows of CENTRE_INPUTS, any of them changed by the caller; SQL macro tco_what_if does the same.

    In: columns CENTRE_INPUTS. Out: USD per chip-hour, per useful chip-hour, per effective PFLOP/s and hour, per TB/s
    and hour, on the index of `inputs`; NaN where a unit is unknown. A change of the facility's parts scales a published
    band in proportion. Raises ValueError for impossible rates, as cost.py does.
    """
    values = {name: inputs[name].to_numpy(dtype=np.float64) for name in CENTRE_INPUTS}
    capital = cost.capital_usd_per_hour(
        values["capex_usd_per_chip"], values["wacc_ratio"], values["life_years"], values["residual_share"]
    )
    capital = capital * (1.0 + values["backend_network_capex_share"] * (values["backend_network_cost_ratio"] - 1.0))
    per_kw = cost.opex_usd_per_kw_month(*(values[p] for p in BUILD_UP_PARAMETERS)) * values["opex_scale_ratio"]
    operating = cost.operating_usd_per_hour(values["all_in_power_kw_per_chip"], per_kw)
    tco = capital + operating
    return pd.DataFrame(
        {
            "capital_usd_per_chip_hour": capital,
            "operating_usd_per_chip_hour": operating,
            "tco_usd_per_chip_hour": tco,
            "tco_usd_per_useful_chip_hour": tco / values["utilisation_share"],
            "usd_per_effective_pflop_hour": cost.usd_per_pflop_hour(
                tco, values["dense_fp16_tflops"], values["mfu_share"]
            ),
            "usd_per_tb_per_s_hour": tco / values["memory_bandwidth_tb_per_s"],
        },
        index=inputs.index,
    )


def _closed(assumptions: pd.DataFrame) -> pd.DataFrame:
    """The assumption rows with every range closed on its value, so that one draw is the centre."""
    rows = assumptions.assign(low=np.nan, high=np.nan, distribution="fixed")
    return rows.assign(value=rows["value"].where(rows["parameter"] != "relative_half_width_share", 0.0))
