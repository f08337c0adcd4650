"""Delays of printed dates and durations of building stages, fitted to what is known (methods: capacity 2 and 3b).

Both are regressions of a logarithm of days on censored outcomes, by expectation-maximisation (Dempster, Laird and Rubin
1977): an outcome that is only bounded enters by the mean and variance the current fit gives it inside its bounds.
Design families are effects with a normal prior of mean zero, so a family with few cases is pulled to the common value.
A prior worth a stated number of cases keeps the fit defined with no case at all.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.capacity.days import DAYS_PER_MONTH, to_days
from models.capacity.parameters import (
    STAGES_BEFORE_OPERATION,
    Delay,
    DelayPrior,
    Lognormal,
    StagePrior,
)
from models.capacity.randomness import Floats, normal_cdf
from models.capacity.stages import was_looked_at

N_ITERATIONS = 60
_MIN_LEAD_DAYS = 14.0
_FAR = 6.5  # standard deviations beyond which a normal is taken as cut off


@dataclass(frozen=True)
class LogDays:
    """Log of days = design x coefficients + family effect + N(0, log_sd): what `fit_log_days` returns."""

    coefficients: Floats
    families: dict[str, float]
    log_sd: float
    covariance: Floats
    """Of the coefficients, then the families in order of `families`."""
    family_log_sd: float

    def predict(self, design: Floats, family: str) -> Lognormal:
        """Distribution of the days of a new case: its spread holds the fit's own uncertainty and the family's."""
        names = list(self.families)
        indicator = np.array([float(name == family) for name in names])
        row = np.concatenate([design, indicator])
        mean = float(design @ self.coefficients) + self.families.get(family, 0.0)
        unknown = 0.0 if family in self.families else self.family_log_sd**2
        return Lognormal(math.exp(mean), math.sqrt(self.log_sd**2 + float(row @ self.covariance @ row) + unknown))


def truncated_moments(mean: Floats, log_sd: float, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of N(mean, log_sd) inside low..high (open where infinite; a known value where equal)."""
    known = low >= high
    a = np.clip((low - mean) / log_sd, -_FAR, _FAR)
    b = np.clip((high - mean) / log_sd, -_FAR, _FAR)
    mass = np.maximum(normal_cdf(b) - normal_cdf(a), 1e-12)
    density_a, density_b = (np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi) for z in (a, b))
    shift = (density_a - density_b) / mass
    spread = 1 + (a * density_a - b * density_b) / mass - shift**2
    inside = mean + log_sd * shift
    low_end, high_end = (np.where(np.isfinite(v), v, mean) for v in (low, high))
    # Bounds far out in one tail leave no mass to divide by: the nearer bound is the value.
    thin = mass <= 1e-9
    inside = np.where(thin, np.where(a > 0, low_end, high_end), inside)
    # Narrow bounds divide a small difference by a small mass: what rounding carries outside is put back.
    inside = np.clip(inside, low, np.maximum(high, low))
    return (
        np.where(known, low_end, inside),
        np.where(known | thin, 0.0, np.clip(spread, 0.0, 1.0) * log_sd**2),
    )


def fit_log_days(
    design: Floats, family: pd.Series, low: Floats, high: Floats, weight: Floats,
    prior_mean: Floats, prior_sd: Floats, prior_log_sd: float, prior_weight: float, family_log_sd: float,
) -> LogDays:  # fmt: skip
    """Fit log days to bounds `low`..`high` (log days, infinite where open), cases weighted by `weight`.

    design: shape (cases, coefficients), the first column ones. prior_sd holds the priors of the other coefficients;
    that of the first is the spread of one case over the root of prior_weight, at which the prior also enters the
    spread.
    """
    names = sorted(set(family.astype(str)))
    members = (family.astype(str).to_numpy()[:, None] == np.array(names, dtype=object)[None, :]).astype(np.float64)
    columns = np.hstack([design, members.reshape(len(design), len(names))])
    centre = np.concatenate([prior_mean, np.zeros(len(names))])
    beta, log_sd = centre.copy(), prior_log_sd
    covariance = np.zeros((len(centre), len(centre)))
    for _ in range(N_ITERATIONS):
        precision = np.concatenate(
            [[prior_weight / log_sd**2], 1 / prior_sd[1:] ** 2, np.full(len(names), 1 / family_log_sd**2)]
        )
        value, variance = truncated_moments(columns @ beta, log_sd, low, high)
        # einsum, not BLAS: the same bytes whatever the number of threads.
        information = np.einsum("i,ij,ik->jk", weight, columns, columns) / log_sd**2 + np.diag(precision)
        covariance = np.linalg.inv(information)
        pull = np.einsum("i,ij,i->j", weight, columns, value) / log_sd**2 + precision * centre
        beta = np.einsum("jk,k->j", covariance, pull)
        square = float(np.sum(weight * ((value - columns @ beta) ** 2 + variance)))
        log_sd = math.sqrt((prior_weight * prior_log_sd**2 + square) / (prior_weight + float(weight.sum())))
    n = design.shape[1]
    return LogDays(beta[:n], dict(zip(names, map(float, beta[n:]), strict=True)), log_sd, covariance, family_log_sd)


