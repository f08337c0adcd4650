"""What the capacity engine, and the naive rivals it has to beat, say on one day about what later vintages print.

The questions are fixed by the newest vintage of site timelines on that day and by nothing known later: for every site
it holds the facility MW at the end of the running quarter and of the next four, for all of them together the same, and
for every level it prints with a date still to come (a number of buildings, else facility MW) the day it is reached.
Only that vintage's sites can be scored, so a site that enters the source later counts from then on.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.capacity.days import to_days
from models.capacity.randomness import Floats
from models.capacity.run import LookAheadError, engine
from models.capacity.simulate import Model, simulate, step_date_draws
from models.scoring import COLUMNS, LEVELS, quantiles_of

Frames = Mapping[str, pd.DataFrame]

ENGINE = "gigawatch"
ENGINE_AS_COUNTED = "gigawatch_as_source_counts"
QUARTERS_AHEAD = 4
LATE_DAYS = 90
DAY_ZERO = date(2020, 1, 1)
"""Step dates are numbers: days after this one."""
NEVER = date(2035, 12, 31)
"""Stands for every later date and for never: a score needs a number, and nothing that far out is scored."""

_FORECAST_COLUMNS = [
    "target", "subject", "period", "period_end_date", "unit", "forecaster", "is_point_forecast", "horizon_months",
    *COLUMNS,
]  # fmt: skip
_KEY = ["target", "subject", "period", "forecaster"]
_UNITS = {"site_facility_mw": "mw", "all_sites_facility_mw": "mw", "step_date": "days"}


def forecasts(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Return one row per target, subject, period and forecaster, as of a day.

    `frames`, all as known on `as_of`: those of models.capacity.run.run but tenancies; timelines (the newest vintage:
    campus_id, observed_date, buildings_operational, facility_capacity_mw, vintage_date, known_from; rows without
    facility MW are skipped); deals (campus_id, start_period as 'YYYY', 'YYYY-MM' or 'YYYY-MM-DD', known_from).

    Targets: site_facility_mw (subject: campus, period: '2026Q1', MW), all_sites_facility_mw (subject 'sites of
    <vintage>', MW) and step_date (subject: campus, period: the level, '7 buildings' or '300 MW', days after DAY_ZERO).
    Returns target, subject, period, period_end_date (of a step: the date printed for it), unit, forecaster,
    is_point_forecast, horizon_months (from the last month over on `as_of`) and the quantiles scoring.COLUMNS.
    Raises LookAheadError for a row nobody could know on `as_of`.
    """
    for name in ("timelines", "deals"):
        _check_known(frames[name], name, as_of)
    model, _ = engine(frames, as_of)
    timelines = _timelines(frames["timelines"])
    steps = projected_levels(timelines)
    rows = [
        *_site_rows(timelines, model, frames, as_of, seed, n_draws),
        *_step_rows(steps, model, frames["building_steps"], as_of, seed, n_draws),
        *_company_rows(steps, timelines, frames["deals"], as_of),
    ]
    found = pd.DataFrame(rows, columns=_FORECAST_COLUMNS)
    return found.sort_values(_KEY, kind="stable").reset_index(drop=True)


def _check_known(rows: pd.DataFrame, what: str, as_of: date) -> None:
    late = rows[pd.to_datetime(rows["known_from"]) > pd.Timestamp(as_of)]
    if len(late):
        raise LookAheadError(f"{len(late)} rows of {what} have known_from after {as_of}, e.g. {late.iloc[0].to_dict()}")


def _timelines(printed: pd.DataFrame) -> pd.DataFrame:
    """Rows with a level, by campus and date, with the dates as days and whether the vintage printed them ahead."""
    rows = printed[printed["facility_capacity_mw"].notna()].copy()
    rows["buildings_operational"] = rows["buildings_operational"].astype("Float64").fillna(0).astype("float64")
    rows["day"] = to_days(rows["observed_date"])
    rows["is_ahead"] = rows["day"] > to_days(rows["vintage_date"])
    return rows.sort_values(["campus_id", "day"], kind="stable").reset_index(drop=True)


