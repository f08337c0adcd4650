"""Who uses the installed chips: named tenants of campuses with a published chip count, and a split of the rest.

In every draw, with I the installed chips of an accelerator and C_c the published count of campus c:

    site_c  = C_c * error_c                      error_c ~ assumption, one per campus
    placed  = min(1, I / sum_c site_c)           counts of sites cannot exceed what is installed
    named_u = sum_c site_c * placed * share_cu   share_cu uniform between the tenancy's bounds
    rest    = I - sum_u named_u
    units_u = named_u + rest * w_u / sum_v w_v   w_u ~ assumption, drifting after the build date

so the units of the end users add up to I and their shares to 1. The volumes are taken as they come: end use never
changes how many chips there are.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from models.volumes.assumptions import AssumptionError, Floats, from_scores, generator
from models.volumes.evidence import check_known
from models.volumes.purchases import belief

# End user -> its weight among the assumptions.
WEIGHTS = {
    "Anthropic": "weight_anthropic",
    "internal": "weight_internal",
    "other_customers": "weight_other_customers",
    "unallocated": "weight_unallocated",
}

# From here a trend of a weight counts.
_TREND_FROM = date(2026, 1, 1)

Frames = Mapping[str, pd.DataFrame]


def run_end_use(frames: Frames, as_of: date, seed: int) -> pd.DataFrame:
    """Return installed chips per accelerator, end user, quarter and draw.

    `frames`: assumptions (staged, with known_from); installed: accelerator, quarter_start_date, draw_id,
    installed_units (cumulative at the end of the quarter); sites: accelerator, campus_id, quarter_start_date, chips (at
    the end of the quarter), known_from; tenants: campus_id, end_user, quarter_start_date, share_low, share_high,
    known_from.

    Returns accelerator, end_user, quarter_start_date, draw_id, installed_units, named_units (the part placed by a named
    tenancy) and share (NULL where nothing is installed).

    Raises LookAheadError for rows known later than `as_of`, ValueError for an end user without a weight or for tenants
    whose lower shares of one campus exceed 1, AssumptionError for a missing belief.
    """
    rows = frames["assumptions"]
    check_known(rows[rows["known_from"].notna()], "end-use assumptions", as_of)
    check_known(frames["sites"], "chip counts of campuses", as_of)
    check_known(frames["tenants"], "tenancies", as_of)
    unknown = set(frames["tenants"]["end_user"]) - set(WEIGHTS)
    if unknown:
        raise ValueError(f"tenants name end users without a weight: {sorted(unknown)}; known are {sorted(WEIGHTS)}")
    parts = [
        _accelerator(str(accelerator), installed, frames, as_of, seed)
        for accelerator, installed in frames["installed"].groupby("accelerator", sort=True)
    ]
    if not parts:
        names = ["accelerator", "end_user", "quarter_start_date", "draw_id", "installed_units", "named_units", "share"]
        return pd.DataFrame({name: pd.Series(dtype="object") for name in names})
    return pd.concat(parts, ignore_index=True)


def _accelerator(accelerator: str, installed: pd.DataFrame, frames: Frames, as_of: date, seed: int) -> pd.DataFrame:
    wide = installed.pivot(index="draw_id", columns="quarter_start_date", values="installed_units").sort_index(axis=1)
    if wide.isna().to_numpy().any():
        raise ValueError(f"installed {accelerator} chips lack a draw or a quarter: every draw needs every quarter")
    quarters = [pd.Timestamp(quarter) for quarter in wide.columns]
    total = wide.to_numpy(dtype=np.float64)
    sites = frames["sites"][frames["sites"]["accelerator"] == accelerator]
    named = _named(sites, frames["tenants"], frames["assumptions"], total, quarters, seed)
    rest = total - np.sum(list(named.values()), axis=0)
    weights = {
        user: _weight(frames["assumptions"], accelerator, user, quarters, as_of, seed, len(total)) for user in WEIGHTS
    }
    weight_sum = np.sum(list(weights.values()), axis=0)
    parts = []
    for user, weight in weights.items():
        units = named[user] + rest * weight / weight_sum
        share = np.divide(units, total, out=np.full_like(total, np.nan), where=total > 0)
        parts.append(
            pd.DataFrame(
                {
                    "accelerator": accelerator,
                    "end_user": user,
                    "quarter_start_date": np.tile(np.array(wide.columns, dtype="datetime64[s]"), len(total)),
                    "draw_id": np.repeat(wide.index.to_numpy(dtype=np.int32), len(quarters)),
                    "installed_units": units.ravel(),
                    "named_units": named[user].ravel(),
                    "share": share.ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _named(
    sites: pd.DataFrame,
    tenants: pd.DataFrame,
    assumptions: pd.DataFrame,
    total: Floats,
    quarters: list[pd.Timestamp],
    seed: int,
) -> dict[str, Floats]:
    """Chips that a named tenancy gives to each end user, shape (draws, quarters)."""
    n_draws, column = len(total), {quarter: position for position, quarter in enumerate(quarters)}
    error = belief(assumptions, "end_use", "site_chips", "error_ratio")
    named = {user: np.zeros_like(total) for user in WEIGHTS}
    counted = np.zeros_like(total)
    for campus_id, counts in sites.groupby("campus_id", sort=True):
        chips = np.zeros(len(quarters))
        for quarter, value in zip(counts["quarter_start_date"], counts["chips"], strict=True):
            if (position := column.get(pd.Timestamp(quarter))) is not None:
                chips[position] = float(value)
        scores = generator(seed, "end_use", "site", str(campus_id)).standard_normal(n_draws)
        campus = from_scores(error, scores)[:, None] * chips[None, :]
        counted += campus
        for user, share in _tenant_shares(str(campus_id), tenants, column, n_draws, seed).items():
            named[user] += campus * share
    most = np.maximum(total, counted)
    placed = np.divide(total, most, out=np.ones_like(total), where=most > 0)
    return {user: chips * placed for user, chips in named.items()}


def _tenant_shares(
    campus_id: str, tenants: pd.DataFrame, column: Mapping[pd.Timestamp, int], n_draws: int, seed: int
) -> dict[str, Floats]:
    """Share of a campus each named end user has, shape (draws, quarters); they never add up to more than 1."""
    shares: dict[str, Floats] = {}
    of_campus = tenants[tenants["campus_id"] == campus_id]
    for user, rows in of_campus.groupby("end_user", sort=True):
        # One position between the bounds for all quarters: a tenant does not change its mind every three months.
        position = generator(seed, "end_use", "tenant", campus_id, str(user)).random(n_draws)
        share = np.zeros((n_draws, len(column)))
        for quarter, low, high in zip(rows["quarter_start_date"], rows["share_low"], rows["share_high"], strict=True):
            if (at := column.get(pd.Timestamp(quarter))) is not None:
                share[:, at] += float(low) + (float(high) - float(low)) * position
        shares[str(user)] = share
    if not shares:
        return shares
    crowd = np.maximum(np.sum(list(shares.values()), axis=0), 1.0)
    return {user: share / crowd for user, share in shares.items()}


def _weight(
    assumptions: pd.DataFrame,
    accelerator: str,
    user: str,
    quarters: list[pd.Timestamp],
    as_of: date,
    seed: int,
    n_draws: int,
) -> Floats:
    """Weight of an end user among what no named tenancy places, shape (draws, quarters)."""

    def scores(name: str) -> Floats:
        return generator(seed, "end_use", accelerator, user, name).standard_normal(n_draws)

    base = from_scores(belief(assumptions, "end_use", accelerator, WEIGHTS[user]), scores("weight"))
    drift = belief(assumptions, "end_use", "rest_weights", "drift_per_year").value
    if drift < 0:
        raise AssumptionError("end_use/rest_weights/drift_per_year must not be negative")
    after_build = _years_after(quarters, as_of)
    log_weight = np.log(base)[:, None] + drift * np.sqrt(after_build)[None, :] * scores("drift")[:, None]
    if user == "other_customers":
        growth = from_scores(belief(assumptions, "end_use", accelerator, "growth_other_customers"), scores("growth"))
        log_weight += np.log(growth)[:, None] * _years_after(quarters, _TREND_FROM)[None, :]
    return np.asarray(np.exp(log_weight))


def _years_after(quarters: list[pd.Timestamp], day: date) -> Floats:
    """Years from a day to the end of each quarter, zero before."""
    ends = [quarter + pd.DateOffset(months=3) for quarter in quarters]
    return np.array([max(0.0, (end - pd.Timestamp(day)).days / 365.25) for end in ends])
