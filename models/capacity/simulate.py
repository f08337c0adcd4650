"""Joint draws of quarter-end MW, campus by campus (methods: capacity 3b to 3d).

Per draw every step has one date, every building one size, and capacity is what has come on by the quarter's last day.
IT and facility MW move together: the size error is in the figure, the PUE only where the source gives no IT MW.
Every random number belongs to a named entity, so that other rows do not disturb it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.capacity.days import DAYS_PER_MONTH, DAYS_PER_YEAR, to_days
from models.capacity.fit import DelayModel, StageModel
from models.capacity.parameters import SHOCKS, Delay, Lognormal, Parameters
from models.capacity.randomness import Floats, normal_cdf, normal_quantile, normals, uniforms
from models.capacity.stages import Evidence

DATE_BASES = ("observed", "confirmed_later", "unconfirmed", "projected")
AHEAD = ("unconfirmed", "projected")
"""Bases of dates nobody has seen come true."""

GIGAWATT_MW = 1000.0


@dataclass(frozen=True)
class Model:
    """Everything the draws depend on besides the steps themselves, as known on one day."""

    parameters: Parameters
    delay: DelayModel
    stages: StageModel
    evidence: Evidence
    regions: Mapping[str, str]
    """Campus to state or country; a campus without one is a region of its own."""
    power_gates: pd.DataFrame
    as_of_day: float

    def against_source(self) -> "Model":
        """The same with size errors against the source's own later figures (see Parameters.against_source)."""
        return replace(self, parameters=self.parameters.against_source())


@dataclass(frozen=True)
class CampusDraws:
    """One campus: MW of shape (buildings, quarters, draws), the share of draws running (buildings, quarters).

    it_mw and facility_mw are operational. energised_it_mw includes them; under_construction_it_mw has begun and is not
    energised; planned_it_mw has not begun. The three add up to what the campus will have, less what is withdrawn.
    """

    campus_id: str
    cloud_provider: str
    building_ids: list[str]
    it_mw: Floats
    facility_mw: Floats
    operational_share: Floats
    energised_it_mw: Floats
    under_construction_it_mw: Floats
    planned_it_mw: Floats

    @property
    def draws(self) -> dict[str, Floats]:
        """MW per measure (models.capacity.quarters.MEASURES), each of shape (buildings, quarters, draws)."""
        return {
            "it": self.it_mw,
            "facility": self.facility_mw,
            "energised_it": self.energised_it_mw,
            "under_construction_it": self.under_construction_it_mw,
            "planned_it": self.planned_it_mw,
        }


@dataclass(frozen=True)
class StepDates:
    """Dates of one campus in days since 1970, each (rows, draws); infinite where the row is withdrawn.

    rows: the campus's building steps in order. withdrawn: the day the plan is given up, infinite if never.
    """

    campus_id: str
    rows: pd.DataFrame
    begun: Floats
    energised: Floats
    operational: Floats
    ramped: Floats
    withdrawn: Floats


@dataclass(frozen=True)
class Shocks:
    """Delay scores: standard normal per step, correlated over all sites, an operator, a region and a campus."""

    model: Model
    seed: int
    n_draws: int

    def score(self, operator: str, campus_id: str, step: str) -> Floats:
        """Delay score of one step, shape (draws,): higher is later."""
        shares = self.model.parameters.delay_variance_shares
        entities = {
            "global": "", "operator": operator, "region": self.model.regions.get(campus_id, campus_id),
            "campus": campus_id,
        }  # fmt: skip
        own = max(1 - sum(shares[name] for name in SHOCKS), 0.0)
        total = np.sqrt(own) * normals(self.seed, "delay_step", f"{campus_id}|{step}", self.n_draws)
        for name in SHOCKS:
            total = total + np.sqrt(shares[name]) * normals(self.seed, f"delay_{name}", entities[name], self.n_draws)
        return np.asarray(total, dtype=np.float64)


