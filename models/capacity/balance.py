"""Chips against power: the MW installed chips need beside the MW energised, and chip counts read off MW.

In draw i, for one cloud at the end of quarter q:

    installed = running total of the units of each chip, as far as they are published or modelled
    fleet     = sum over chips of installed * W / 1e6                       MW, wherever the chips stand
    needed    = share * sum over the compared chips of installed * W / 1e6   MW at the compared campuses,
                nothing before the first of them is energised
    share     = logistic(logit(share today) + trend * t + drift * sqrt(t) * z)   t years after the build date
    gap       = energised at the compared campuses - needed                  MW
    dark      = max(gap, 0)                                                  MW powered and without chips
    waiting   = max(-gap, 0) * 1e6 / average W                               chips without power

    P(chips wait for power) = share of the draws with gap < 0 among those with a hall energised, once most have one

W is the all-in IT power of a chip (its part of host, network and storage). Chips come from the volumes engine or from
published sales, MW from the capacity engine: their draw ids are paired by number and independent of each other, which
is right only if the chips were inferred without the power of the sites.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.capacity.quarters import QUARTERS
from models.capacity.randomness import Floats, normals
from models.volumes.assumptions import AssumptionError, from_scores
from models.volumes.evidence import check_known
from models.volumes.purchases import belief, from_percentiles

Frames = Mapping[str, pd.DataFrame]

CHIPS_WAIT = "chips_wait_for_power"
POWER_WAITS = "power_waits_for_chips"
UNCLEAR = "balanced_or_unclear"

_LEVELS = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))

# Beliefs the volumes engine has already are read from its rows: two figures for one thing would drift apart.
_VOLUMES_POWER = {"trainium2": "Trainium2", "trainium3": "Trainium3"}

_MEASURES = (
    "installed_chip_units",
    "fleet_needed_it_power_mw",
    "other_chips_needed_it_power_mw",
    "listed_energised_it_capacity_mw",
    "energised_ratio_to_fleet_needed",
    "needed_it_power_mw",
    "energised_it_capacity_mw",
    "gap_it_power_mw",
    "dark_it_capacity_mw",
    "waiting_chip_units",
)

BALANCE_TYPES = {
    "cloud_provider": "str",
    "quarter_start_date": "datetime64[us]",
    **{f"{measure}_{level}": "float64" for measure in _MEASURES for level, _ in _LEVELS},
    "it_power_w_per_chip": "float64",
    "chips_wait_for_power_probability_share": "float64",
    "binding_constraint": "str",
    "chips_without_power_figure": "str",
}
"""Columns of `run_balance`: stated, because a day on which no chip and no campus was known has no rows."""

FROM_POWER_TYPES = {
    "campus_id": "str",
    "chip": "str",
    "date_kind": "str",
    **{f"{measure}_{level}": "float64" for measure in ("installed_chip_units", "it_power_w") for level, _ in _LEVELS},
}
"""Columns of `run_chips_from_power`."""


def power_mw(chip_units: Floats, w_per_chip: Floats) -> Floats:
    """IT power (MW) of a number of chips at so many watts each; shapes broadcast."""
    return np.asarray(chip_units * w_per_chip / 1e6)


def split_gap(gap_mw: Floats) -> tuple[Floats, Floats]:
    """MW powered without chips, and MW of chips without power, from energised minus needed; one of the two is zero."""
    return np.maximum(gap_mw, 0.0), np.maximum(-gap_mw, 0.0)


def verdict(wait_probability: float, certain_from: float) -> str:
    """What the probability that chips wait says, in words; `certain_from` (0.5 to 1) is where a side has won.

    Raises ValueError for a probability outside 0..1.
    """
    if not 0 <= wait_probability <= 1:
        raise ValueError(f"a probability lies between 0 and 1, got {wait_probability}")
    if wait_probability >= certain_from:
        return CHIPS_WAIT
    return POWER_WAITS if wait_probability <= 1 - certain_from else UNCLEAR


def chip_watts(assumptions: pd.DataFrame, chip: str, seed: int, n_draws: int) -> Floats | None:
    """All-in IT watts of one chip, shape (draws,); None if nobody has assumed a figure for it.

    `assumptions`: staged rows, low and high being the 5th and 95th percentile. Raises AssumptionError for two rows.
    """
    if chip in _VOLUMES_POWER:
        key = ("volumes", "site_power", f"{_VOLUMES_POWER[chip]}_it_power_w_per_chip")
    else:
        key = ("capacity", "chip_power", f"{chip}_it_power_w_per_chip")
    is_row = (assumptions[["engine", "subject", "parameter"]] == list(key)).all(axis=1)
    if not is_row.any():
        return None
    row = belief(assumptions, *key)
    return from_percentiles(row.low, row.value, row.high, normals(seed, "chip_power", chip, n_draws))


def run_balance(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Compare chips with power: one row per cloud and quarter, 2023Q1 to 2028Q4.

    frames: assumptions (staged); chips: cloud_provider, chip, is_own_design, is_compared (stands at the compared
    campuses at all), quarter_start_date (2023Q1 holds everything before), draw_id, units installed in the quarter;
    listed: cloud_provider, quarter_start_date, draw_id, it_mw energised at all listed campuses (no row: zero);
    compared: the same at the campuses that the share of the fleet speaks of.

    Returns BALANCE_TYPES. All units are those of the cloud's own design but for other_chips_*; a figure is NaN where
    it cannot be said: chips after their last published quarter, the comparison of clouds without compared campuses, a
    ratio of nothing. `binding_constraint` is None where the probability is NaN.
    Raises LookAheadError for an assumption known after `as_of`, AssumptionError for a missing belief other than the
    watts of a chip.
    """
    assumptions = frames["assumptions"]
    check_known(assumptions[assumptions["known_from"].notna()], "assumptions", as_of)
    certain_from = belief(assumptions, "capacity", "power_chip_balance", "verdict_probability").value
    if not 0.5 < certain_from <= 1:
        raise AssumptionError(f"verdict_probability must lie between a half and 1, got {certain_from}")
    clouds = sorted({*frames["chips"]["cloud_provider"], *frames["listed"]["cloud_provider"]})
    parts = [_cloud(str(cloud), frames, as_of, certain_from, seed, n_draws) for cloud in clouds]
    table = pd.concat([pd.DataFrame(), *parts], ignore_index=True)
    return table.reindex(columns=list(BALANCE_TYPES)).astype(BALANCE_TYPES)


