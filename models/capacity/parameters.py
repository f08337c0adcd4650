"""The capacity engine's parameters, read from the assumption rows valid at `as_of`."""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import pandas as pd

Z90 = 1.2815515655446004
"""Standard normal quantile at 0.9: assumption rows give p10 and p90 in `low` and `high`."""

CONFIDENCES = ("confident", "likely", "speculative")

STAGES = (
    "announced", "permitted", "land_cleared", "foundation", "structural", "roofed", "cooling_installed", "energised",
    "operational", "ramped",
)  # fmt: skip
"""The status ladder; a stage's number is its place, counted from 1."""

STAGES_BEFORE_OPERATION = STAGES[: STAGES.index("operational")]

EVIDENCE_KINDS = ("satellite", "permit", "company_statement", "press", "estimate")
"""What a step's MW can rest on."""


@dataclass(frozen=True)
class Lognormal:
    """A lognormal by its median and the standard deviation of its logarithm."""

    median: float
    log_sd: float


@dataclass(frozen=True)
class Delay:
    """Days a projected step is late: zero with `on_time_share`, else lognormal around `late` (methods: capacity 2)."""

    on_time_share: float
    late: Lognormal


@dataclass(frozen=True)
class DelayPrior:
    """What is believed about printed dates before any has come due; the fit in models.capacity.fit starts from it.

    at_reference: delay of a step printed `reference_lead_days` ahead. Slopes are per unit of log lead: of the log of
    the late days, and of the logit of the on-time share. weight_steps: how many steps the prior counts for.
    """

    at_reference: Delay
    reference_lead_days: float
    lead_slope: float
    lead_slope_sd: float
    on_time_slope: float
    on_time_slope_sd: float
    weight_steps: float
    family_log_sd: float
    on_time_tolerance_days: float
    dating_error_days: float


@dataclass(frozen=True)
class StagePrior:
    """Months from a stage to operational, by stage, before any building of the data is looked at."""

    months: dict[str, Lognormal]
    weight_buildings: float
    family_log_sd: float
    first_window_days: float


@dataclass(frozen=True)
class Parameters:
    """All parameters of one run; units are in the field names, shares are 0-1."""

    delay: DelayPrior
    stages: StagePrior
    ramp_days_low: float
    ramp_days_high: float
    energised_lag_days: Lognormal
    delay_variance_shares: dict[str, float]
    first_window_days: float
    max_window_days: float
    gate_window_days: float
    method_log_sd: float
    campus_log_sd: dict[str, float]
    sister_log_sd: float
    building_log_sd: float
    against_source_log_sd: float
    plan_log_sd: float
    plan_first_power_months: Lognormal
    plan_fill_facility_mw_per_month: Lognormal
    withdrawal_per_year: dict[str, float]
    overhead_share: Lognormal
    tenancy_share: dict[str, tuple[float, float]]

    def against_source(self) -> "Parameters":
        """The same with size errors against the source's own later figures instead of against the truth.

        For back-tests, whose outcome is what the source prints later: it repeats its own size errors.
        """
        return replace(
            self,
            method_log_sd=0.0,
            campus_log_sd=dict.fromkeys(EVIDENCE_KINDS, self.against_source_log_sd),
            sister_log_sd=0.0,
            building_log_sd=0.0,
        )


SHOCKS = ("global", "operator", "region", "campus")
"""Who shares a delay: all sites (chips, equipment, finance), one operator, one state's grid, one campus."""


def delay_from_quantiles(median_days: float, p90_days: float, on_time_share: float) -> Delay:
    """Lognormal with an atom at zero whose mixture has the given median and p90 (days).

    Raises ValueError when the atom leaves no room below the median or the two quantiles are not increasing.
    """
    if not 0 <= on_time_share < 0.5:
        raise ValueError(f"on_time_share must be in [0, 0.5) for the median delay to be positive, got {on_time_share}")
    if not 0 < median_days < p90_days:
        raise ValueError(f"delay_days needs 0 < median < p90, got {median_days} and {p90_days}")
    z_median, z_p90 = (NormalDist().inv_cdf((share - on_time_share) / (1 - on_time_share)) for share in (0.5, 0.9))
    log_sd = math.log(p90_days / median_days) / (z_p90 - z_median)
    return Delay(on_time_share, Lognormal(median_days * math.exp(-log_sd * z_median), log_sd))


