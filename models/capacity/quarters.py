"""The quarters of the capacity tables and how joint draws become rows with quantiles."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.capacity.randomness import Floats

QUARTERS = pd.period_range("2023Q1", "2028Q4", freq="Q")

MEASURES = ("it", "facility", "energised_it", "under_construction_it", "planned_it")
"""What a campus's draws hold, by the first part of the column name: `<measure>_capacity_mw_<statistic>`.

`it` and `facility` are operational; `energised_it` includes operational.
"""

STATISTICS = ("p05", "p50", "p95", "mean")


def quantile_columns(measures: tuple[str, ...] = MEASURES) -> list[str]:
    """Names of the columns `quantile_rows` makes."""
    return [f"{measure}_capacity_mw_{statistic}" for measure in measures for statistic in STATISTICS]


def quantile_rows(keys: pd.DataFrame, draws: Mapping[str, Floats]) -> pd.DataFrame:
    """Rows of `keys` x quarters with p05, p50, p95 and mean of the draws, MW.

    draws: per measure an array of shape (keys, quarters, draws); a quarter that is NaN in every draw has no figure.
    """
    frame = keys.loc[keys.index.repeat(len(QUARTERS))].reset_index(drop=True)
    frame["quarter_start_date"] = np.tile(QUARTERS.start_time.to_numpy(dtype="datetime64[us]"), len(keys))
    for measure, values in draws.items():
        quantiles = np.quantile(values, (0.05, 0.5, 0.95), axis=2)
        for statistic, column in zip(STATISTICS, (*quantiles, values.mean(axis=2)), strict=True):
            frame[f"{measure}_capacity_mw_{statistic}"] = column.ravel()
    return frame