def run_chips_from_power(frames: Frames, seed: int, n_draws: int) -> pd.DataFrame:
    """Read chip counts off MW where nobody counts: chips = IT MW x 1e6 / W, with the intervals of both.

    frames: assumptions (staged); campuses: campus_id, chip, date_kind, it_capacity_mw_p05, _p50, _p95. Returns
    FROM_POWER_TYPES, one row per row of `campuses` whose chip has a power figure.
    """
    rows = []
    for campus in frames["campuses"].to_dict("records"):
        watts = chip_watts(frames["assumptions"], str(campus["chip"]), seed, n_draws)
        if watts is None:
            continue
        scores = normals(seed, "chips_from_power", str(campus["campus_id"]), n_draws)
        p05, p50, p95 = (float(campus[f"it_capacity_mw_{level}"]) for level, _ in _LEVELS)
        mw = np.maximum(from_percentiles(p05, p50, p95, scores), 0.0)
        rows.append(
            {
                **{name: campus[name] for name in ("campus_id", "chip", "date_kind")},
                **_levels("installed_chip_units", 1e6 * mw / watts),
                **_levels("it_power_w", watts),
            }
        )
    return pd.DataFrame(rows).reindex(columns=list(FROM_POWER_TYPES)).astype(FROM_POWER_TYPES)


