"""The cost of a chip-hour taken apart by component, and put together again under other circumstances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco import cost
from models.tco.assumptions import Assumptions, refuse_look_ahead
from models.tco.build_up import (
    CAPITAL_COMPONENTS,
    FACILITY_COMPONENTS,
    OPERATING_COMPONENTS,
    OTHER_OPERATING_COMPONENTS,
)
from models.tco.run import ENGINE, KEY, STATISTICS, summary, table
from models.tco.simulate import SERVER_PRICED, SERVER_RATIO, SHORTCUT_PARAMETER, CostDraws, Row, Simulation

Array = NDArray[np.float64]

COMPONENTS = (*CAPITAL_COMPONENTS, *OPERATING_COMPONENTS, "total")
# One of each kind of machine people compare; all systems times all states would be rows nobody reads.
SCENARIO_SYSTEMS = (
    "gb200-nvl72",
    "gb300-nvl72",
    "helios-mi455x",
    "hgx-b200-8",
    "hgx-h100-8",
    "hgx-h200-8",
    "mi355x-ubb8",
    "tpu-v7-pod",
    "trn2-ultraserver",
    "trn3-gen2-ultraserver",
    "vera-rubin-nvl72",
)
SHELL_PARAMETERS = ("shell_capex_usd_per_mw", "shell_life_years", "shell_operations_usd_per_kw_month")
# Vendors whose systems are sold with a choice of back-end network.
MERCHANT_VENDORS = ("AMD", "Nvidia")
# Assumption rows behind each part of the facility cost.
FACILITY_PARAMETERS = {
    "electricity": ("electricity_usd_per_kwh", "power_utilisation_ratio", "pue_ratio"),
    "colocation": ("colo_usd_per_kw_month",),
}


def run_components(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """The build-up of every cost, one row per system, buyer class, vintage and component; inputs and errors as `run`.

    Out: KEY, component (CAPITAL_COMPONENTS, OPERATING_COMPONENTS, `total`), component_kind (capital, operating, total),
    component_basis (`published`: the part itself was priced; `ratio`: split by an assumption; `sum`: the total),
    assumption_subjects (the rows that made it, comma-separated), capex_usd_per_chip and usd_per_chip_hour as
    `_p05/_p50/_p95/_mean` (capex NaN for operating parts). Parts add up to the total in each draw, so in the means too.
    """
    refuse_look_ahead(frames, as_of)
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    inputs = {(str(r["system_id"]), str(r["assumption_vintage"])): r for r in frames["systems"].to_dict("records")}
    rows: list[dict[str, object]] = []
    for draws in simulation.cost_draws(frames["systems"]):
        row = inputs[draws.system_id, draws.assumption_vintage]
        hourly = {**draws.hourly_by_component(), "total": draws.tco_usd_per_chip_hour}
        capex = {**draws.capex_by_component(), "total": draws.capex_usd_per_chip}
        hour, purchase = summary(hourly, COMPONENTS, mean=True), summary(capex, COMPONENTS, mean=True)
        for component in COMPONENTS:
            rows.append(
                {
                    "system_id": draws.system_id,
                    "buyer_class": draws.buyer_class,
                    "assumption_vintage": draws.assumption_vintage,
                    "component": component,
                    "component_kind": _component_kind(component),
                    "component_basis": _component_basis(simulation, draws, row, component),
                    "assumption_subjects": ", ".join(_component_assumptions(simulation, draws, row, component)),
                    **{f"capex_usd_per_chip_{s}": purchase[f"{component}_{s}"] for s in STATISTICS},
                    **{f"usd_per_chip_hour_{s}": hour[f"{component}_{s}"] for s in STATISTICS},
                }
            )
    texts = [*KEY, "component", "component_kind", "component_basis", "assumption_subjects"]
    numbers = [f"{value}_{s}" for value in ("capex_usd_per_chip", "usd_per_chip_hour") for s in STATISTICS]
    return table(rows, texts, numbers).sort_values([*KEY, "component"], ignore_index=True)


def run_scenarios(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """The cost of SCENARIO_SYSTEMS under one changed circumstance at a time, on the same draws as the base case.

    In: frames as for `run`, and 'markets' (int_tco__electricity_markets: market, price_to_us_ratio). Out: KEY,
    scenario_kind and scenario_name, tco_usd_per_chip_hour and tco_ratio_to_base as `_p05/_p50/_p95/_mean`. Kinds:
    `base`; `network` (another back-end network; Nvidia and AMD only, the others have a fabric of their own);
    `electricity_market` (a state's industrial price over the US average); `facility` (`self_built`: shell and its
    operations instead of rent, electricity as it was); `depreciation` (`straight_line`). A scenario whose assumption
    rows are not known yet has no rows.
    """
    refuse_look_ahead(frames, as_of)
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    systems = frames["systems"][frames["systems"]["system_id"].isin(SCENARIO_SYSTEMS)]
    vendors = {str(r["system_id"]): str(r["vendor"]) for r in systems.to_dict("records")}
    markets = sorted(zip(frames["markets"]["market"], frames["markets"]["price_to_us_ratio"], strict=True))
    rows: list[dict[str, object]] = []
    for draws in simulation.cost_draws(systems):
        base = draws.tco_usd_per_chip_hour
        for kind, name, tco in _scenarios(simulation, draws, vendors[draws.system_id], markets):
            values = {"tco_usd_per_chip_hour": tco, "tco_ratio_to_base": tco / base}
            rows.append(
                {
                    "system_id": draws.system_id,
                    "buyer_class": draws.buyer_class,
                    "assumption_vintage": draws.assumption_vintage,
                    "scenario_kind": kind,
                    "scenario_name": name,
                    **summary(values, list(values), mean=True),
                }
            )
    keys = [*KEY, "scenario_kind", "scenario_name"]
    numbers = [f"{value}_{s}" for value in ("tco_usd_per_chip_hour", "tco_ratio_to_base") for s in STATISTICS]
    return table(rows, keys, numbers).sort_values(keys, ignore_index=True)


def _scenarios(
    simulation: Simulation, draws: CostDraws, vendor: str, markets: Sequence[tuple[str, float]]
) -> Iterator[tuple[str, str, Array]]:
    """(kind, name, USD per chip-hour) of each scenario of one system, vintage and buyer class."""
    beliefs = simulation.assumptions
    base = draws.tco_usd_per_chip_hour
    parts = draws.hourly_by_component()
    yield "base", "base", base
    if vendor in MERCHANT_VENDORS:
        for subject in beliefs.subjects("backend_network_cost_ratio"):
            factor = simulation.drawn(beliefs.get(subject, "backend_network_cost_ratio"))
            yield "network", subject.removeprefix("network/"), base + parts["backend_network"] * (factor - 1.0)
    for market, price_to_us in markets:
        yield "electricity_market", str(market), base + parts["electricity"] * (float(price_to_us) - 1.0)
    straight = cost.straight_line_usd_per_hour(draws.capex_usd_per_chip, draws.life_years, draws.residual_share)
    yield "depreciation", "straight_line", straight + draws.operating_usd_per_chip_hour
    shell = {p: beliefs.find("*", p) for p in SHELL_PARAMETERS}
    if all(shell.values()):
        price, life, operations = (simulation.drawn(belief) for belief in shell.values() if belief is not None)
        annuity, upkeep = cost.self_built_usd_per_kw_month(price, draws.wacc_ratio, life, operations)
        own_site = cost.operating_usd_per_hour(draws.power_kw, annuity + upkeep)
        yield "facility", "self_built", base - parts["colocation"] + own_site


def _component_kind(component: str) -> str:
    if component in CAPITAL_COMPONENTS:
        return "capital"
    return "operating" if component in OPERATING_COMPONENTS else "total"


def _component_basis(simulation: Simulation, draws: CostDraws, row: Row, component: str) -> str:
    """`published` where the part itself was priced by somebody, `ratio` where it was split off by an assumption."""
    if component == "server":
        stated = str(row["capex_basis"]) in SERVER_PRICED or float(row["published_server_share"]) > 0
        return "published" if stated else "ratio"
    if component in FACILITY_COMPONENTS:
        split = simulation.has_published_opex(draws.assumption_vintage, draws.buyer_class)
        return "ratio" if split else "published"
    return "sum" if component == "total" else "ratio"


def _component_assumptions(simulation: Simulation, draws: CostDraws, row: Row, component: str) -> list[str]:
    """Assumption rows a part was split by, as `assumption:<subject>/<parameter>`; none for a server share published."""
    if component == "server":
        return [] if float(row["published_server_share"]) > 0 else [f"assumption:*/{SERVER_RATIO}"]
    if component in CAPITAL_COMPONENTS:
        return [f"assumption:component/{component}/nonserver_capex_weight_ratio"]
    if component not in OPERATING_COMPONENTS:
        return []
    parameters = FACILITY_PARAMETERS.get(component, ("other_opex_usd_per_kw_month",))
    if simulation.has_published_opex(draws.assumption_vintage, draws.buyer_class):
        parameters = (SHORTCUT_PARAMETER, *parameters)
    used = [f"assumption:{draws.assumption_vintage}/{draws.buyer_class}/{parameter}" for parameter in parameters]
    if component in OTHER_OPERATING_COMPONENTS:
        used.append(f"assumption:component/{component}/other_opex_weight_ratio")
    return used
