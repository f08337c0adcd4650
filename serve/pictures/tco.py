"""Pictures of docs/methods/tco.md: SQL on the published file in, a figure out; None where nothing is known."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from serve.pictures import style

Connection = duckdb.DuckDBPyConnection

BUYER = "hyperscaler"
BUILT_UP = ("hgx-h100-8", "gb200-nvl72", "tpu-v7-pod", "mi355x-ubb8", "trn2-ultraserver", "trn3-gen2-ultraserver")
TORNADO = ("gb200-nvl72", "trn2-ultraserver")
RANKED = {
    "tco_usd_per_chip_hour": "USD per chip-hour",
    "usd_per_effective_pflop_hour": "USD per effective PFLOP-hour",
    "usd_per_tb_per_s_hour": "USD per TB/s-hour",
}
SHAKEN = {
    "tco_usd_per_chip_hour": "chip-hour",
    "usd_per_effective_pflop_hour": "effective PFLOP-hour",
}
# Parts with a step of their own; the small ones of each kind share one.
STEPS = {
    "server": "server or rack",
    "backend_network": "back-end network",
    "frontend_network": "front-end network",
    "other capital": "storage, set-up, software",
    "electricity": "electricity",
    "colocation": "data-centre rent",
    "other operating": "hands, internet, repairs",
}
KINDS = {"capital": style.BLUE, "operating": style.ORANGE, "total": style.GREY}
VENDORS = {
    "Nvidia": style.GREEN,
    "AMD": style.RED,
    "Google": style.BLUE,
    "AWS": style.ORANGE,
    "Intel": style.PURPLE,
}
_BOUND_HATCH = "////"
_INPUTS = {
    "mfu_share": "MFU",
    "wacc_ratio": "WACC",
    "pue_ratio": "PUE",
    "capex": "all-in capex",
    "residual_share": "residual value",
    "backend_network_cost_ratio": "back-end network price",
    "all_in_power_kw_per_chip": "all-in power",
    "power_utilisation_ratio": "power drawn",
    "all_in_to_chip_price_ratio": "all-in to chip price",
    "all_in_to_server_ratio": "all-in to server",
    "contract_to_list_ratio": "contract to list",
    "opex_usd_per_kw_month": "facility cost",
    "other_opex_usd_per_kw_month": "other operating",
    "colo_usd_per_kw_month": "data-centre rent",
    "electricity_usd_per_kwh": "electricity",
    "life_years": "life",
    "utilisation_share": "hours in use",
}


def waterfall(con: Connection, _: Path) -> Figure | None:
    """What an hour of a chip is made of, for six systems: means of the parts, and the total with its band."""
    frame = _newest(con, "tco_by_system", f"system_id in {BUILT_UP}")
    if frame.empty:
        return None
    known = [system for system in BUILT_UP if system in set(frame["system_id"])]
    n_rows = -(-len(known) // 3)
    figure, axes = style.canvas(11, 2.5 * n_rows + 0.9, n_rows, 3, sharex=True, sharey=True)
    for axis, system in zip(axes.flat, known, strict=False):
        _steps(axis, frame[frame["system_id"] == system])
    axes[0, 0].invert_yaxis()
    axes[0, 0].set_xlim(0, 1.12 * frame["usd_per_chip_hour_p95"].max())
    style.no_panel(axes.flat[len(known) :])
    for axis in axes[-1]:
        axis.set_xlabel("USD per chip-hour")
    handles = [Patch(color=colour, label=kind) for kind, colour in KINDS.items()]
    handles.append(Patch(facecolor="white", edgecolor=style.GREY, hatch=_BOUND_HATCH, label="price is a derived bound"))
    figure.legend(handles=handles, loc="outside upper right", ncols=4)
    source = f"marts.tco_by_system ({_whose(frame)}; means, which add up; line: p05-p95 of the total)"
    return style.finish(figure, "What a chip-hour costs, part by part", source, _as_of(frame))


def rankings(con: Connection, _: Path) -> Figure | None:
    """One system per accelerator, cheapest first, by three measures of cost."""
    frame = _newest(con, "tco_metrics", "system_id in (select system_id from marts.tco_pairwise)")
    if frame.empty:
        return None
    figure, axes = style.canvas(12, 0.22 * len(frame) + 1.6, 1, len(RANKED))
    for axis, (metric, words) in zip(axes[0], RANKED.items(), strict=True):
        # What is not known stands behind the rest, never at zero.
        rows = frame.sort_values([f"{metric}_p50", "system_id"], na_position="last")
        for place, row in enumerate(rows.to_dict("records")):
            colour = VENDORS.get(str(row["vendor"]), style.GREY)
            low, middle, high = (row[f"{metric}_{level}"] for level in ("p05", "p50", "p95"))
            if pd.isna(middle):
                axis.annotate("not known", (0, place), xytext=(4, 0), textcoords="offset points", va="center",
                              fontsize=7.5, color=style.GREY)  # fmt: skip
                continue
            axis.hlines(place, low, high, color=colour, linewidth=1.8, zorder=2)
            face = "white" if row["is_derived_bound"] else colour
            axis.plot(middle, place, "o", color=colour, markerfacecolor=face, markersize=5, zorder=3)
        axis.set_yticks(range(len(rows)), [_short(name) for name in rows["system_name"]])
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.set_xlim(0, 1.05 * rows[f"{metric}_p95"].max())
        axis.xaxis.set_major_locator(MaxNLocator(5))
        axis.set_title(words)
        axis.grid(visible=False, axis="y")
    handles = [Line2D([], [], marker="o", color=colour, markersize=5, label=vendor)
               for vendor, colour in VENDORS.items() if vendor in set(frame["vendor"])]  # fmt: skip
    handles.append(Line2D([], [], marker="o", color=style.GREY, markerfacecolor="white", markersize=5,
                          label="price is a derived bound"))  # fmt: skip
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    source = (
        f"marts.tco_metrics ({_whose(frame)}; dot: median, line: p05-p95; cheapest first; "
        "effective PFLOP: dense BF16 x MFU; TB/s: memory)"
    )
    return style.finish(figure, "One system per accelerator, ranked", source, _as_of(frame))


def tornado(con: Connection, _: Path) -> Figure | None:
    """How far one input at a time, at either end of its range, moves two costs of two systems."""
    frame = _newest(con, "tco_sensitivity", f"system_id in {TORNADO} and metric in {tuple(SHAKEN)} and swing_pct > 0")
    if frame.empty:
        return None
    known = [system for system in TORNADO if system in set(frame["system_id"])]
    most = int(frame.groupby(["system_id", "metric"]).size().max())
    figure, axes = style.canvas(11, (0.22 * most + 0.7) * len(known) + 0.9, len(known), len(SHAKEN), sharex=True)
    for row, system in zip(axes, known, strict=True):
        for axis, (metric, words) in zip(row, SHAKEN.items(), strict=True):
            _shake(axis, frame[(frame["system_id"] == system) & (frame["metric"] == metric)], words)
    for axis in axes[-1]:
        axis.set_xlabel("change of the cost")
    handles = [
        Patch(color=style.BLUE, label="input at the low end of its range"),
        Patch(color=style.ORANGE, label="input at the high end"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2)
    source = f"marts.tco_sensitivity ({_whose(frame)}; one input at a time, inputs that move nothing left out)"
    return style.finish(figure, "Which input moves the cost", source, _as_of(frame))


def steps(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean USD per chip-hour of each step (index: `STEPS`), its kind and where it starts; the last ends at the total.

    `rows` are the parts of one system (component, component_kind, usd_per_chip_hour_mean), with or without the total.
    """
    parts = rows[rows["component_kind"] != "total"]
    other = "other " + parts["component_kind"]
    step = parts["component"].where(parts["component"].isin(list(STEPS)), other)
    table = parts.groupby(step).agg(usd=("usd_per_chip_hour_mean", "sum"), kind=("component_kind", "first"))
    # In the order of STEPS; a step without a part is left out.
    table = table.reindex([name for name in STEPS if name in table.index])
    return table.assign(start=table["usd"].cumsum() - table["usd"])


