"""How good a forecast was: proper scores of quantile grids and of draws. Pure arithmetic, the same for every engine.

A forecast is a row of quantiles on LEVELS. Between two levels its quantile function is a straight line; outside the
first and the last it is flat. A point forecast has the same number on every level, so its CRPS is the absolute error.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

LEVELS: tuple[float, ...] = (0.01, *(step / 20 for step in range(1, 20)), 0.99)
COLUMNS: tuple[str, ...] = tuple(f"p{round(100 * level):02d}" for level in LEVELS)
# Levels of the mean pinball loss: the middle and the ends of the 80% interval.
PINBALL_LEVELS = (0.1, 0.5, 0.9)

_LOW, _HIGH = 0.05, 0.95


def crps_of_draws(draws: Floats, actual: float) -> float:
    """Continuous ranked probability score of equally likely draws, in the unit of the draws; lower is better.

    E|X - y| - E|X - X'| / 2, the second mean from sorted draws.
    """
    ordered = np.sort(np.asarray(draws, dtype=np.float64))
    n = len(ordered)
    spread = float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum()) / n**2
    return float(np.abs(ordered - actual).mean()) - spread


def crps_of_quantiles(quantiles: Floats, actual: Floats, levels: Sequence[float] | Floats = LEVELS) -> Floats:
    """Continuous ranked probability score of forecasts given as quantiles, exact for their quantile function.

    `quantiles` has shape (forecasts, levels) and must not fall along the levels, `actual` shape (forecasts,), `levels`
    shape (levels,) or one row per forecast. The score is twice the integral of the pinball loss over the level.
    """
    values = np.pad(np.asarray(quantiles, dtype=np.float64), ((0, 0), (1, 1)), mode="edge")
    inner = np.broadcast_to(np.asarray(levels, dtype=np.float64), np.shape(quantiles))
    grid = np.pad(inner, ((0, 0), (1, 1)), constant_values=((0, 0), (0.0, 1.0)))
    left, right = values[:, :-1], values[:, 1:]
    target = np.asarray(actual, dtype=np.float64)[:, None]
    rise = right - left
    # Where, within each piece, the quantile function passes the actual value; a flat piece lies on one side of it.
    with np.errstate(over="ignore"):  # a piece that hardly rises: beyond its ends either way
        crossing = np.divide(target - left, rise, out=np.where(left > target, 0.0, 1.0), where=rise > 0)
    cut = grid[:, :-1] + np.clip(crossing, 0.0, 1.0) * np.diff(grid, axis=1)
    at_cut = left + np.clip(crossing, 0.0, 1.0) * rise

    def simpson(start: Floats, end: Floats, first: Floats, last: Floats, above: float) -> Floats:
        """Integral of a pinball loss on a piece without a crossing: a quadratic, for which Simpson's rule is exact."""

        def loss(level: Floats, value: Floats) -> Floats:
            return np.asarray((above - level) * (value - target))

        middle = loss((start + end) / 2, (first + last) / 2)
        return np.asarray((end - start) / 6 * (loss(start, first) + 4 * middle + loss(end, last)))

    below = simpson(grid[:, :-1], cut, left, at_cut, above=0.0)
    above = simpson(cut, grid[:, 1:], at_cut, right, above=1.0)
    return np.asarray(2 * (below + above).sum(axis=1))


def crps_up_to(quantiles: Floats, actual: Floats, end: Floats) -> Floats:
    """The part of the CRPS integral below `end`: the score of forecast and outcome both cut there.

    Shapes as crps_of_quantiles, `end` (forecasts,). An outcome known only to lie beyond `end` may be given as NaN or as
    any number beyond; where `end` is NaN so is the score.
    """
    values = np.asarray(quantiles, dtype=np.float64)
    # A further point where each quantile function passes `end`, for between two levels it is a straight line.
    level = np.array([np.interp(x, row, LEVELS) for x, row in zip(end, values, strict=True)]).reshape(-1, 1)
    passing = np.clip(end[:, None], values[:, :1], values[:, -1:])
    levels = np.sort(np.hstack([np.broadcast_to(LEVELS, values.shape), level]), axis=1)
    cut = np.minimum(np.sort(np.hstack([values, passing]), axis=1), end[:, None])
    outcome = np.where(np.isnan(end), np.nan, np.minimum(np.where(np.isnan(actual), np.inf, actual), end))
    return crps_of_quantiles(cut, outcome, levels)


def pinball_loss(level: float, quantile: Floats, actual: Floats) -> Floats:
    """Loss of a quantile forecast, in the unit of the quantity; lower is better."""
    return np.asarray(np.maximum(level * (actual - quantile), (level - 1) * (actual - quantile)))


def quantiles_of(draws: Floats, levels: Sequence[float] = LEVELS) -> Floats:
    """Quantiles of draws along the first axis, levels last."""
    return np.moveaxis(np.quantile(draws, levels, axis=0), 0, -1)


def split_normal(p05: Floats, p50: Floats, p95: Floats) -> Floats:
    """Quantiles on LEVELS of the two half normals through three published percentiles, never below zero.

    For forecasters that print three numbers only; shape (forecasts, levels).
    """
    scores = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    per_side = np.where(
        scores < 0,
        (np.asarray(p50) - np.asarray(p05))[:, None] / NormalDist().inv_cdf(_HIGH),
        (np.asarray(p95) - np.asarray(p50))[:, None] / NormalDist().inv_cdf(_HIGH),
    )
    return np.asarray(np.maximum(np.asarray(p50)[:, None] + scores * per_side, 0.0))


def score(cases: pd.DataFrame) -> pd.DataFrame:
    """Score every row of `cases`: COLUMNS (the forecast), is_point_forecast, actual_value, censored_at_value.

    Returns the rows with crps_value, pinball_loss_value (mean over PINBALL_LEVELS), error_value (median minus actual:
    positive when the forecast was too high), is_inside_p05_p95 and is_inside_p10_p90 (missing for point forecasts: a
    point has no interval that could hold anything). Rows without an actual value have none of these scores.

    crps_to_date_value scores also what is only known not to have happened by `censored_at_value`: the CRPS of forecast
    and outcome both cut there. It is the part of the CRPS integral up to that value, which the outcome decides whether
    it has come or not, so it is proper and favours no forecast for the late outcomes that are still missing (a
    threshold-weighted CRPS: Gneiting and Ranjan 2011). Missing where nothing is censored.
    """
    scored = cases.copy()
    quantiles = cases[list(COLUMNS)].to_numpy(dtype=np.float64)
    actual = cases["actual_value"].to_numpy(dtype=np.float64)
    scored["crps_value"] = crps_of_quantiles(quantiles, actual)
    scored["pinball_loss_value"] = np.mean(
        [pinball_loss(level, quantiles[:, LEVELS.index(level)], actual) for level in PINBALL_LEVELS], axis=0
    )
    scored["crps_to_date_value"] = crps_up_to(quantiles, actual, cases["censored_at_value"].to_numpy(dtype=np.float64))
    scored["error_value"] = quantiles[:, LEVELS.index(0.5)] - actual
    has_interval = ~cases["is_point_forecast"].to_numpy(dtype=bool) & ~np.isnan(actual)
    for low, high in (("p05", "p95"), ("p10", "p90")):
        inside = (actual >= quantiles[:, COLUMNS.index(low)]) & (actual <= quantiles[:, COLUMNS.index(high)])
        scored[f"is_inside_{low}_{high}"] = pd.array(inside, dtype="boolean")
        scored.loc[~has_interval, f"is_inside_{low}_{high}"] = pd.NA
    return scored
