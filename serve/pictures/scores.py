"""Calibration of the dated forecasts: how often the truth lay below each quantile, from marts.forecast_accuracy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from serve.pictures import style

QUANTILES = {"p05": 0.05, "p10": 0.10, "p50": 0.50, "p90": 0.90, "p95": 0.95}
OURS = "gigawatch"
# With fewer scored forecasts the shares are noise.
MIN_FORECASTS = 20


def calibration(engine: str) -> Callable[[duckdb.DuckDBPyConnection, Path], Figure | None]:
    """The picture of one engine: shares below each quantile, and where outcomes fell in our own intervals."""

    def draw(con: duckdb.DuckDBPyConnection, _: Path) -> Figure | None:
        frame = con.execute(
            """
            select
                target, forecaster, actual_value, censored_at_value, as_of_date, forecast_value_p05 as p05,
                forecast_value_p10 as p10, forecast_value_p50 as p50, forecast_value_p90 as p90,
                forecast_value_p95 as p95
            from marts.forecast_accuracy
            where engine = ? and target_kind = 'actual' and score_basis in ('out_of_sample', 'censored')
                and not is_point_forecast and score_flag is null
                -- A site on which nothing can change says nothing about an interval.
                and forecast_value_p05 < forecast_value_p95
            order by target, forecaster, forecast_as_of, subject, period, actual_root_id
            """,
            [engine],
        ).df()
        # Where an outcome may still be to come, the places of those that came early say nothing about the rest.
        ours = frame[(frame["forecaster"] == OURS) & frame["censored_at_value"].isna()]
        if len(ours) < MIN_FORECASTS:
            return None
        figure, axes = style.canvas(10.5, 4.4, 1, 2)
        lines, histogram = axes[0]
        _diagonal(lines)
        colours = iter(style.STACK)
        for (target, forecaster), rows in frame.groupby(["target", "forecaster"], sort=True):
            shares = shares_below(rows, MIN_FORECASTS)
            if np.isnan(shares).all():
                continue
            label = f"{_words(forecaster)}: {_words(target)} ({len(rows)})"
            lines.plot(list(QUANTILES.values()), shares, "o-" if forecaster == OURS else "s:", color=next(colours),
                       markersize=4.5, label=label)  # fmt: skip
        lines.set_title("Share of outcomes below each quantile")
        lines.set_xlabel("quantile of the forecast")
        lines.set_ylabel("share of outcomes below it")
        lines.legend(loc="upper left")
        _bins(histogram, shares_below(ours))
        histogram.set_title(f"Where {len(ours)} outcomes fell in Gigawatch's intervals (PIT)")
        source = (
            "marts.forecast_accuracy (out of sample, no doubtful outcomes, no certain ones; "
            "in brackets: forecasts, not independent)"
        )
        title = f"Are the intervals of the {engine} engine honest?"
        return style.finish(figure, title, source, pd.Timestamp(frame["as_of_date"].max()).date())

    return draw


def shares_below(rows: pd.DataFrame, at_least: int = 1) -> list[float]:
    """Share of outcomes below each quantile, NaN from fewer than `at_least`.

    An outcome equal to the quantile (both zero, say) counts half. What has not happened by `censored_at_value` is not
    below a quantile before that day; quantiles behind it are left out, also of what has happened: whether a forecast
    counts must not depend on its outcome.
    """
    shares = []
    for name in QUANTILES:
        known = rows[rows["censored_at_value"].isna() | (rows[name] <= rows["censored_at_value"])]
        below = (known["actual_value"] < known[name]) + 0.5 * (known["actual_value"] == known[name])
        shares.append(float(below.mean()) if len(known) >= at_least else np.nan)
    return shares


def _bins(axis: Axes, shares: list[float]) -> None:
    """Density of outcomes between the quantiles on file; 1 everywhere when the intervals are right."""
    edges = np.array([0.0, *QUANTILES.values(), 1.0])
    widths = np.diff(edges)
    densities = np.diff([0.0, *shares, 1.0]) / widths
    axis.bar(edges[:-1], densities, widths, align="edge", color=style.BLUE, alpha=0.45, edgecolor="white")
    axis.axhline(1, color=style.INK, linewidth=1, linestyle="--")
    axis.set_xticks(list(edges), ["0", "5%", "10%", "50%", "90%", "95%", "100%"], rotation=60)
    axis.set_xlabel("quantile of the forecast that the outcome reached")
    axis.set_ylabel("density (1: as promised)")


def _diagonal(axis: Axes) -> None:
    axis.plot([0, 1], [0, 1], color=style.GREY, linewidth=1, linestyle="--")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.annotate("as promised", (0.72, 0.72), rotation=37, ha="center", va="bottom", fontsize=7.5, color=style.GREY)


def _words(name: object) -> str:
    return str(name).replace("_", " ").replace(" mw", " MW").replace(OURS, OURS.capitalize())