def delay_days(delay: Delay, score: Floats, at_least_days: float = 0.0) -> Floats:
    """Days late for delay scores: zero up to the on-time share, lognormal above it.

    at_least_days: lateness already seen; the distribution is the one left beyond it.
    """
    on_time, late = delay.on_time_share, delay.late
    u = normal_cdf(score)
    if at_least_days > 0:
        z = np.array((np.log(at_least_days) - np.log(late.median)) / late.log_sd)
        past = on_time + (1 - on_time) * float(normal_cdf(z))
        u = past + (1 - past) * u
    share = (u - on_time) / (1 - on_time)
    days = late.median * np.exp(late.log_sd * normal_quantile(np.clip(share, 0.0, 1.0)))
    return np.maximum(np.where(share <= 0, 0.0, days), at_least_days)


def days_left(duration: Lognormal, elapsed_days: float, score: Floats) -> Floats:
    """Days from reaching a stage to operational for delay scores, given that `elapsed_days` were not enough."""
    u = normal_cdf(score)
    if elapsed_days > 0:
        z = np.array((np.log(elapsed_days) - np.log(duration.median)) / duration.log_sd)
        past = float(normal_cdf(z))
        u = past + (1 - past) * u
    return np.maximum(duration.median * np.exp(duration.log_sd * normal_quantile(u)), elapsed_days)


def pooled_dates(printed: Floats, staged: Floats, origin: float) -> Floats:
    """One date per draw from two, which rest on the same looks: a mean of logs of days after `origin`.

    The weights are the precisions of the two logs over the draws. Both are quantiles of the same score, so this
    averages quantiles (Vincent averaging) and is no narrower than what it averages: two readings of one image are no
    two images.
    """
    logs = [np.log(np.maximum(dates - origin, 1.0)) for dates in (printed, staged)]
    weights = np.array([1 / max(float(np.var(values)), 1e-6) for values in logs])
    weights = weights / weights.sum()
    return np.asarray(origin + np.exp(weights[0] * logs[0] + weights[1] * logs[1]), dtype=np.float64)


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


def printed_dates(rows: pd.DataFrame, shocks: Shocks) -> tuple[Floats, Floats]:
    """Dates of one campus's steps by their printed dates alone, and the delay scores, both (steps, draws).

    A step seen in imagery lies between the last image before it and the one that shows it, most likely near the latter.
    A projected one (or one whose printed date passed without another look) is late by the delay model, and no earlier
    than the last look that still showed a building of it unfinished. Cumulative levels cannot come out of order, so
    dates never decrease. Raises ValueError on an unknown date_basis.
    """
    model, p = shocks.model, shocks.model.parameters
    steps = rows.drop_duplicates("step_number")
    printed, before, confirmed, vintage = (
        to_days(steps[c]) for c in ("observed_date", "previous_observed_date", "confirmed_date", "vintage_date")
    )
    campus_id, operator = str(steps["campus_id"].iloc[0]), str(steps["operator"].iloc[0])
    dates, scores = np.empty((2, len(steps), shocks.n_draws))
    families = steps["design_family"].astype(str)
    for i, (number, basis, family) in enumerate(zip(steps["step_number"], steps["date_basis"], families, strict=True)):
        scores[i] = shocks.score(operator, campus_id, str(number))
        first_window = printed[i] - p.first_window_days
        if basis in AHEAD:
            # An unconfirmed date was printed after the look before it: that is how far ahead it was known.
            looked = vintage[i] if basis == "projected" else before[i] if np.isfinite(before[i]) else first_window
            buildings = rows.loc[rows["step_number"] == number, "building_id"]
            known = [model.evidence.buildings[str(name)] for name in buildings if str(name) in model.evidence.buildings]
            late = max([k.unfinished_day - printed[i] for k in known if np.isfinite(k.unfinished_day)], default=0.0)
            dates[i] = printed[i] + delay_days(model.delay.delay(printed[i] - looked, family), scores[i], late)
        elif basis in ("observed", "confirmed_later"):
            low = before[i] if np.isfinite(before[i]) else first_window
            high = confirmed[i] if basis == "confirmed_later" else printed[i]
            dates[i] = triangular(
                max(low, printed[i] - p.max_window_days),
                printed[i],
                min(high, printed[i] + p.max_window_days),
                uniforms(shocks.seed, "sighting", f"{campus_id}|{number}", shocks.n_draws),
            )
        else:
            raise ValueError(f"{campus_id} step {number}: date_basis {basis!r} is none of {DATE_BASES}")
    return np.maximum.accumulate(dates, axis=0), scores