# ------------------------------------------------------------------------------------------------------------- helpers


def _newest(con: Connection, mart: str, condition: str) -> pd.DataFrame:
    """Rows of the newest vintage of the buyer's."""
    return con.sql(
        f"""
        from marts.{mart}
        where buyer_class = '{BUYER}' and {condition}
        qualify assumption_vintage = max(assumption_vintage) over ()
        order by all
        """
    ).df()


def _steps(axis: Axes, rows: pd.DataFrame) -> None:
    total = rows[rows["component_kind"] == "total"].iloc[0]
    is_bound = bool(total["is_derived_bound"])
    names = list(STEPS.values())
    for name, part in steps(rows).iterrows():
        _bar(axis, names.index(STEPS[str(name)]), part["start"], part["usd"], str(part["kind"]),
             is_bound and part["kind"] == "capital", part["start"] + part["usd"])  # fmt: skip
    _bar(axis, len(names), 0, total["usd_per_chip_hour_mean"], "total", is_bound, total["usd_per_chip_hour_p95"])
    axis.hlines(len(names), total["usd_per_chip_hour_p05"], total["usd_per_chip_hour_p95"], color=style.INK,
                linewidth=2.2, zorder=3)  # fmt: skip
    axis.set_yticks(range(len(names) + 1), [*names, "total"])
    axis.grid(visible=False, axis="y")
    axis.set_title(_short(total["system_name"]) + (" (derived bound)" if is_bound else ""))