def projected_levels(timelines: pd.DataFrame) -> pd.DataFrame:
    """Levels printed with a date after the vintage: campus_id, day, level.

    A row counts when it says more buildings than every row before it, else when it says more facility MW.
    """
    found = []
    for campus_id, rows in timelines.groupby("campus_id", sort=True):
        buildings, facility_mw = 0.0, 0.0
        for row in rows.to_dict("records"):
            count = float(row["buildings_operational"])
            power = float(row["facility_capacity_mw"])
            if row["is_ahead"] and (count > buildings or power > facility_mw):
                level = f"{count:.0f} building{'' if count == 1 else 's'}" if count > buildings else f"{power:g} MW"
                found.append({"campus_id": str(campus_id), "day": float(row["day"]), "level": level})
            buildings, facility_mw = max(buildings, count), max(facility_mw, power)
    return pd.DataFrame(found, columns=["campus_id", "day", "level"])


def quarter_ends(as_of: date) -> dict[str, date]:
    """Label and last day of the running quarter and of those ahead that are asked for."""
    running = pd.Timestamp(as_of).to_period("Q")
    return {str(quarter): quarter.end_time.date() for quarter in (running + i for i in range(QUARTERS_AHEAD + 1))}


def _day(when: date) -> float:
    return float((when - date(1970, 1, 1)).days)


def _row(
    target: str, subject: str, period: str, end: date, forecaster: str, values: Floats | float, as_of: date
) -> list[object]:
    """One forecast; a single number is a point forecast and stands on every level."""
    grid = np.broadcast_to(np.asarray(values, dtype=np.float64), len(LEVELS))
    months = 12 * (end.year - as_of.year) + end.month - as_of.month + 1
    decimals = 0 if target == "step_date" else 1
    return [
        target, subject, period, end, _UNITS[target], forecaster, np.ndim(values) == 0, months,
        *np.round(grid, decimals).tolist(),
    ]  # fmt: skip


# --- facility MW at quarter ends


def printed_levels(rows: pd.DataFrame, days: Floats, late_days: float) -> Floats:
    """Facility MW of one campus on `days`, as printed, with every date that was still ahead moved by `late_days`.

    `rows`: one campus of `_timelines`. Zero before its first row.
    """
    dates = rows["day"].to_numpy() + late_days * rows["is_ahead"].to_numpy()
    levels = np.concatenate([[0.0], rows["facility_capacity_mw"].to_numpy(dtype=np.float64)])
    return np.asarray(levels[np.searchsorted(dates, days, side="right")])


def _site_rows(
    timelines: pd.DataFrame, model: Model, frames: Frames, as_of: date, seed: int, n_draws: int
) -> list[list[object]]:
    ends = quarter_ends(as_of)
    days = np.array([_day(end) for end in ends.values()])
    said: dict[tuple[str, str], Floats] = {}
    for campus_id, rows in timelines.groupby("campus_id", sort=True):
        said["epoch_as_printed", str(campus_id)] = printed_levels(rows, days, 0)
        said["epoch_plus_90_days", str(campus_id)] = printed_levels(rows, days, LATE_DAYS)
    held = {campus_id for _, campus_id in said}
    steps, no_plans = frames["building_steps"], frames["plans"].iloc[:0]
    steps = steps[steps["campus_id"].isin(held)]
    # The published interval is about the true MW, so it holds errors of size. The outcome is the source's own later
    # count, which repeats them: the second forecaster has only the errors that the source itself corrects later.
    for forecaster, used in ((ENGINE, model), (ENGINE_AS_COUNTED, model.against_source())):
        for campus in simulate(steps, no_plans, used, days, seed, n_draws):
            said[forecaster, campus.campus_id] = campus.facility_mw.sum(axis=0)
    rows_out = []
    totals: dict[str, Floats] = {}
    for (forecaster, campus_id), values in said.items():
        totals[forecaster] = totals.get(forecaster, np.zeros(())) + values
        rows_out += _quarter_rows("site_facility_mw", campus_id, forecaster, values, ends, as_of)
    if totals:
        subject = f"sites of {pd.to_datetime(timelines['vintage_date']).max().date()}"
        for forecaster, values in totals.items():
            rows_out += _quarter_rows("all_sites_facility_mw", subject, forecaster, values, ends, as_of)
    return rows_out