def _power_ready(campus_id: str, building_number: object, model: Model, seed: int, n_draws: int) -> Floats:
    """Day from which the campus, or this building of it, has power; minus infinity where no gate is known."""
    gates = model.power_gates[model.power_gates["campus_id"] == campus_id]
    ready = np.full(n_draws, -np.inf)
    starts, ends = to_days(gates["power_ready_from_date"]), to_days(gates["power_ready_to_date"])
    # The number of the gated building, NaN for a gate of the whole campus.
    numbers = gates["building_number"].astype("float64")
    for low, high, gated in zip(starts, ends, numbers, strict=True):
        if not (np.isnan(gated) or gated == building_number):
            continue
        window = model.parameters.gate_window_days
        low, high = (high - window if np.isnan(low) else low), (low + window if np.isnan(high) else high)
        u = uniforms(seed, "power", f"{campus_id}|{gated}", n_draws)
        ready = np.fmax(ready, low + (high - low) * u)
    return ready


def campus_dates(rows: pd.DataFrame, model: Model, seed: int, n_draws: int) -> StepDates:
    """Dates of one campus's building steps, from printed dates, stages seen, power and withdrawal.

    `rows`: one row per building and step (int_capacity__building_steps). A building not operational yet of which a
    stage was seen gets the pool of its step's printed date and its stage's date; capacity is on when building and power
    both are. A campus or building that has not begun may be given up at its stage's rate until it opens.
    """
    rows = rows.sort_values(["step_number", "building_id"], kind="stable").reset_index(drop=True)
    campus_id, p = str(rows["campus_id"].iloc[0]), model.parameters
    of_steps, scores = printed_dates(rows, Shocks(model, seed, n_draws))
    step = pd.Index(rows["step_number"].unique()).get_indexer(rows["step_number"])
    operational = of_steps[step]
    energised, begun, ramped, withdrawn = np.empty((4, *operational.shape))
    is_started = bool(rows["is_started"].iloc[0])
    opened: dict[str, Floats] = {}
    for i, row in enumerate(rows.itertuples(index=False)):
        building_id, family = str(row.building_id), str(row.design_family)
        known = model.evidence.buildings.get(building_id)
        is_ahead = row.date_basis in AHEAD
        is_first = building_id not in opened
        stage, looked = None, float("nan")
        if known is not None and is_first and np.isfinite(known.unfinished_day):
            stage, looked = known.stage, known.unfinished_day
        if is_ahead and stage is not None and known is not None:
            duration = model.stages.to_operational(stage, family)
            left = days_left(duration, looked - known.reached_day, scores[step[i]])
            # Printed dates are hardly ever too late (none of those that came due), so the pool ends there.
            floor = float(to_days(pd.Series([row.observed_date]))[0])
            pooled = pooled_dates(operational[i], known.reached_day + left, looked)
            operational[i] = np.maximum(pooled, max(floor, looked))
        power = np.full(n_draws, -np.inf)
        if is_ahead:
            power = _power_ready(campus_id, row.building_number, model, seed, n_draws)
            operational[i] = np.maximum(operational[i], power)
        if not is_first:
            operational[i] = np.maximum(operational[i], opened[building_id])
        opened.setdefault(building_id, operational[i])

        name = f"{building_id}|{row.step_number}"
        lag = energised_lag(model, name, seed, n_draws)
        energised[i] = np.minimum(np.maximum(operational[i] - lag, power), operational[i])
        build = lognormal(model.stages.to_operational("foundation", family), normals(seed, "begun", name, n_draws))
        begun[i] = operational[i] - build
        if known is not None and is_first:
            low, high = known.energised_between
            if np.isfinite(high):
                energised[i] = np.minimum(
                    low + (high - low) * uniforms(seed, "energised", name, n_draws), operational[i]
                )
            elif np.isfinite(low):
                energised[i] = np.minimum(np.maximum(energised[i], low), operational[i])
            low, high = known.begun_between
            if np.isfinite(high):
                begun[i] = low + (high - low) * uniforms(seed, "begun", name, n_draws)
            elif np.isfinite(low):
                begun[i] = np.maximum(begun[i], low)
        begun[i] = np.minimum(begun[i], energised[i])

        ramp_days = np.zeros(n_draws)
        if is_ahead:
            u = uniforms(seed, "ramp", f"{campus_id}|{row.step_number}", n_draws)
            ramp_days = np.maximum(p.ramp_days_low + (p.ramp_days_high - p.ramp_days_low) * u, 1.0)
        ramped[i] = operational[i] + ramp_days
        withdrawn[i] = np.inf
        if is_ahead:
            # One fate per campus: what has not begun is given up together, the less advanced first.
            at_stage = stage or model.evidence.campus_stage.get(
                campus_id, "land_cleared" if is_started else "announced"
            )
            rate = p.withdrawal_per_year.get(at_stage, 0.0)
            withdrawn[i] = _withdrawn(rate, campus_id, model, seed, n_draws)
            withdrawn[i] = np.where(withdrawn[i] < operational[i], withdrawn[i], np.inf)
    for dates in (begun, energised, operational, ramped):
        dates[np.isfinite(withdrawn)] = np.inf
    return StepDates(campus_id, rows, begun, energised, operational, ramped, withdrawn)