def share_at_campuses(assumptions: pd.DataFrame, cloud: str, as_of: date, seed: int, n_draws: int) -> Floats:
    """Part (0 to 1) of the fleet that stands at the compared campuses, shape (quarters, draws).

    One belief up to the build date; after it the log odds follow a trend, as campuses nobody has built yet open, and
    drift apart. Raises AssumptionError for a missing belief.
    """

    def drawn(engine: str, subject: str, parameter: str) -> Floats:
        scores = normals(seed, "share_at_campuses", f"{cloud}|{parameter}", n_draws)
        return from_scores(belief(assumptions, engine, subject, parameter), scores)

    today = np.clip(drawn("volumes", "site_power", "share_of_chips_at_sites"), 1e-6, 1 - 1e-6)
    trend = drawn("capacity", "power_chip_balance", "share_trend_per_year")
    drift = belief(assumptions, "capacity", "power_chip_balance", "share_drift_per_root_year").value
    walk = normals(seed, "share_at_campuses", f"{cloud}|drift", n_draws)
    days = (QUARTERS.end_time.normalize() - pd.Timestamp(as_of)).days.to_numpy()
    years = np.maximum(days, 0)[:, None] / 365.25
    log_odds = np.log(today / (1 - today)) + years * trend + drift * np.sqrt(years) * walk
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _cloud(cloud: str, frames: Frames, as_of: date, certain_from: float, seed: int, n_draws: int) -> pd.DataFrame:
    chips = _of(frames["chips"], cloud)
    listed = _power(_of(frames["listed"], cloud), n_draws)
    compared = _power(_of(frames["compared"], cloud), n_draws)
    nothing = np.zeros((len(QUARTERS), n_draws))
    units, fleet, other, needed, needed_units = (nothing.copy() for _ in range(5))
    unpowered: list[str] = []
    for chip, rows in chips.groupby("chip", sort=True):
        watts = chip_watts(frames["assumptions"], str(chip), seed, n_draws)
        if watts is None:
            unpowered.append(str(chip))
            continue
        installed = np.cumsum(_grid(rows, "units", n_draws), axis=0)
        if not rows["is_own_design"].iloc[0]:
            other += power_mw(installed, watts)
            continue
        units += installed
        fleet += power_mw(installed, watts)
        if rows["is_compared"].iloc[0]:
            needed += power_mw(installed, watts)
            needed_units += installed
    is_own = chips["is_own_design"].astype(bool)
    for arrays, rows in (((units, fleet, needed), chips[is_own]), ((other,), chips[~is_own])):
        for array in arrays:
            array[_after_last(rows)] = np.nan
    if not chips["is_compared"].any() or np.isnan(compared).all():
        needed[:], compared[:] = np.nan, np.nan
    else:
        # Before a campus has a hall with power the chips stand elsewhere: they are not delivered to wait there.
        share = share_at_campuses(frames["assumptions"], cloud, as_of, seed, n_draws) * (compared > 0)
        needed *= share
        needed_units *= share
    gap = compared - needed
    dark, waiting_mw = split_gap(gap)
    # A cloud of which no own design (or nothing bought) is published is judged by the rest.
    every_chip = other if not is_own.any() else fleet if is_own.all() else fleet + other
    figures = {
        "installed_chip_units": units,
        "fleet_needed_it_power_mw": fleet,
        "other_chips_needed_it_power_mw": other,
        "listed_energised_it_capacity_mw": listed,
        "energised_ratio_to_fleet_needed": _ratio(listed, every_chip),
        "needed_it_power_mw": needed,
        "energised_it_capacity_mw": compared,
        "gap_it_power_mw": gap,
        "dark_it_capacity_mw": dark,
        "waiting_chip_units": waiting_mw * np.nan_to_num(_ratio(needed_units, needed)),
    }
    with_hall = (compared > 0).sum(axis=1)
    waiting_share = np.divide((gap < 0).sum(axis=1), with_hall, out=np.full(len(QUARTERS), np.nan), where=with_hall > 0)
    # A verdict on nothing would read as one on something.
    waiting_share[np.isnan(gap).any(axis=1) | (with_hall < n_draws / 2)] = np.nan
    columns = [_levels(name, draws, axis=1) for name, draws in figures.items()]
    return pd.DataFrame(
        {
            "cloud_provider": cloud,
            "quarter_start_date": QUARTERS.start_time.to_numpy(dtype="datetime64[us]"),
            **{name: values for levels in columns for name, values in levels.items()},
            "it_power_w_per_chip": 1e6 * np.median(_ratio(fleet, units), axis=1),
            "chips_wait_for_power_probability_share": waiting_share,
            "binding_constraint": [None if np.isnan(p) else verdict(float(p), certain_from) for p in waiting_share],
            "chips_without_power_figure": ", ".join(unpowered) or None,
        }
    )


def _of(frame: pd.DataFrame, cloud: str) -> pd.DataFrame:
    return frame[frame["cloud_provider"] == cloud]


def _grid(rows: pd.DataFrame, column: str, n_draws: int) -> Floats:
    """Values of shape (quarters, draws); what has no row is zero. Rows of one cell are added."""
    grid = np.zeros((len(QUARTERS), n_draws))
    quarter = pd.PeriodIndex(pd.to_datetime(rows["quarter_start_date"]), freq="Q")
    cells = QUARTERS.get_indexer(quarter), rows["draw_id"].to_numpy()
    np.add.at(grid, cells, rows[column].to_numpy(dtype=np.float64))
    return grid


def _power(rows: pd.DataFrame, n_draws: int) -> Floats:
    """MW of shape (quarters, draws): zero in quarters without a row, NaN if there is no row at all."""
    return np.full((len(QUARTERS), n_draws), np.nan) if rows.empty else _grid(rows, "it_mw", n_draws)


def _after_last(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Quarters after the last with a row: the total goes on, by how much nobody says. All, if there is no row."""
    if rows.empty:
        return np.ones(len(QUARTERS), dtype=bool)
    return np.asarray(QUARTERS.start_time > pd.to_datetime(rows["quarter_start_date"]).max(), dtype=np.bool_)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Part over whole, NaN where the whole is nothing."""
    nothing = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0), dtype=np.float64)


def _levels(name: str, draws: Floats, axis: int = 0) -> dict[str, Floats]:
    """Quantiles over the draws; NaN where a draw has no figure."""
    return {f"{name}_{level}": np.asarray(np.quantile(draws, share, axis=axis)) for level, share in _LEVELS}
