"""Pictures of docs/methods/volumes.md: SQL on the published file in, a figure out; None where nothing is known."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from serve.ablation import BELIEFS_FILE, VARIANTS_FILE
from serve.pictures import style

Connection = duckdb.DuckDBPyConnection

COLOURS = {
    "Trainium1": style.GREY,
    "Trainium2": style.BLUE,
    "Trainium3": style.GREEN,
    "Trainium4": style.PURPLE,
    "all": style.INK,
}
N_BELIEFS = 24
# 90% of a standard normal lie within this many standard deviations.
PRIOR_EDGE_SD = 1.645
_BAND = "line: median, band: p05-p95"
_SPELLINGS = {"cowos": "CoWoS", "aws": "AWS", "usd": "USD", "nvidia": "Nvidia"}


def generations(con: Connection, _: Path) -> Figure | None:
    """Packages per quarter of each generation, of all, and of all in the low and the high scenario."""
    frame = _volumes(con, "sku_level in ('generation', 'family')")
    if frame.empty:
        return None
    figure, axes = style.canvas(10.5, 6, 2, 3)
    for axis, (generation, rows) in zip(axes.flat[:5], _by_generation(frame), strict=False):
        _fan(axis, rows, "package_units", COLOURS[generation])
        axis.set_title("All Trainium" if generation == "all" else generation)
    family = frame[frame["generation"] == "all"]
    scenarios = axes.flat[5]
    for scenario, colour in (("low", style.ORANGE), ("high", style.BLUE)):
        _fan(scenarios, family, f"{scenario}_scenario_package_units", colour, f"{scenario} scenario")
    scenarios.plot(style.years(family["quarter_start_date"], 1.5), family["package_units_p50"] / 1e3, color=style.INK,
                   linestyle=":", label="all draws, median")  # fmt: skip
    scenarios.set_title("All Trainium, by scenario")
    scenarios.legend(loc="upper left")
    as_of = _as_of(frame)
    for number, axis in enumerate(axes.flat):
        _years_of(axis, frame)
        style.mark_as_of(axis, as_of, is_named=number == 0)
        axis.set_ylim(bottom=0)
        axis.set_ylabel("thousand a quarter" if number % 3 == 0 else "")
    source = f"marts.trainium_volumes_quarterly ({_BAND}; each panel has its own scale)"
    return style.finish(figure, "Trainium packages made per quarter", source, as_of)


def skus(con: Connection, _: Path) -> Figure | None:
    """Packages per quarter of each system SKU, each on its own scale."""
    frame = _volumes(con, "sku_level = 'sku'")
    if frame.empty:
        return None
    peaks = frame.groupby(["generation", "sku_id"])["package_units_p50"].max().reset_index()
    order = peaks.sort_values(["generation", "package_units_p50", "sku_id"], ascending=[True, False, True])
    columns = 6
    n_rows = -(-len(order) // columns)
    figure, axes = style.canvas(11.5, 1.9 * n_rows + 0.8, n_rows, columns, sharex=True)
    as_of = _as_of(frame)
    for axis, sku_id in zip(axes.flat, order["sku_id"], strict=False):
        rows = frame[frame["sku_id"] == sku_id]
        first = rows.iloc[0]
        _fan(axis, rows, "package_units", COLOURS[first["generation"]])
        _years_of(axis, frame, every=2)
        style.mark_as_of(axis, as_of)
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.set_title(_sku_name(first), fontsize=8)
        axis.tick_params(labelsize=7.5)
    style.no_panel(axes.flat[len(order) :])
    for row in axes:
        row[0].set_ylabel("thousand a quarter", fontsize=8)
    _name_colours(figure, list(dict.fromkeys(order["generation"])))
    source = f"marts.trainium_volumes_quarterly ({_BAND}; each panel has its own scale; dashed: as of)"
    return style.finish(figure, "Trainium packages made per quarter, by system", source, as_of)


def stages(con: Connection, _: Path) -> Figure | None:
    """Packages and installed chips of Trainium2 and Trainium3, cumulative, and the racks between them."""
    frame = _volumes(con, "sku_level = 'generation' and generation in ('Trainium2', 'Trainium3')")
    if frame.empty:
        return None
    chips = (
        ("package_units_cumulative", style.BLUE, "packages made"),
        ("installed_chip_units_cumulative", style.GREEN, "chips installed"),
    )
    figure, axes = style.canvas(10.5, 6.4, 2, 2, height_ratios=[2, 1], sharex="col")
    as_of = _as_of(frame)
    for column, (generation, rows) in enumerate(_by_generation(frame)):
        upper, lower = axes[:, column]
        for measure, colour, label in chips:
            _fan(upper, rows, measure, colour, label, is_end_of_quarter=True, per=1e6)
        _fan(lower, rows, "rack_units_cumulative", style.ORANGE, "racks shipped", is_end_of_quarter=True)
        upper.set_title(generation)
        for axis in (upper, lower):
            _years_of(axis, frame)
            style.mark_as_of(axis, as_of, is_named=axis is lower)
            axis.set_ylim(bottom=0)
            axis.legend(loc="upper left")
    axes[0, 0].set_ylabel("million chips, since 2023")
    axes[1, 0].set_ylabel("thousand racks")
    source = f"marts.trainium_volumes_quarterly ({_BAND})"
    return style.finish(figure, "From packages over racks to installed chips, cumulative", source, as_of)


def signals(con: Connection, studies: Path) -> Figure | None:
    """What four figures become with one family of evidence left out, or alone."""
    path = studies / VARIANTS_FILE
    if not path.exists():
        return None
    frame = pd.read_csv(path, parse_dates=["as_of_date"])
    names = [_with_supplier_names(name, _suppliers(con)) for name in frame["variant"].drop_duplicates()]
    shown = frame[["generation", "measure"]].drop_duplicates().itertuples(index=False)
    figure, axes = style.canvas(11.5, 0.23 * len(names) + 1.5, 1, 4, sharey=True)
    for axis, (generation, measure) in zip(axes[0], shown, strict=True):
        rows = frame[(frame["generation"] == generation) & (frame["measure"] == measure)]
        low, middle, high = (rows[f"units_{level}"].to_numpy() / 1e3 for level in ("p05", "p50", "p95"))
        places = np.arange(len(rows))
        axis.axvspan(low[0], high[0], color=style.BLUE, alpha=0.10, linewidth=0)
        axis.axvline(middle[0], color=style.BLUE, linewidth=0.9)
        axis.hlines(places, low, high, color=style.INK, linewidth=1.4)
        axis.plot(middle, places, "o", color=style.INK, markersize=4)
        axis.set_xscale("log")
        _log_ticks(axis, low.min(), high.max())
        words = "packages" if measure == "package_units" else "installed"
        axis.set_title(f"{generation} {words}\nthrough {'2025' if generation == 'Trainium2' else '2026'}")
        axis.set_xlabel("thousand")
        axis.set_yticks(places, names)
        axis.grid(visible=False, axis="y")
    axes[0, 0].invert_yaxis()
    source = "make ablation (dot: median, line: p05-p95; shaded: with all evidence; log scale)"
    return style.finish(figure, "What each signal moves", source, frame["as_of_date"].max().date())


def beliefs(con: Connection, studies: Path) -> Figure | None:
    """Prior and posterior of the beliefs that the evidence changed most, in prior standard deviations."""
    path = studies / BELIEFS_FILE
    if not path.exists():
        return None
    frame = most_changed(pd.read_csv(path, parse_dates=["as_of_date"]), N_BELIEFS)
    names = [_belief_name(name, _suppliers(con)) for name in frame["belief"]]
    places = np.arange(len(frame))
    figure, axes = style.canvas(9.5, 0.25 * len(frame) + 1.4)
    axis = axes[0, 0]
    axis.barh(places, 2 * PRIOR_EDGE_SD, left=-PRIOR_EDGE_SD, height=0.62, color=style.LIGHT, label="prior, p05-p95")
    axis.axvline(0, color=style.GREY, linewidth=0.9, label="prior, median")
    axis.hlines(places, frame["prior_sd_p05"], frame["prior_sd_p95"], color=style.BLUE, linewidth=2.4,
                label="posterior, p05-p95")  # fmt: skip
    axis.plot(frame["prior_sd_p50"], places, "o", color=style.BLUE, markersize=5, label="posterior, median")
    axis.set_yticks(places, names)
    axis.set_ylim(len(frame) - 0.4, -0.6)
    axis.set_xlabel("prior standard deviations from the prior's median")
    axis.grid(visible=False, axis="y")
    figure.legend(loc="outside right upper")
    title = f"Prior and posterior: the {len(frame)} beliefs that the evidence changed most"
    return style.finish(figure, title, "make ablation (beliefs_volumes.csv)", frame["as_of_date"].max().date())


def most_changed(frame: pd.DataFrame, n: int) -> pd.DataFrame:
    """The `n` beliefs with the largest information gain over their standard normal prior, largest first.

    Gain of a normal with mean m and standard deviation s: (s^2 + m^2 - 1) / 2 - ln s; s from the p05-p95 range.
    """
    spread = (frame["prior_sd_p95"] - frame["prior_sd_p05"]) / (2 * PRIOR_EDGE_SD)
    gain = (spread**2 + frame["prior_sd_p50"] ** 2 - 1) / 2 - np.log(spread)
    return frame.assign(gain=gain).sort_values(["gain", "belief"], ascending=[False, True]).head(n)


# ------------------------------------------------------------------------------------------------------------- helpers


def _volumes(con: Connection, condition: str) -> pd.DataFrame:
    return con.sql(
        f"select * from marts.trainium_volumes_quarterly where {condition} order by generation, sku_id, "
        "quarter_start_date"
    ).df()


def _by_generation(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    # 'all' sorts behind the generations, whose names start with a capital.
    return [(str(generation), rows) for generation, rows in frame.groupby("generation", sort=True)]


def _as_of(frame: pd.DataFrame) -> date:
    return pd.Timestamp(frame["as_of_date"].max()).date()


def _years_of(axis: Axes, frame: pd.DataFrame, every: int = 1) -> None:
    quarters = pd.to_datetime(frame["quarter_start_date"])
    style.year_axis(axis, quarters.min().year, quarters.max().year, every)


def _fan(
    axis: Axes,
    rows: pd.DataFrame,
    measure: str,
    colour: str,
    label: str | None = None,
    is_end_of_quarter: bool = False,
    per: float = 1e3,
) -> None:
    x = style.years(rows["quarter_start_date"], 3 if is_end_of_quarter else 1.5)
    style.fan(axis, x, *(rows[f"{measure}_{level}"] / per for level in ("p05", "p50", "p95")), colour, label)


def _sku_name(row: pd.Series[str]) -> str:
    """AWS's name, else the trade's, else the bare code of the AWS runtime."""
    for column in ("aws_name", "industry_codename"):
        if pd.notna(row[column]):
            return str(row[column])
    return f"code {str(row['sku_id']).upper()}"


def _name_colours(figure: Figure, names: list[str]) -> None:
    handles = [figure.axes[0].plot([], [], color=COLOURS[name], label=name)[0] for name in names]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(names))


def _suppliers(con: Connection) -> dict[str, str]:
    return dict(con.execute("select distinct ticker, supplier from marts.supplier_exposure").fetchall())


def _with_supplier_names(text: str, suppliers: dict[str, str]) -> str:
    return " ".join(suppliers.get(word, word) for word in text.split())


def _belief_name(belief: str, suppliers: dict[str, str]) -> str:
    subject, *rest = belief.split("/")
    words = ": ".join([suppliers.get(subject, subject), *rest]).replace("_", " ").split()
    return " ".join(_SPELLINGS.get(word.rstrip(":"), word.rstrip(":")) + ":" * word.endswith(":") for word in words)


def _log_ticks(axis: Axes, low: float, high: float) -> None:
    steps = [value for power in range(0, 7) for value in (10**power, 3 * 10**power)]
    axis.set_xlim(low * 0.85, high * 1.15)
    axis.set_xticks([step for step in steps if low * 0.85 <= step <= high * 1.15])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
