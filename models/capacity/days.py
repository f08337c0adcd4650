"""Dates as days since 1970-01-01, the engine's clock."""

import numpy as np
import pandas as pd

from models.capacity.randomness import Floats

DAYS_PER_MONTH = 365.25 / 12
DAYS_PER_YEAR = 365.25


def to_days(dates: pd.Series) -> Floats:
    """Days since 1970-01-01 as floats, NaN where the date is missing."""
    days = pd.to_datetime(dates).to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))


def from_days(days: Floats) -> "np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]":
    """The inverse, to the day; NaN and infinities are missing dates."""
    known = np.isfinite(days)
    whole = np.where(known, np.round(np.where(known, days, 0)), 0).astype(np.int64).astype("datetime64[D]")
    return np.where(known, whole, np.datetime64("NaT", "D")).astype("datetime64[us]")