@dataclass(frozen=True)
class DelayModel:
    """How late a printed date is, by how far ahead it was printed and for which design family."""

    prior: DelayPrior
    late: LogDays
    on_time_logit: Floats
    """Intercept and slope on log lead."""
    n_steps: float
    """Independent steps the fit rests on (weights added up)."""

    def delay(self, lead_days: float, family: str) -> Delay:
        """Delay of a step printed `lead_days` ahead."""
        x = math.log(max(lead_days, _MIN_LEAD_DAYS) / self.prior.reference_lead_days)
        on_time = 1 / (1 + math.exp(-float(self.on_time_logit[0] + self.on_time_logit[1] * x)))
        return Delay(on_time, self.late.predict(np.array([1.0, x]), family))


def delay_weights(steps: pd.DataFrame, campus_correlation: float) -> Floats:
    """Weight of every (step, vintage) row: a step counts once however many vintages print it, and the k steps of one
    campus as k / (1 + (k - 1) x correlation) independent ones."""
    key = ["campus_id", "level_kind", "level"]
    printings = steps.groupby(key)["projected_date"].transform("size").to_numpy(dtype=np.float64)
    steps_of_campus = steps.assign(one=1 / printings).groupby("campus_id")["one"].transform("sum")
    return np.asarray(1 / printings / (1 + (steps_of_campus.to_numpy() - 1) * campus_correlation), dtype=np.float64)


def fit_delay(projected_steps: pd.DataFrame, prior: DelayPrior, campus_correlation: float) -> DelayModel:
    """Delay of printed dates as of the frame's newest vintage.

    projected_steps: int_capacity__projected_steps, one row per campus, level and vintage that printed it as a
    projection: projected_date, lead_days, outcome, outcome_from_date and outcome_to_date (bounds of the date it was
    reached; only the first, or none, while it is still projected), design_family. A step within
    prior.on_time_tolerance_days counts as on time, a later one as late by a lognormal whose median grows with the lead.
    Only steps whose printed date had come due by newest_vintage_date are used: before that day a step can show itself
    late but not on time, so the ones already moved would make all look late. A due step still to come is late by at
    least the way to its newest printed date. Dates before the printed one are not modelled: earlier counts as on time.
    """
    reference = prior.at_reference
    start = np.array([math.log(reference.late.median), prior.lead_slope])
    logit = np.array([math.log(reference.on_time_share / (1 - reference.on_time_share)), prior.on_time_slope])
    is_due = pd.to_datetime(projected_steps["projected_date"]) <= pd.to_datetime(projected_steps["newest_vintage_date"])
    wanted = projected_steps[is_due & projected_steps["outcome"].isin(["realised", "still_projected"])]
    wanted = wanted.sort_values(["campus_id", "level_kind", "level", "vintage_date"], kind="stable")
    early_days, late_days = (
        (pd.to_datetime(wanted[c]) - pd.to_datetime(wanted["projected_date"])).dt.days.to_numpy(dtype=np.float64)
        for c in ("outcome_from_date", "outcome_to_date")
    )
    late_days = np.where(np.isnan(late_days), np.inf, late_days)
    early_days = np.where(np.isnan(early_days), 0.0, early_days)
    tolerance, error = prior.on_time_tolerance_days, prior.dating_error_days
    # A sighting dates a step to within weeks: without this, slips of days would stretch the whole distribution.
    sighted = np.isfinite(late_days) & (late_days > tolerance) & (late_days == early_days)
    early_days = np.where(sighted, np.maximum(early_days - error, tolerance + 1), early_days)
    late_days = np.where(sighted, late_days + error, late_days)
    informative = np.isfinite(late_days) | (early_days > tolerance)
    wanted, early_days, late_days = wanted[informative], early_days[informative], late_days[informative]
    weight = delay_weights(wanted, campus_correlation)
    lead = wanted["lead_days"].to_numpy(dtype=np.float64)
    x = np.log(np.maximum(lead, _MIN_LEAD_DAYS) / prior.reference_lead_days)
    design = np.column_stack([np.ones(len(x)), x])
    low = np.where(early_days > tolerance, np.log(np.maximum(early_days, 1.0)), -np.inf)
    high = np.log(np.maximum(late_days, 1.0))
    family = wanted["design_family"].astype(str)

    # 1 late, 0 on time; a step bounded only from above may be either and is shared out below.
    is_late = np.where(late_days <= tolerance, 0.0, 1.0)
    either = (early_days <= tolerance) & (late_days > tolerance)
    base = reference.on_time_share * (1 - reference.on_time_share) * prior.weight_steps
    precision = np.diag([base, 1 / prior.on_time_slope_sd**2])
    prior_logit = logit.copy()

    def refit_late() -> LogDays:
        return fit_log_days(
            design, family, low, high, weight * is_late, start, np.array([np.nan, prior.lead_slope_sd]),
            reference.late.log_sd, prior.weight_steps, prior.family_log_sd,
        )  # fmt: skip

    late = refit_late()
    for _ in range(10):
        share = 1 / (1 + np.exp(-np.einsum("ij,j->i", design, logit)))
        effect = np.array([late.families[name] for name in family])
        z = (high - np.einsum("ij,j->i", design, late.coefficients) - effect) / late.log_sd
        late_mass = (1 - share) * normal_cdf(np.clip(z, -_FAR, _FAR))
        is_late = np.where(either, late_mass / np.maximum(share + late_mass, 1e-12), is_late)
        late = refit_late()
        for _ in range(5):
            share = 1 / (1 + np.exp(-np.einsum("ij,j->i", design, logit)))
            gradient = np.einsum("i,ij->j", weight * (1 - is_late - share), design) - precision @ (logit - prior_logit)
            curvature = np.einsum("i,ij,ik->jk", weight * share * (1 - share), design, design) + precision
            logit = logit + np.linalg.solve(curvature, gradient)
    return DelayModel(prior, late, logit, float(weight.sum()))


