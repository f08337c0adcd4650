"""Joint draws of quarter-end MW, campus by campus (methods: capacity 3b to 3d).

Per draw a campus has one size factor, every step one date, and capacity is what has come on by the quarter's last day.
IT and facility MW move together: the size error is in the figure, the PUE only where the source gives no IT MW.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.capacity.parameters import Delay, Lognormal, Parameters
from models.capacity.randomness import Floats, normal_cdf, normal_quantile, normals, uniforms

DAYS_PER_MONTH = 365.25 / 12

DATE_BASES = ("observed", "confirmed_later", "unconfirmed", "projected")


@dataclass(frozen=True)
class CampusDraws:
    """One campus: MW of shape (buildings, quarters, draws), the share of draws running (buildings, quarters)."""

    campus_id: str
    cloud_provider: str
    building_ids: list[str]
    it_mw: Floats
    facility_mw: Floats
    operational_share: Floats


@dataclass(frozen=True)
class Shocks:
    """Delay scores: standard normal per step, correlated through the shocks of all sites, an operator and a campus."""

    parameters: Parameters
    seed: int
    n_draws: int

    def score(self, operator: str, campus_id: str, step: str) -> Floats:
        """Delay score of one step, shape (draws,): higher is later."""
        p = self.parameters
        parts = [
            (p.delay_global_variance_share, "delay_global", ""),
            (p.delay_operator_variance_share, "delay_operator", operator),
            (p.delay_campus_variance_share, "delay_campus", campus_id),
        ]
        own = 1 - sum(share for share, _, _ in parts)
        parts.append((own, "delay_step", f"{campus_id}|{step}"))
        total = np.zeros(self.n_draws)
        for share, stream, entity in parts:
            total += np.sqrt(max(share, 0.0)) * normals(self.seed, stream, entity, self.n_draws)
        return total


def delay_days(delay: Delay, score: Floats) -> Floats:
    """Days late for delay scores: zero up to the on-time share, lognormal above it."""
    u = (normal_cdf(score) - delay.on_time_share) / (1 - delay.on_time_share)
    late = delay.late.median * np.exp(delay.late.log_sd * normal_quantile(np.clip(u, 0.0, 1.0)))
    return np.where(u <= 0, 0.0, late)


def triangular(low: float, mode: float, high: float, u: Floats) -> Floats:
    """Triangular quantiles for uniforms `u`; a point when low equals high."""
    if high <= low:
        return np.full_like(u, mode)
    split = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < split, rising, falling)


def lognormal(distribution: Lognormal, z: Floats) -> Floats:
    """Lognormal quantiles for standard normals `z`."""
    return distribution.median * np.exp(distribution.log_sd * z)


def to_days(dates: pd.Series) -> Floats:
    """Days since 1970-01-01 as floats, NaN where the date is missing."""
    days = pd.to_datetime(dates).to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))


def step_dates(steps: pd.DataFrame, parameters: Parameters, shocks: Shocks) -> Floats:
    """Dates on which one campus's steps become operational, shape (steps, draws), in days since 1970.

    `steps`: one row per step in order, with step_number, date_basis, observed_date, previous_observed_date,
    confirmed_date, operator, campus_id. A step seen in imagery lies between the last image before it and the one that
    shows it, most likely near the latter; a projected one (or one whose printed date passed without another look) is
    late by the delay distribution. Cumulative levels cannot come out of order, so dates never decrease.
    Raises ValueError on an unknown date_basis.
    """
    printed, before, confirmed = (
        to_days(steps[c]) for c in ("observed_date", "previous_observed_date", "confirmed_date")
    )
    campus_id, operator = str(steps["campus_id"].iloc[0]), str(steps["operator"].iloc[0])
    dates = np.empty((len(steps), shocks.n_draws))
    for i, (number, basis) in enumerate(zip(steps["step_number"], steps["date_basis"], strict=True)):
        if basis in ("projected", "unconfirmed"):
            dates[i] = printed[i] + delay_days(parameters.delay, shocks.score(operator, campus_id, str(number)))
        elif basis in ("observed", "confirmed_later"):
            low = before[i] if np.isfinite(before[i]) else printed[i] - parameters.first_window_days
            high = confirmed[i] if basis == "confirmed_later" else printed[i]
            dates[i] = triangular(
                max(low, printed[i] - parameters.max_window_days),
                printed[i],
                min(high, printed[i] + parameters.max_window_days),
                uniforms(shocks.seed, "sighting", f"{campus_id}|{number}", shocks.n_draws),
            )
        else:
            raise ValueError(f"{campus_id} step {number}: date_basis {basis!r} is none of {DATE_BASES}")
    return np.maximum.accumulate(dates, axis=0)


def _add_up(increments: Floats, came_on: Floats) -> Floats:
    """(buildings, steps) MW times (steps, quarters, draws) parts come on. Not BLAS: its sums depend on the threads."""
    return np.asarray(np.einsum("bs,sqn->bqn", increments, came_on), dtype=np.float64)


def simulate_campus(
    rows: pd.DataFrame, parameters: Parameters, quarter_ends: Floats, seed: int, n_draws: int
) -> CampusDraws:
    """Draws for one campus whose dated steps are known.

    `rows`: one row per building and step (int_capacity__building_steps), MW increments; it_increment_mw is NaN where
    IT has to be estimated from the facility figure. `quarter_ends`: days since 1970, shape (quarters,).
    """
    rows = rows.sort_values(["step_number", "building_id"], kind="stable").reset_index(drop=True)
    campus_id = str(rows["campus_id"].iloc[0])
    shocks = Shocks(parameters, seed, n_draws)
    steps = rows.drop_duplicates("step_number")
    dates = step_dates(steps, parameters, shocks)

    since = quarter_ends[None, :, None] - dates[:, None, :]
    came_on = (since >= 0).astype(np.float64)
    ramp_range = parameters.ramp_days_high - parameters.ramp_days_low
    for i, (number, basis) in enumerate(zip(steps["step_number"], steps["date_basis"], strict=True)):
        if basis in ("projected", "unconfirmed"):
            u = uniforms(seed, "ramp", f"{campus_id}|{number}", n_draws)
            ramp_days = np.maximum(parameters.ramp_days_low + ramp_range * u, 1.0)
            came_on[i] = np.clip(since[i] / ramp_days, 0.0, 1.0)
    if not bool(rows["is_started"].iloc[0]):
        came_on *= uniforms(seed, "withdrawal", campus_id, n_draws) >= parameters.withdrawal_share

    size = np.exp(
        parameters.method_log_sd * normals(seed, "size_method", "", n_draws)
        + parameters.campus_log_sd * normals(seed, "size_campus", campus_id, n_draws)
    )
    pue = 1 + lognormal(parameters.overhead_share, normals(seed, "pue", campus_id, n_draws))
    building_ids = sorted(rows["building_id"].unique())
    cell = (
        pd.Index(building_ids).get_indexer(rows["building_id"]),
        pd.Index(steps["step_number"]).get_indexer(rows["step_number"]),
    )
    facility_steps, it_steps, unstated_it_steps = np.zeros((3, len(building_ids), len(steps)))
    facility_increments = rows["facility_increment_mw"].to_numpy(dtype=np.float64)
    it_increments = rows["it_increment_mw"].to_numpy(dtype=np.float64)
    facility_steps[cell] = facility_increments
    it_steps[cell] = np.nan_to_num(it_increments)
    unstated_it_steps[cell] = np.where(np.isnan(it_increments), facility_increments, 0.0)

    own_z = np.array([normals(seed, "size_building", building_id, n_draws) for building_id in building_ids])
    total_size = (size * np.exp(parameters.building_log_sd * own_z))[:, None, :]
    # A derating larger than its building is an error of the source; capacity stops at nothing, never below.
    facility_mw = np.maximum(_add_up(facility_steps, came_on), 0.0) * total_size
    it_mw = np.maximum(_add_up(it_steps, came_on) + _add_up(unstated_it_steps, came_on) / pue, 0.0) * total_size
    running = (facility_mw > 0).mean(axis=2)
    return CampusDraws(campus_id, str(rows["cloud_provider"].iloc[0]), building_ids, it_mw, facility_mw, running)


def simulate_plan(
    plan: pd.Series, parameters: Parameters, quarter_ends: Floats, seed: int, n_draws: int
) -> CampusDraws:
    """Draws for a campus of which only a construction start and a planned full size are known.

    One pseudo building. First power comes a stage duration after the start, and not before the report that still
    showed a building site (known_from); then facility MW comes up at a drawn monthly speed until the plan is reached.
    """
    campus_id, operator = str(plan["campus_id"]), str(plan["operator"])
    first, last, reported = to_days(plan[["start_earliest_date", "start_latest_date", "known_from"]])
    start = first + (last - first) * uniforms(seed, "plan_start", campus_id, n_draws)
    duration = parameters.plan_first_power_months
    elapsed = np.maximum(reported - start, 1.0) / DAYS_PER_MONTH
    already_past = normal_cdf(np.log(elapsed / duration.median) / duration.log_sd)
    u = normal_cdf(Shocks(parameters, seed, n_draws).score(operator, campus_id, "plan"))
    months = lognormal(duration, normal_quantile(already_past + (1 - already_past) * u))
    first_power = start + months * DAYS_PER_MONTH

    size = np.exp(parameters.plan_log_sd * normals(seed, "size_campus", campus_id, n_draws))
    pue = 1 + lognormal(parameters.overhead_share, normals(seed, "pue", campus_id, n_draws))
    planned_it, planned_facility = float(plan["planned_it_capacity_mw"]), float(plan["planned_facility_capacity_mw"])
    full_facility = (planned_it * pue if np.isnan(planned_facility) else planned_facility) * size
    it_per_facility = 1 / pue if np.isnan(planned_it) or np.isnan(planned_facility) else planned_it / planned_facility
    speed = lognormal(parameters.plan_fill_facility_mw_per_month, normals(seed, "plan_fill", campus_id, n_draws))
    if not bool(plan["is_started"]):
        full_facility = full_facility * (
            uniforms(seed, "withdrawal", campus_id, n_draws) >= parameters.withdrawal_share
        )
    months_on = np.maximum(quarter_ends[:, None] - first_power, 0.0) / DAYS_PER_MONTH
    facility_mw = np.minimum(full_facility, speed * months_on)[None]
    return CampusDraws(
        campus_id,
        str(plan["cloud_provider"]),
        [str(plan["building_id"])],
        facility_mw * it_per_facility,
        facility_mw,
        (facility_mw > 0).mean(axis=2),
    )


def simulate(
    building_steps: pd.DataFrame,
    plans: pd.DataFrame,
    parameters: Parameters,
    quarter_ends: Floats,
    seed: int,
    n_draws: int,
) -> Iterator[CampusDraws]:
    """All campuses one after the other in order of campus_id, so that memory stays that of the largest one.

    Raises ValueError when a campus has both dated steps and a plan: it would be counted twice.
    """
    both = sorted(set(building_steps["campus_id"]) & set(plans["campus_id"]))
    if both:
        raise ValueError(f"campuses with dated steps and an undated plan would be counted twice: {', '.join(both)}")
    with_steps = {str(name): rows for name, rows in building_steps.groupby("campus_id")}
    with_plan = {str(plan["campus_id"]): plan for _, plan in plans.iterrows()}
    for campus_id in sorted({*with_steps, *with_plan}):
        if campus_id in with_steps:
            yield simulate_campus(with_steps[campus_id], parameters, quarter_ends, seed, n_draws)
        else:
            yield simulate_plan(with_plan[campus_id], parameters, quarter_ends, seed, n_draws)
