"""The capacity engine's parameters, read from the assumption rows valid at `as_of`."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import pandas as pd

Z90 = 1.2815515655446004
"""Standard normal quantile at 0.9: assumption rows give p10 and p90 in `low` and `high`."""

CONFIDENCES = ("confident", "likely", "speculative")


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
class Parameters:
    """All parameters of one run; units are in the field names, shares are 0-1."""

    delay: Delay
    ramp_days_low: float
    ramp_days_high: float
    delay_global_variance_share: float
    delay_operator_variance_share: float
    delay_campus_variance_share: float
    first_window_days: float
    max_window_days: float
    method_log_sd: float
    campus_log_sd: float
    building_log_sd: float
    plan_log_sd: float
    plan_first_power_months: Lognormal
    plan_fill_facility_mw_per_month: Lognormal
    withdrawal_share: float
    overhead_share: Lognormal
    tenancy_share: dict[str, tuple[float, float]]


def fit_delay(median_days: float, p90_days: float, on_time_share: float) -> Delay:
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

    delay = row("projected_step", "delay_days")
    ramp_low, ramp_high = bounds("projected_step", "ramp_days")
    parameters = Parameters(
        delay=fit_delay(float(delay["value"]), float(delay["high"]), value("projected_step", "on_time_share")),
        ramp_days_low=ramp_low,
        ramp_days_high=ramp_high,
        delay_global_variance_share=value("delay_shock", "global_variance_share"),
        delay_operator_variance_share=value("delay_shock", "operator_variance_share"),
        delay_campus_variance_share=value("delay_shock", "campus_variance_share"),
        first_window_days=value("observed_step", "first_window_days"),
        max_window_days=value("observed_step", "max_window_days"),
        method_log_sd=value("source_figure", "method_log_sd"),
        campus_log_sd=value("source_figure", "campus_log_sd"),
        building_log_sd=value("source_figure", "building_log_sd"),
        plan_log_sd=value("announced_plan", "campus_log_sd"),
        plan_first_power_months=lognormal("announced_plan", "first_power_months"),
        plan_fill_facility_mw_per_month=lognormal("announced_plan", "fill_facility_mw_per_month"),
        withdrawal_share=value("not_started_campus", "withdrawal_share"),
        overhead_share=lognormal("pue", "overhead_share"),
        tenancy_share={name: bounds(f"tenancy_{name}", "share") for name in CONFIDENCES},
    )
    shared = (
        parameters.delay_global_variance_share
        + parameters.delay_operator_variance_share
        + parameters.delay_campus_variance_share
    )
    if shared > 1:
        raise ValueError(f"the delay_shock variance shares add up to {shared}, at most 1 is possible")
    return parameters