@dataclass(frozen=True)
class StageModel:
    """Days from every stage to operational."""

    fits: Mapping[str, LogDays]
    n_buildings: Mapping[str, int]

    def to_operational(self, stage: str, family: str) -> Lognormal:
        """Distribution of the days from reaching `stage` to operational for a building of `family`."""
        return self.fits[stage].predict(np.array([1.0]), family)


def fit_stages(building_stages: pd.DataFrame, prior: StagePrior) -> StageModel:
    """Stage durations from int_capacity__building_stages.

    A duration is only bounded: at least from the first look that shows the stage to the last that does not show
    operation, at most from the last look before the stage to the first that shows operation. A building not operational
    yet, or one whose stage may be older than the first look, has no upper bound. Campus-level rows and sightings that
    are estimates are left out: nobody saw them.
    """
    rows = was_looked_at(building_stages)
    operational = rows[rows["stage"] == "operational"].set_index("building_id")
    fits, n_buildings = {}, {}
    for stage in STAGES_BEFORE_OPERATION:
        at_stage = rows[(rows["stage"] == stage) & rows["seen_date"].notna()]
        end = operational.reindex(at_stage["building_id"])
        before, seen = to_days(at_stage["not_yet_date"]), to_days(at_stage["seen_date"])
        end_seen = to_days(end["seen_date"])
        end_not_yet = np.where(np.isnan(end_seen), to_days(end["last_look_date"]), to_days(end["not_yet_date"]))
        # Both ends are bounds: the stage was reached in before..seen, operation in end_not_yet..end_seen. Without an
        # earlier look the stage may be of any age, and without a look at the building site nothing bounds from below.
        shortest = np.where(np.isnan(end_not_yet), 0.0, end_not_yet - seen)
        longest = np.where(np.isnan(end_seen) | np.isnan(before), np.inf, end_seen - before)
        use = (longest > 1) & ((shortest > 1) | np.isfinite(longest))
        low = np.where(shortest > 1, np.log(np.maximum(shortest, 1.0)), -np.inf)[use]
        high = np.log(np.maximum(longest, 1.0))[use]
        months = prior.months[stage]
        fits[stage] = fit_log_days(
            np.ones((int(use.sum()), 1)), at_stage["design_family"][use], low, high,
            np.ones(int(use.sum())), np.array([math.log(months.median * DAYS_PER_MONTH)]), np.array([np.nan]),
            months.log_sd, prior.weight_buildings, prior.family_log_sd,
        )  # fmt: skip
        n_buildings[stage] = int(use.sum())
    return StageModel(fits, n_buildings)
