"""The house style: one look, and the same bytes for the same figures (fixed fonts, ids without chance, no date)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, GREY, LIGHT = "#1d2b3a", "#6b7a8c", "#d5dce4"
BLUE, GREEN, ORANGE, PURPLE, RED = "#2166ac", "#2b8a5c", "#c8641b", "#6a4c93", "#b3364a"
# For stacks: told apart by lightness too, not by hue alone.
STACK = ("#2166ac", "#f4a259", "#2b8a5c", "#b3364a", "#8ecae6", "#6a4c93", "#e9c46a", "#7f4f24", "#52b69a", "#e5989b")

# DejaVu Sans comes with matplotlib, so widths are the same everywhere; text stays text, which keeps files small.
_HOUSE = {
    "svg.hashsalt": "gigawatch",
    "svg.fonttype": "none",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6eaef",
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "hatch.linewidth": 0.6,
}

_MORE_THAN_TWO_DECIMALS = re.compile(rb"(\.\d\d)\d+")


@contextmanager
def house() -> Iterator[None]:
    """Draw and write in the house style, whatever the settings of the machine are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_HOUSE)  # type: ignore[arg-type]
        yield


def canvas(width_in: float, height_in: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """A figure and its array (rows, columns) of axes; needs no screen."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def years(days: pd.Series[Any], shift_months: float = 0) -> np.ndarray[Any, Any]:
    """Dates as fractional years; `shift_months` moves a quarter's first day to its middle (1.5) or its end (3)."""
    stamps = pd.to_datetime(days)
    return np.asarray(stamps.dt.year + (stamps.dt.day_of_year - 1) / 365.25 + shift_months / 12, dtype=float)


def year(day: date) -> float:
    """One date as a fractional year."""
    return float(years(pd.Series([day]))[0])


def fan(axis: Axes, x: Any, low: Any, middle: Any, high: Any, colour: str, label: str | None = None) -> None:
    """A median with its p05-p95 band."""
    axis.fill_between(x, low, high, color=colour, alpha=0.22, linewidth=0)
    axis.plot(x, middle, color=colour, label=label)


def year_axis(axis: Axes, first: int, last: int, every: int = 1) -> None:
    """Years at their starts, from `first` to the end of `last`; short when every panel has little room."""
    ticks = list(range(first, last + 2, every))
    axis.set_xlim(first, last + 1)
    axis.set_xticks(ticks, [str(tick) if every == 1 else f"'{tick % 100:02d}" for tick in ticks])


def mark_as_of(axis: Axes, as_of: date, is_named: bool = False) -> None:
    """A dashed line between what had happened and what is forecast."""
    axis.axvline(year(as_of), color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    if is_named:
        axis.annotate(
            "as of", (year(as_of), 1), xycoords=("data", "axes fraction"), xytext=(-3, -2), textcoords="offset points",
            ha="right", va="top", fontsize=7.5, color=GREY,
        )  # fmt: skip


def finish(figure: Figure, title: str, source: str, as_of: date) -> Figure:
    """Title above; below, where the figures come from and of which day they are."""
    figure.suptitle(title, x=0.008, ha="left", fontsize=11.5, fontweight="bold", color=INK)
    figure.supxlabel(f"Gigawatch, {source}, as of {as_of}.", x=0.008, ha="left", fontsize=7.5, color=GREY)
    return figure


def no_panel(axes: Sequence[Axes]) -> None:
    """Take away panels that nothing is drawn in."""
    for axis in axes:
        axis.set_axis_off()


def svg(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    # A hundredth of a point is fine enough; blanks at line ends only disturb version control.
    lines = (_MORE_THAN_TWO_DECIMALS.sub(rb"\1", line).rstrip() for line in out.getvalue().splitlines())
    return b"\n".join(lines) + b"\n"


def write(figure: Figure, path: Path) -> None:
    """Write the SVG, whole or not at all."""
    draft = path.with_suffix(".tmp")
    draft.write_bytes(svg(figure))
    draft.replace(path)