def energised_lag(model: Model, name: str, seed: int, n_draws: int) -> Floats:
    """Days between power on and operational of one named building step or plan."""
    return lognormal(model.parameters.energised_lag_days, normals(seed, "energised", name, n_draws))


def _withdrawn(rate_per_year: float, campus_id: str, model: Model, seed: int, n_draws: int) -> Floats:
    """Day on which a plan with this rate of giving up is given up, infinite if the rate is zero."""
    if rate_per_year <= 0:
        return np.full(n_draws, np.inf)
    waiting_years = -np.log(uniforms(seed, "withdrawal", campus_id, n_draws)) / rate_per_year
    return np.asarray(model.as_of_day + DAYS_PER_YEAR * waiting_years, dtype=np.float64)


def step_sizes(rows: pd.DataFrame, model: Model, seed: int, n_draws: int) -> tuple[Floats, Floats]:
    """IT and facility MW that every building step of one campus adds, each (rows, draws).

    The printed figure times an error of the counting method (all sites), of the campus by what its figure rests on, and
    of the building. it_increment_mw is NaN where IT has to be estimated from the facility figure by a drawn PUE.
    """
    p, campus_id = model.parameters, str(rows["campus_id"].iloc[0])
    kinds = rows["capacity_evidence_kind"]
    campus_sd = kinds.map(p.campus_log_sd)
    sisters = campus_sd[kinds != "estimate"]
    if len(sisters):
        # A building without a figure of its own is sized after the best known one on the site.
        campus_sd = campus_sd.where(kinds != "estimate", np.hypot(sisters.min(), p.sister_log_sd))
    if campus_sd.isna().any():
        raise ValueError(
            f"{campus_id}: capacity_evidence_kind {rows['capacity_evidence_kind'][campus_sd.isna()].iloc[0]!r}"
            f" is none of {tuple(p.campus_log_sd)}"
        )
    own = {name: normals(seed, "size_building", str(name), n_draws) for name in rows["building_id"].unique()}
    size = np.exp(
        p.method_log_sd * normals(seed, "size_method", "", n_draws)
        + campus_sd.to_numpy(dtype=np.float64)[:, None] * normals(seed, "size_campus", campus_id, n_draws)
        + p.building_log_sd * np.array([own[name] for name in rows["building_id"]])
    )
    facility_mw = rows["facility_increment_mw"].to_numpy(dtype=np.float64)[:, None] * size
    it_mw = rows["it_increment_mw"].to_numpy(dtype=np.float64)[:, None] * size
    pue = 1 + lognormal(p.overhead_share, normals(seed, "pue", campus_id, n_draws))
    return np.where(np.isnan(it_mw), facility_mw / pue, it_mw), facility_mw