def read_parameters(assumptions: pd.DataFrame) -> Parameters:
    """Turn the `capacity` rows of the assumptions frame (one row per subject and parameter) into `Parameters`.

    Raises KeyError naming the missing or doubled row and the file to mend.
    """
    rows = assumptions[assumptions["engine"] == "capacity"]

    def row(subject: str, parameter: str) -> pd.Series:
        found = rows[(rows["subject"] == subject) & (rows["parameter"] == parameter)]
        if len(found) != 1:
            raise KeyError(
                f"{len(found)} assumption rows for capacity/{subject}/{parameter}, need exactly one valid at as_of:"
                " see models/assumptions/capacity.csv"
            )
        return found.iloc[0]

    def value(subject: str, parameter: str) -> float:
        return float(row(subject, parameter)["value"])

    def lognormal(subject: str, parameter: str) -> Lognormal:
        found = row(subject, parameter)
        return Lognormal(float(found["value"]), math.log(float(found["high"]) / float(found["low"])) / (2 * Z90))

    def bounds(subject: str, parameter: str) -> tuple[float, float]:
        found = row(subject, parameter)
        return float(found["low"]), float(found["high"])

    def mean_and_sd(subject: str, parameter: str) -> tuple[float, float]:
        found = row(subject, parameter)
        return float(found["value"]), (float(found["high"]) - float(found["low"])) / (2 * Z90)

    delay = row("projected_step", "delay_days")
    ramp_low, ramp_high = bounds("projected_step", "ramp_days")
    lead_slope, lead_slope_sd = mean_and_sd("projected_step", "late_lead_slope")
    on_time_slope, on_time_slope_sd = mean_and_sd("projected_step", "on_time_lead_slope")
    parameters = Parameters(
        delay=DelayPrior(
            at_reference=delay_from_quantiles(
                float(delay["value"]), float(delay["high"]), value("projected_step", "on_time_share")
            ),
            reference_lead_days=value("projected_step", "reference_lead_days"),
            lead_slope=lead_slope,
            lead_slope_sd=lead_slope_sd,
            on_time_slope=on_time_slope,
            on_time_slope_sd=on_time_slope_sd,
            weight_steps=value("projected_step", "prior_weight_steps"),
            family_log_sd=value("projected_step", "family_log_sd"),
            on_time_tolerance_days=value("projected_step", "on_time_tolerance_days"),
            dating_error_days=value("projected_step", "dating_error_days"),
        ),
        stages=StagePrior(
            months={stage: lognormal(f"stage_{stage}", "to_operational_months") for stage in STAGES_BEFORE_OPERATION},
            weight_buildings=value("stage_duration", "prior_weight_buildings"),
            family_log_sd=value("stage_duration", "family_log_sd"),
            first_window_days=value("stage_duration", "first_window_days"),
        ),
        ramp_days_low=ramp_low,
        ramp_days_high=ramp_high,
        energised_lag_days=lognormal("energised", "to_operational_days"),
        delay_variance_shares={name: value("delay_shock", f"{name}_variance_share") for name in SHOCKS},
        first_window_days=value("observed_step", "first_window_days"),
        max_window_days=value("observed_step", "max_window_days"),
        gate_window_days=value("power_gate", "window_days"),
        method_log_sd=value("source_figure", "method_log_sd"),
        campus_log_sd={kind: value(f"source_figure_{kind}", "campus_log_sd") for kind in EVIDENCE_KINDS},
        sister_log_sd=value("source_figure", "sister_log_sd"),
        building_log_sd=value("source_figure", "building_log_sd"),
        against_source_log_sd=value("source_figure", "against_source_log_sd"),
        plan_log_sd=value("announced_plan", "campus_log_sd"),
        plan_first_power_months=lognormal("announced_plan", "first_power_months"),
        plan_fill_facility_mw_per_month=lognormal("announced_plan", "fill_facility_mw_per_month"),
        withdrawal_per_year={
            stage: value(f"stage_{stage}", "withdrawal_per_year") for stage in STAGES_BEFORE_OPERATION
        },
        overhead_share=lognormal("pue", "overhead_share"),
        tenancy_share={name: bounds(f"tenancy_{name}", "share") for name in CONFIDENCES},
    )
    shared = sum(parameters.delay_variance_shares.values())
    if shared > 1:
        raise ValueError(f"the delay_shock variance shares add up to {shared}, at most 1 is possible")
    return parameters
