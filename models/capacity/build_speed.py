"""How long building stages take, from dates that are only known to lie between two looks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

DAYS_PER_MONTH = 365.25 / 12
# Months up to which durations are told apart; what is longer, or not over, shares one open class.
LONGEST_MONTHS = 120
FEWEST_ENDINGS = 3
PROBABILITIES = (0.1, 0.5, 0.9)
COLUMNS = (
    "group_kind", "group_name", "interval_name", "n_spells", "n_censored", "n_estimated", "months_p10", "months_p50",
    "months_p90", "known_from",
)  # fmt: skip


def duration_shares(shortest: Floats, longest: Floats, n_classes: int = LONGEST_MONTHS + 1) -> Floats:
    """The distribution of durations of which only bounds are known, as a share per whole month.

    shortest, longest: bounds of each duration, months; longest is inf where the end has not been seen. The last class
    is open. Returns n_classes shares that add up to one (all zero without durations).
    Method: self-consistent estimate for arbitrarily censored data (Turnbull 1976): every duration is spread over the
    classes its bounds allow, in the proportions of the estimate, until that reproduces the estimate.
    Raises ValueError if a shortest bound lies above its longest or below zero.
    """
    if np.any(shortest > longest) or np.any(shortest < 0):
        raise ValueError("each duration needs 0 <= shortest <= longest")
    if shortest.size == 0:
        return np.zeros(n_classes)
    first = np.minimum(np.floor(shortest), n_classes - 1)
    last = np.minimum(np.floor(longest), n_classes - 1)
    classes = np.arange(n_classes)
    is_allowed = (classes >= first[:, None]) & (classes <= last[:, None])
    shares = np.full(n_classes, 1.0 / n_classes)
    for _ in range(500):
        spread = is_allowed * shares
        updated = (spread / spread.sum(axis=1, keepdims=True)).mean(axis=0)
        # What has shrunk away would be zero in the limit; a floor keeps every row's sum above it.
        updated = np.maximum(updated, 1e-12)
        updated /= updated.sum()
        is_settled = np.abs(updated - shares).max() < 1e-7
        shares = updated
        if is_settled:
            break
    return shares


def share_quantiles(shares: Floats, probabilities: tuple[float, ...] = PROBABILITIES) -> Floats:
    """Months by which the given parts of the durations are over; NaN where that lies in the open last class.

    A class is passed evenly: half of its share is over in its middle.
    """
    so_far = np.cumsum(shares)
    months = np.full(len(probabilities), np.nan)
    for place, probability in enumerate(probabilities):
        found = int(np.searchsorted(so_far, probability - 1e-9))
        if found < len(shares) - 1:
            before = so_far[found] - shares[found]
            months[place] = found + (probability - before) / shares[found]
    return months


def build_speed(spells: pd.DataFrame) -> pd.DataFrame:
    """Months per stage interval, for all spells together, by operator and by design family.

    spells: one row per building (or campus) and interval: interval_name, operator, design_family, shortest_days,
    longest_days (NULL: the end was not seen), is_estimate, known_from.
    Returns COLUMNS; the months are NaN with fewer than three endings seen.
    """
    rows: list[dict[str, object]] = []
    # Sums of floats depend on their order, and rows come from SQL in any.
    spells = spells.sort_values(["interval_name", "shortest_days", "longest_days"])
    for kind, column in (("all", None), ("operator", "operator"), ("design_family", "design_family")):
        named = spells.assign(group_name="all" if column is None else spells[column])
        for (name, interval), group in named.groupby(["group_name", "interval_name"], sort=True):
            longest = np.asarray(group["longest_days"].fillna(np.inf), dtype=np.float64) / DAYS_PER_MONTH
            shortest = np.asarray(group["shortest_days"], dtype=np.float64) / DAYS_PER_MONTH
            is_seen = np.isfinite(longest)
            months = np.full(len(PROBABILITIES), np.nan)
            if is_seen.sum() >= FEWEST_ENDINGS:
                months = share_quantiles(duration_shares(shortest, longest))
            rows.append(
                {"group_kind": kind, "group_name": name, "interval_name": interval, "n_spells": len(group),
                 "n_censored": int((~is_seen).sum()), "n_estimated": int(group["is_estimate"].sum()),
                 "months_p10": months[0], "months_p50": months[1], "months_p90": months[2],
                 "known_from": group["known_from"].max()}
            )  # fmt: skip
    types = {
        "group_kind": "object", "group_name": "object", "interval_name": "object", "n_spells": "int64",
        "n_censored": "int64", "n_estimated": "int64", "months_p10": "float64", "months_p50": "float64",
        "months_p90": "float64", "known_from": "datetime64[ns]",
    }  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)