def simulate_campus(rows: pd.DataFrame, model: Model, quarter_ends: Floats, seed: int, n_draws: int) -> CampusDraws:
    """Draws for one campus whose dated steps are known.

    `rows`: one row per building and step (int_capacity__building_steps), MW increments. `quarter_ends`: days since
    1970, shape (quarters,).
    """
    dates = campus_dates(rows, model, seed, n_draws)
    rows = dates.rows
    it_steps, facility_steps = step_sizes(rows, model, seed, n_draws)
    building_ids = sorted(rows["building_id"].unique())
    shape = (len(building_ids), len(quarter_ends), n_draws)
    it_mw, facility_mw, energised, under_construction, planned = np.zeros((5, *shape))
    when = quarter_ends[:, None]
    for i, b in enumerate(pd.Index(building_ids).get_indexer(rows["building_id"])):
        on = (when >= dates.operational[i]).astype(np.float64)
        if rows["date_basis"].iloc[i] in AHEAD:
            ramp_days = np.where(
                np.isfinite(dates.ramped[i]), dates.ramped[i] - np.fmin(dates.operational[i], 1e9), 1.0
            )
            on = np.clip((when - dates.operational[i]) / ramp_days, 0.0, 1.0)
        it_mw[b] += on * it_steps[i]
        facility_mw[b] += on * facility_steps[i]
        if rows["facility_increment_mw"].iloc[i] < 0 or rows["it_increment_mw"].iloc[i] < 0:
            # A derating is no building site: it takes effect once.
            energised[b] += on * it_steps[i]
            continue
        has_power = when >= dates.energised[i]
        has_begun = when >= dates.begun[i]
        energised[b] += has_power * it_steps[i]
        under_construction[b] += (has_begun & ~has_power) * it_steps[i]
        planned[b] += (~has_begun & (when < dates.withdrawn[i])) * it_steps[i]
    # A derating larger than its building is an error of the source; capacity stops at nothing, never below.
    for values in (it_mw, facility_mw):
        np.maximum(values, 0.0, out=values)
    energised = np.maximum(energised, it_mw)
    running = (facility_mw > 0).mean(axis=2)
    return CampusDraws(
        dates.campus_id, str(rows["cloud_provider"].iloc[0]), building_ids, it_mw, facility_mw, running, energised,
        under_construction, planned,
    )  # fmt: skip


@dataclass(frozen=True)
class PlanDates:
    """A campus known as a plan: full facility MW, MW per month, IT per facility MW; days since 1970; each (draws,)."""

    start: Floats
    first_power: Floats
    withdrawn: Floats
    full_facility_mw: Floats
    mw_per_month: Floats
    it_per_facility: Floats

    def facility_mw(self, when: Floats) -> Floats:
        """Facility MW on at `when` (any shape that broadcasts against the draws)."""
        months_on = np.maximum(when - self.first_power, 0.0) / DAYS_PER_MONTH
        return np.asarray(np.minimum(self.full_facility_mw, self.mw_per_month * months_on), dtype=np.float64)

    def reached(self, facility_mw: Floats | float) -> Floats:
        """Day on which `facility_mw` is on, infinite where the plan is smaller or withdrawn."""
        days = self.first_power + facility_mw / self.mw_per_month * DAYS_PER_MONTH
        return np.where(self.full_facility_mw >= facility_mw, days, np.inf)


def plan_dates(plan: pd.Series, model: Model, seed: int, n_draws: int) -> PlanDates:
    """Dates and sizes of a campus of which only a construction start and a planned full size are known.

    First power comes a stage duration after the start, and not before the report that still showed a building site
    (known_from); then facility MW comes up at a drawn monthly speed until the plan is reached.
    """
    campus_id, operator, p = str(plan["campus_id"]), str(plan["operator"]), model.parameters
    first, last, reported = to_days(plan[["start_earliest_date", "start_latest_date", "known_from"]])
    start = first + (last - first) * uniforms(seed, "plan_start", campus_id, n_draws)
    duration = p.plan_first_power_months
    elapsed = np.maximum(reported - start, 1.0) / DAYS_PER_MONTH
    already_past = normal_cdf(np.log(elapsed / duration.median) / duration.log_sd)
    u = normal_cdf(Shocks(model, seed, n_draws).score(operator, campus_id, "plan"))
    months = lognormal(duration, normal_quantile(already_past + (1 - already_past) * u))
    first_power = start + months * DAYS_PER_MONTH
    first_power = np.maximum(first_power, _power_ready(campus_id, None, model, seed, n_draws))
    withdrawn = np.full(n_draws, np.inf)
    if not bool(plan["is_started"]):
        stage = "permitted" if str(plan["status_class"]) == "permitted" else "announced"
        withdrawn = _withdrawn(p.withdrawal_per_year[stage], campus_id, model, seed, n_draws)
        withdrawn = np.where(withdrawn < first_power, withdrawn, np.inf)
    first_power = np.where(np.isfinite(withdrawn), np.inf, first_power)

    size = np.exp(p.plan_log_sd * normals(seed, "size_campus", campus_id, n_draws))
    pue = 1 + lognormal(p.overhead_share, normals(seed, "pue", campus_id, n_draws))
    planned_it, planned_facility = float(plan["planned_it_capacity_mw"]), float(plan["planned_facility_capacity_mw"])
    full_facility = (planned_it * pue if np.isnan(planned_facility) else planned_facility) * size
    it_per_facility = 1 / pue
    if not (np.isnan(planned_it) or np.isnan(planned_facility)):
        it_per_facility = np.full(n_draws, planned_it / planned_facility)
    speed = lognormal(p.plan_fill_facility_mw_per_month, normals(seed, "plan_fill", campus_id, n_draws))
    return PlanDates(start, first_power, withdrawn, full_facility, speed, it_per_facility)


