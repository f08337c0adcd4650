"""Draws of published unit estimates, so that sales minus owners has an interval.

A published row has a median and two percentiles and nothing about the other rows. Percentiles of different rows neither
add nor subtract, so the difference is taken draw by draw, and how far the rows move together is an assumption:

    score = sqrt(a) * designer + sqrt(b) * quarter + sqrt(1 - a - b) * own

`designer` is common to all rows of a designer, `quarter` to sales and owners of one chip in one quarter.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.volumes.assumptions import Assumption, AssumptionError, Floats, from_scores, generator

UNALLOCATED = "unallocated"

# Score of the 95th percentile of a standard normal.
_SCORE_95 = 1.6448536269514722

_KEYS = ["designer", "accelerator", "quarter_start_date"]

Frames = Mapping[str, pd.DataFrame]


def belief(rows: pd.DataFrame, engine: str, subject: str, parameter: str) -> Assumption:
    """Return one staged assumption. Raises AssumptionError unless there is exactly one row for it."""
    found = rows[(rows["engine"] == engine) & (rows["subject"] == subject) & (rows["parameter"] == parameter)]
    if len(found) != 1:
        raise AssumptionError(
            f"assumption {engine}/{subject}/{parameter} has {len(found)} rows valid at the build date, needs one; "
            f"see models/assumptions/{engine}.csv"
        )
    row = found.iloc[0]
    return Assumption(float(row["value"]), float(row["low"]), float(row["high"]), str(row["distribution"]))


def from_percentiles(p05: float, p50: float, p95: float, scores: Floats) -> Floats:
    """Return draws whose 5th, 50th and 95th percentiles are the given ones: two half-normals joined at the median.

    In the log where the 5th percentile is above zero, else as they are.
    """
    upper = scores > 0
    if p05 > 0:
        above, below = np.log(p95 / p50) * scores, np.log(p50 / p05) * scores
        return np.asarray(p50 * np.exp(np.where(upper, above, below) / _SCORE_95))
    return np.asarray(p50 + np.where(upper, (p95 - p50) * scores, (p50 - p05) * scores) / _SCORE_95)


def run_purchases(frames: Frames, seed: int, n_draws: int) -> pd.DataFrame:
    """Return draws of every published row and of what no owner accounts for.

    `frames`: assumptions (staged), and estimates with estimate_kind (sales | owners), designer, accelerator, buyer
    (NULL for sales), quarter_start_date, units_p05, units_p50, units_p95; percentiles are NULL or equal where a figure
    was printed alone and then get the band of point_estimate/error_ratio.

    Returns designer, accelerator, quarter_start_date, buyer (NULL for sales, `unallocated` for sales minus all owners),
    draw_id, units. `unallocated` is there where sales and at least one owner are, and may be below zero: owners can be
    estimated above sales, and hiding that would bias sums.
    """
    estimates, assumptions = frames["estimates"], frames["assumptions"]
    columns = [*_KEYS, "buyer", "draw_id", "units"]
    if estimates.empty:
        return pd.DataFrame({c: pd.Series(dtype="float64" if c == "units" else "object") for c in columns})
    percentiles = ["units_p05", "units_p50", "units_p95"]
    estimates = estimates.astype(dict.fromkeys(percentiles, "float64"))
    draw = _Scores(assumptions, seed, n_draws)
    error = belief(assumptions, "purchases", "point_estimate", "error_ratio")
    parts: list[pd.DataFrame] = []
    for key, group in estimates.groupby(_KEYS, sort=True):
        labels = dict(zip(_KEYS, key, strict=True))
        sales: Floats | None = None
        owned: list[Floats] = []
        for row in group.to_dict("records"):
            is_sales = row["estimate_kind"] == "sales"
            buyer = None if is_sales else str(row["buyer"])
            scores = draw.of(str(labels["designer"]), str(labels["accelerator"]), labels["quarter_start_date"], buyer)
            p05, p50, p95 = (float(row[name]) for name in percentiles)
            has_interval = p05 < p95
            units = from_percentiles(p05, p50, p95, scores) if has_interval else p50 * from_scores(error, scores)
            parts.append(_long(labels, buyer, units))
            if is_sales:
                sales = units
            else:
                owned.append(units)
        if sales is not None and owned:
            parts.append(_long(labels, UNALLOCATED, sales - np.sum(owned, axis=0)))
    return pd.concat(parts, ignore_index=True)[columns]


class _Scores:
    """Standard normal scores of every row, correlated as the assumptions say."""

    def __init__(self, assumptions: pd.DataFrame, seed: int, n_draws: int) -> None:
        self._seed, self._n = seed, n_draws
        self._designer_part = self._belief(assumptions, "designer_score_share")
        self._quarter_part = self._belief(assumptions, "quarter_score_share")
        if float((self._designer_part + self._quarter_part).max()) > 1:
            raise AssumptionError(
                "designer_score_share and quarter_score_share can together exceed 1: lower their bounds"
            )

    def of(self, designer: str, accelerator: str, quarter: object, buyer: str | None) -> Floats:
        own = 1 - self._designer_part - self._quarter_part
        return np.asarray(
            np.sqrt(self._designer_part) * self._normal("designer", designer)
            + np.sqrt(self._quarter_part) * self._normal("quarter", designer, accelerator, str(quarter))
            + np.sqrt(own) * self._normal("row", designer, accelerator, str(quarter), buyer or "sales")
        )

    def _belief(self, assumptions: pd.DataFrame, parameter: str) -> Floats:
        row = belief(assumptions, "purchases", "published_series", parameter)
        return from_scores(row, self._normal("belief", parameter))

    def _normal(self, *names: str) -> Floats:
        return generator(self._seed, "purchases", *names).standard_normal(self._n)


def _long(labels: Mapping[str, object], buyer: str | None, units: Floats) -> pd.DataFrame:
    return pd.DataFrame({**labels, "buyer": buyer, "draw_id": np.arange(len(units), dtype=np.int32), "units": units})