def _bar(axis: Axes, y: int, start: float, usd: float, kind: str, is_hatched: bool, text_from: float) -> None:
    colour = KINDS[kind]
    face, hatch = ("white", _BOUND_HATCH) if is_hatched else (colour, None)
    axis.barh(y, usd, left=start, height=0.7, linewidth=0.8, facecolor=face, edgecolor=colour, hatch=hatch)
    axis.annotate(f"{usd:.2f}", (text_from, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7.5,
                  fontweight="bold" if kind == "total" else "normal")  # fmt: skip


def _shake(axis: Axes, rows: pd.DataFrame, words: str) -> None:
    if rows.empty:
        style.no_panel([axis])
        return
    rows = rows.sort_values(["swing_pct_rank", "input_name"])
    places = np.arange(len(rows))
    axis.barh(places, rows["change_at_low_pct"], height=0.68, color=style.BLUE)
    axis.barh(places, rows["change_at_high_pct"], height=0.68, color=style.ORANGE)
    axis.axvline(0, color=style.INK, linewidth=0.8)
    axis.set_yticks(places, [_input(row) for _, row in rows.iterrows()], fontsize=7.5)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+.0f}%" if value else "0"))
    axis.tick_params(labelbottom=True)
    axis.grid(visible=False, axis="y")
    first = rows.iloc[0]
    bound = " (derived bound)" if first["is_derived_bound"] else ""
    axis.set_title(f"{_short(first['system_name'])}{bound}\n{first['metric_at_mid_value']:.2f} USD per {words}")


def _input(row: pd.Series[str]) -> str:
    """The input's name and the ends of its range, with a unit where it has one."""
    name = _INPUTS.get(str(row["input_name"]), str(row["input_name"]).replace("_", " "))
    low, high, unit = float(row["input_low_value"]), float(row["input_high_value"]), str(row["input_unit"])
    if unit in ("share", "1/year"):
        return f"{name}, {100 * low:.4g}-{100 * high:.4g}%"
    ends = f"{low:,.0f}-{high:,.0f}" if high >= 100 else f"{low:.3g}-{high:.3g}"
    return f"{name}, {ends}" + ("" if unit == "ratio" else f" {unit}")


def _short(system_name: object) -> str:
    """The name without what stands in brackets, after a comma, or tells one platform of a chip from another."""
    return re.sub(r" \(.*|,.*| platform$|^Instinct |^AMD ", "", str(system_name))


def _whose(frame: pd.DataFrame) -> str:
    return f"{BUYER}, vintage {frame['assumption_vintage'].iloc[0]}"


def _as_of(frame: pd.DataFrame) -> date:
    return pd.Timestamp(frame["as_of_date"].max()).date()