def simulate_plan(plan: pd.Series, model: Model, quarter_ends: Floats, seed: int, n_draws: int) -> CampusDraws:
    """Draws for a campus known as a plan, as one pseudo building (see `plan_dates`).

    The MW that come on within a building time are under construction, but none before the campus's start.
    """
    campus_id, operator = str(plan["campus_id"]), str(plan["operator"])
    dates = plan_dates(plan, model, seed, n_draws)
    when = quarter_ends[:, None]
    facility_mw = dates.facility_mw(when)
    lag = energised_lag(model, campus_id, seed, n_draws)
    build = lognormal(model.stages.to_operational("foundation", operator), normals(seed, "begun", campus_id, n_draws))
    energised = dates.facility_mw(when + lag)
    begun = np.maximum(dates.facility_mw(when + np.maximum(build, lag)) * (when >= dates.start), energised)
    is_planned = when < np.where(np.isfinite(dates.withdrawn), dates.withdrawn, np.inf)
    planned = (dates.full_facility_mw - begun) * is_planned
    it = dates.it_per_facility
    return CampusDraws(
        campus_id, str(plan["cloud_provider"]), [str(plan["building_id"])], (facility_mw * it)[None], facility_mw[None],
        (facility_mw > 0).mean(axis=1)[None], (energised * it)[None], ((begun - energised) * it)[None],
        (planned * it)[None],
    )  # fmt: skip


def simulate(
    building_steps: pd.DataFrame,
    plans: pd.DataFrame,
    model: Model,
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
            yield simulate_campus(with_steps[campus_id], model, quarter_ends, seed, n_draws)
        else:
            yield simulate_plan(with_plan[campus_id], model, quarter_ends, seed, n_draws)


def step_date_draws(
    building_steps: pd.DataFrame, model: Model, seed: int, n_draws: int
) -> Iterator[tuple[str, pd.DataFrame, Floats]]:
    """Per campus its id, its steps in order and the day each is fully on, (steps, draws), infinite where withdrawn.

    The steps keep the columns of the first of their rows; the draws are those behind `simulate` with the same seed.
    """
    for campus_id, rows in building_steps.groupby("campus_id", sort=True):
        dates = campus_dates(rows, model, seed, n_draws)
        steps = dates.rows.drop_duplicates("step_number").reset_index(drop=True)
        numbers = dates.rows["step_number"].to_numpy()
        reached = np.array([dates.operational[numbers == number].max(axis=0) for number in steps["step_number"]])
        yield str(campus_id), steps, np.maximum.accumulate(reached, axis=0)


def gigawatt_day(dates: StepDates, facility_steps: Floats) -> Floats:
    """Day on which a campus's facility power first reaches 1 GW, ramps included; infinite where it does not, (draws,).

    facility_steps: MW that each row of `dates` adds, (rows, draws).
    """
    order = np.argsort(dates.ramped, axis=0, kind="stable")
    days = np.take_along_axis(dates.ramped, order, axis=0)
    level = np.cumsum(np.take_along_axis(facility_steps, order, axis=0), axis=0)
    reached = (level >= GIGAWATT_MW) & np.isfinite(days)
    return np.where(reached.any(axis=0), days[reached.argmax(axis=0), np.arange(days.shape[1])], np.inf)
