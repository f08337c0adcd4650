"""One input moved at a time, from the low to the high end of its assumption row, all others at their centre."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco.assumptions import Assumptions, Belief
from models.tco.breakdown import MERCHANT_VENDORS
from models.tco.centre import recost, run_inputs
from models.tco.distributions import Z95, log_sigma
from models.tco.run import ENGINE, KEY, table
from models.tco.simulate import CAPEX_LADDER, SHORTCUT_PARAMETER, Row

SENSITIVITY_BUYERS = ("hyperscaler", "neocloud_giant")
SENSITIVITY_METRICS = {
    "tco_usd_per_chip_hour": "USD/chip-hour",
    "tco_usd_per_useful_chip_hour": "USD/useful chip-hour",
    "usd_per_effective_pflop_hour": "USD/effective PFLOP-hour",
}
# Parameters of a vintage and buyer class that are a column of the centre as they stand.
RATES = {
    "wacc_ratio": "1/year",
    "life_years": "years",
    "electricity_usd_per_kwh": "USD/kWh",
    "power_utilisation_ratio": "ratio",
    "pue_ratio": "ratio",
    "colo_usd_per_kw_month": "USD/kW-month",
    "other_opex_usd_per_kw_month": "USD/kW-month",
    "utilisation_share": "share",
}
# Nobody believes in a residual value strongly enough to draw it; its range exists for the tornado only.
TORNADO_SUBJECT = "tornado"
# Distributions whose low and high are percentiles; of the others they are the ends.
PERCENTILE_RANGES = ("beta", "lognormal", "normal")


@dataclass(frozen=True)
class Move:
    """One input of one row: its range, and the centre column it changes (times the ratio to mid, or to the value)."""

    input_name: str
    input_unit: str
    low: float
    mid: float
    high: float
    range_basis: str
    assumption: str
    column: str
    is_factor: bool = False


def run_sensitivity(frames: Mapping[str, pd.DataFrame], as_of: date) -> pd.DataFrame:
    """The tornado of every system: hyperscaler and neocloud giant, all vintages, one row per input and metric.

    In: frames as for `run_inputs`. Out: KEY, metric, unit, input_name, input_unit, range_basis (`ends`, `p05_p95`,
    `choices`), assumption (the row the range is from), input_low/mid/high_value, metric_at_low/mid/high_value,
    change_at_low_pct, change_at_high_pct, swing_pct (absolute), swing_pct_rank (1 moves it most; ties share it).
    An input without a range has no row. Sorted by KEY, metric, input_name; errors as `run`.
    """
    centre = run_inputs(frames, as_of)
    centre = centre[centre["buyer_class"].isin(SENSITIVITY_BUYERS)].reset_index(drop=True)
    beliefs = Assumptions(frames["assumptions"], ENGINE)
    systems = {(str(r["system_id"]), str(r["assumption_vintage"])): r for r in frames["systems"].to_dict("records")}
    records = centre.to_dict("records")
    moves = [
        (position, move)
        for position, row in enumerate(records)
        for move in _moves(beliefs, systems[row["system_id"], row["assumption_vintage"]], row)
        if move.low < move.high
    ]
    at = {end: _moved(centre, moves, end) for end in ("low", "mid", "high")}
    texts = [*KEY, "metric", "unit", "input_name", "input_unit", "range_basis", "assumption"]
    rows: list[dict[str, object]] = []
    for number, (position, move) in enumerate(moves):
        for metric, unit in SENSITIVITY_METRICS.items():
            low, mid, high = (float(at[end][metric][number]) for end in ("low", "mid", "high"))
            if np.isnan(mid):
                continue
            rows.append(
                {
                    **{key: records[position][key] for key in KEY},
                    "metric": metric,
                    "unit": unit,
                    "input_name": move.input_name,
                    "input_unit": move.input_unit,
                    "range_basis": move.range_basis,
                    "assumption": move.assumption,
                    "input_low_value": move.low,
                    "input_mid_value": move.mid,
                    "input_high_value": move.high,
                    "metric_at_low_value": low,
                    "metric_at_mid_value": mid,
                    "metric_at_high_value": high,
                    "change_at_low_pct": 100 * (low / mid - 1),
                    "change_at_high_pct": 100 * (high / mid - 1),
                    "swing_pct": 100 * abs(high - low) / mid,
                }
            )
    ends = [f"{side}_{end}_value" for side in ("input", "metric_at") for end in ("low", "mid", "high")]
    found = table(rows, texts, [*ends, "change_at_low_pct", "change_at_high_pct", "swing_pct"])
    # Rounded before ranking: a swing of one part in 1e12 is arithmetic, not an order.
    ranks = found["swing_pct"].round(9).groupby([found[k] for k in [*KEY, "metric"]]).rank("min", ascending=False)
    return found.assign(swing_pct_rank=ranks.astype("int64")).sort_values(
        [*KEY, "metric", "input_name"], ignore_index=True
    )


def _moves(beliefs: Assumptions, system: Row, centre: Row) -> Iterator[Move]:
    """Every input of one system, vintage and buyer class that has a range."""
    subject = f"{centre['assumption_vintage']}/{centre['buyer_class']}"
    for parameter, unit in RATES.items():
        yield _move(parameter, unit, beliefs.get(subject, parameter), parameter)
    residual = beliefs.find(TORNADO_SUBJECT, "residual_share")
    if residual is not None:
        yield _move("residual_share", "share", residual, "residual_share")
    band = beliefs.find(subject, SHORTCUT_PARAMETER)
    if band is not None:
        yield _move(SHORTCUT_PARAMETER, "USD/kW-month", band, "opex_scale_ratio", is_factor=True)
    basis = str(system["capex_basis"])
    capex = _relative_range("capex", "USD/chip", beliefs, f"capex/{basis}", float(centre["capex_usd_per_chip"]))
    yield _widened(capex, system)
    for parameter in (*CAPEX_LADDER[basis], "capex_multiple_ratio"):
        belief = (
            beliefs.find(str(system["family"]), parameter)
            or beliefs.find("*", parameter)
            or beliefs.get(subject, parameter)
        )
        yield _move(parameter, "ratio", belief, "capex_usd_per_chip", is_factor=True)
    power = float(centre["all_in_power_kw_per_chip"])
    yield _relative_range("all_in_power_kw_per_chip", "kW/chip", beliefs, f"power/{system['power_basis']}", power)
    if not pd.isna(system["mfu_subject"]):
        yield _move("mfu_share", "share", beliefs.get(str(system["mfu_subject"]), "mfu_dense_bf16_share"), "mfu_share")
    variants = [
        beliefs.get(s, "backend_network_cost_ratio").value for s in beliefs.subjects("backend_network_cost_ratio")
    ]
    if variants and str(system["vendor"]) in MERCHANT_VENDORS:
        yield Move(
            "backend_network_cost_ratio", "ratio", min(variants), 1.0, max(variants), "choices",
            "assumption:network/*/backend_network_cost_ratio", "backend_network_cost_ratio",
        )  # fmt: skip


def _move(name: str, unit: str, belief: Belief, column: str, is_factor: bool = False) -> Move:
    basis = "p05_p95" if belief.distribution in PERCENTILE_RANGES else "ends"
    row = f"assumption:{belief.subject}/{belief.parameter}"
    return Move(name, unit, belief.low, belief.value, belief.high, basis, row, column, is_factor)


def _relative_range(name: str, unit: str, beliefs: Assumptions, subject: str, mid: float) -> Move:
    """A range given as a 90 percent half-width: up by it, down by the same factor, as the engine draws it."""
    width = beliefs.get(subject, "relative_half_width_share").value
    row = f"assumption:{subject}/relative_half_width_share"
    column = f"{name}_usd_per_chip" if name == "capex" else name
    return Move(name, unit, mid / (1 + width), mid, mid * (1 + width), "p05_p95", row, column)


def _widened(capex: Move, system: Row) -> Move:
    """The price's own published range where it is wider than its basis allows, as the engine draws it."""
    low, high = system["price_low_usd_per_chip"], system["price_high_usd_per_chip"]
    if pd.isna(low) or pd.isna(high) or not low < high:
        return capex
    factor = float(np.exp(Z95 * log_sigma(float(low), float(high))))
    if capex.mid * factor <= capex.high:
        return capex
    return Move(
        capex.input_name, capex.input_unit, capex.mid / factor, capex.mid, capex.mid * factor, "p05_p95",
        "range of the price evidence", capex.column,
    )  # fmt: skip


def _moved(centre: pd.DataFrame, moves: list[tuple[int, Move]], end: str) -> dict[str, NDArray[np.float64]]:
    """SENSITIVITY_METRICS of each move's row with its input at one end."""
    changed = centre.iloc[[position for position, _ in moves]].reset_index(drop=True)
    by_column: dict[str, list[int]] = {}
    for number, (_, move) in enumerate(moves):
        by_column.setdefault(move.column, []).append(number)
    for column, numbers in by_column.items():
        values = changed[column].to_numpy(dtype=np.float64, copy=True)
        for number in numbers:
            move = moves[number][1]
            chosen = {"low": move.low, "mid": move.mid, "high": move.high}[end]
            values[number] = values[number] * chosen / move.mid if move.is_factor else chosen
        changed[column] = values
    costs = recost(changed)
    return {metric: costs[metric].to_numpy() for metric in SENSITIVITY_METRICS}