def _quarter_rows(
    target: str, subject: str, forecaster: str, values: Floats, ends: Mapping[str, date], as_of: date
) -> list[list[object]]:
    """`values`: shape (quarters,) of a point forecast or (quarters, draws)."""
    grids = [float(value) if values.ndim == 1 else quantiles_of(value) for value in values]
    return [
        _row(target, subject, label, end, forecaster, grid, as_of)
        for (label, end), grid in zip(ends.items(), grids, strict=True)
    ]


# --- step dates


def _step_rows(
    steps: pd.DataFrame, model: Model, building_steps: pd.DataFrame, as_of: date, seed: int, n_draws: int
) -> list[list[object]]:
    asked = building_steps[building_steps["campus_id"].isin(set(steps["campus_id"]))]
    drawn = {
        (campus_id, float(printed)): draws
        for campus_id, own, days in step_date_draws(asked, model, seed, n_draws)
        for printed, draws in zip(to_days(own["observed_date"]), days, strict=True)
    }
    rows = []
    for campus_id, day, level in steps.itertuples(index=False):
        said: dict[str, Floats | float] = {"epoch_as_printed": day, "epoch_plus_90_days": day + LATE_DAYS}
        if (campus_id, day) in drawn:
            said[ENGINE] = quantiles_of(np.minimum(drawn[campus_id, day], _day(NEVER)))
        printed = DAY_ZERO + timedelta(days=day - _day(DAY_ZERO))
        for forecaster, values in said.items():
            since = np.asarray(values)[()] - _day(DAY_ZERO)
            rows.append(_row("step_date", campus_id, level, printed, forecaster, since, as_of))
    return rows


def _company_rows(steps: pd.DataFrame, timelines: pd.DataFrame, deals: pd.DataFrame, as_of: date) -> list[list[object]]:
    """First power of a campus that has none yet, by the end of the start that a deal for it names.

    Only starts still ahead: one that has passed is no forecast any more. The earliest counts. A deal's MW are a ceiling
    without a date by which they are reached, so no MW are forecast from it.
    """
    on = timelines[~timelines["is_ahead"] & (timelines["facility_capacity_mw"] > 0)]
    first_steps = steps[~steps["campus_id"].isin(set(on["campus_id"]))].drop_duplicates("campus_id")
    starts: dict[str, date] = {}
    for campus_id, start in zip(deals["campus_id"], deals["start_period"], strict=True):
        if pd.isna(campus_id) or pd.isna(start):
            continue
        last = _last_day(str(start))
        if last > as_of:
            starts[str(campus_id)] = min(last, starts.get(str(campus_id), last))
    rows = []
    for campus_id, day, level in first_steps.itertuples(index=False):
        if campus_id in starts:
            printed = DAY_ZERO + timedelta(days=day - _day(DAY_ZERO))
            since = float((starts[campus_id] - DAY_ZERO).days)
            rows.append(_row("step_date", campus_id, level, printed, "company_target", since, as_of))
    return rows


def _last_day(period: str) -> date:
    """Last day of '2026', '2026-03' or '2026-03-15'. Raises ValueError on anything else."""
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", period):
        raise ValueError(f"start_period {period!r} of a deal is no year, month or day")
    frequency = {4: "Y", 7: "M", 10: "D"}[len(period)]
    return pd.Period(period, freq=frequency).end_time.date()
