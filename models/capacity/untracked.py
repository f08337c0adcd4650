"""What a lab uses beyond the listed campuses: published totals less what is tracked (methods: capacity 3e).

The listed campuses are a lower bound. Where a lab's total, or its part on one cloud, has been published, the difference
is a residual of its own, per draw and never negative. It is no part of any campus.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.capacity.days import to_days
from models.capacity.parameters import Z90, Lognormal
from models.capacity.quarters import MEASURES
from models.capacity.randomness import Floats, normals, uniforms
from models.capacity.simulate import lognormal
from models.capacity.tenancy import LabCloud

DAYS_PER_YEAR = 365.25

UNKNOWN_CLOUD = "unknown"
"""Where the part of a residual goes that no deal places on a cloud."""

POWER_BASES = ("it", "facility", "compute_power")

LabClouds = dict[tuple[str, str], LabCloud]


@dataclass(frozen=True)
class UntrackedParameters:
    """Shares are 0-1; log changes are per year."""

    stated_log_sd: float
    it_basis_share: float
    overhead_share: Lognormal
    log_change_per_year: float
    log_change_per_year_sd: float
    cloud_share: dict[tuple[str, str], tuple[float, float]]


def read_untracked_parameters(assumptions: pd.DataFrame) -> UntrackedParameters:
    """Read the rows of the residual from the assumptions frame; `low` and `high` are p10 and p90, of shares the bounds.

    Shares by cloud have subject 'untracked' and parameter '<lab>|<cloud>'.
    Raises KeyError naming a missing or doubled row.
    """
    rows = assumptions[assumptions["engine"] == "capacity"].set_index(["subject", "parameter"])

    def row(subject: str, parameter: str) -> pd.Series:
        found = rows.loc[[key == (subject, parameter) for key in rows.index]]
        if len(found) != 1:
            raise KeyError(f"{len(found)} assumption rows for capacity/{subject}/{parameter}, need exactly one")
        return found.iloc[0]

    overhead = row("pue", "overhead_share")
    change = row("published_total", "log_change_per_year")
    shares = assumptions[(assumptions["engine"] == "capacity") & (assumptions["subject"] == "untracked")]
    return UntrackedParameters(
        stated_log_sd=float(row("published_total", "stated_log_sd")["value"]),
        it_basis_share=float(row("published_total", "it_basis_share")["value"]),
        overhead_share=Lognormal(
            float(overhead["value"]), math.log(float(overhead["high"]) / float(overhead["low"])) / (2 * Z90)
        ),
        log_change_per_year=float(change["value"]),
        log_change_per_year_sd=(float(change["high"]) - float(change["low"])) / (2 * Z90),
        cloud_share={
            (lab, cloud_provider): (float(low), float(high))
            for (lab, cloud_provider), low, high in zip(
                (str(name).split("|", 1) for name in shares["parameter"]), shares["low"], shares["high"], strict=True
            )
        },
    )


def published_it_mw(totals: pd.DataFrame, lab: str, parameters: UntrackedParameters, seed: int, n_draws: int) -> Floats:
    """IT MW of one lab's published figures, shape (figures, draws).

    A figure has a lognormal error of its own. Facility power is divided by a drawn PUE; of "compute power" nobody knows
    which of the two it is: IT with `it_basis_share`, else facility, the same in all figures of the lab in one draw.
    Raises ValueError on an unknown power_basis.
    """
    pue = 1 + lognormal(parameters.overhead_share, normals(seed, "published_pue", lab, n_draws))
    means_it = uniforms(seed, "published_basis", lab, n_draws) < parameters.it_basis_share
    divisor = {"it": np.ones(n_draws), "facility": pue, "compute_power": np.where(means_it, 1.0, pue)}
    figures = np.empty((len(totals), n_draws))
    stated = totals["capacity_log_sd"].fillna(parameters.stated_log_sd)
    rows = zip(totals["total_id"].astype(str), totals["power_basis"], totals["capacity_mw"], stated, strict=True)
    for i, (total_id, power_basis, capacity_mw, log_sd) in enumerate(rows):
        if power_basis not in POWER_BASES:
            raise ValueError(f"published total {total_id}: power_basis {power_basis!r} is none of {POWER_BASES}")
        error = np.exp(float(log_sd) * normals(seed, "published_total", total_id, n_draws))
        figures[i] = float(capacity_mw) * error / divisor[power_basis]
    return figures


def residual(
    figures: Floats, figure_days: Floats, tracked: Floats, quarter_ends: Floats, log_change_per_year: Floats
) -> Floats:
    """IT MW beyond `tracked`, shape (quarters, draws): NaN before the first figure, never below zero.

    figures: (figures, draws) at `figure_days`, increasing. Between two figures the total grows at a constant rate;
    after the last one nobody has said anything: the last residual goes on by exp(`log_change_per_year` x years).
    """
    first, last = figure_days[0], figure_days[-1]
    result = np.full(tracked.shape, np.nan)
    until_then = np.flatnonzero(quarter_ends <= last)
    for q in until_then[quarter_ends[until_then] >= first]:
        right = int(np.searchsorted(figure_days, quarter_ends[q]))
        left = max(right - 1, 0)
        span = figure_days[right] - figure_days[left]
        part = (quarter_ends[q] - figure_days[left]) / span if span else 0.0
        total = figures[left] ** (1 - part) * figures[right] ** part
        result[q] = np.maximum(total - tracked[q], 0.0)
    if len(until_then):
        left_over = np.maximum(figures[-1] - tracked[until_then[-1]], 0.0)
        for q in np.flatnonzero(quarter_ends > last):
            result[q] = left_over * np.exp(log_change_per_year * (quarter_ends[q] - last) / DAYS_PER_YEAR)
    return result


def add_untracked(
    labs: LabClouds,
    totals: pd.DataFrame | None,
    assumptions: pd.DataFrame,
    quarter_ends: Floats,
    seed: int,
    n_draws: int,
) -> LabClouds:
    """Give the labs of `allocate` their untracked part, in place, and return them.

    totals (int_capacity__published_totals): one row per lab, cloud_provider ('all' for the lab's whole) and date with
    total_id, observed_date, capacity_mw, capacity_log_sd (NaN: not stated), power_basis. A part published for one cloud
    is the residual of that cloud. What the lab's whole still leaves goes to the clouds that its deals name, by the
    shares of the assumptions, the rest to cloud 'unknown'. So in every draw in which the whole is known, tracked +
    untracked is the published whole, or what is tracked where that is more.
    """
    if totals is None or totals.empty:
        return labs
    parameters = read_untracked_parameters(assumptions)
    shape = (len(quarter_ends), n_draws)

    def cell(lab: str, cloud_provider: str) -> LabCloud:
        none = {measure: np.zeros(shape) for measure in MEASURES}
        return labs.setdefault((lab, cloud_provider), LabCloud(none, np.zeros(len(quarter_ends))))

    def beyond(lab: str, rows: pd.DataFrame, tracked: Floats) -> Floats:
        rows = rows.sort_values("observed_date")
        change = parameters.log_change_per_year + parameters.log_change_per_year_sd * normals(
            seed, "untracked_change", lab, n_draws
        )
        figures = published_it_mw(rows, lab, parameters, seed, n_draws)
        return residual(figures, to_days(rows["observed_date"]), tracked, quarter_ends, change)

    for lab, of_lab in totals.groupby("lab"):
        lab = str(lab)
        tracked = sum((c.mw["it"] for (name, _), c in sorted(labs.items()) if name == lab), np.zeros(shape))
        placed = np.zeros(shape)
        for cloud_provider, rows in of_lab[of_lab["cloud_provider"] != "all"].groupby("cloud_provider"):
            there = cell(lab, str(cloud_provider))
            there.untracked_it_mw = beyond(lab, rows, there.mw["it"])
            placed += np.nan_to_num(there.untracked_it_mw)
        whole = of_lab[of_lab["cloud_provider"] == "all"]
        if whole.empty:
            continue
        rest = np.maximum(beyond(lab, whole, tracked) - placed, 0.0)
        for cloud_provider, share in cloud_shares(lab, parameters, seed, n_draws).items():
            there = cell(lab, cloud_provider)
            part = rest * share
            known = there.untracked_it_mw
            there.untracked_it_mw = part if known is None else np.where(np.isnan(known), part, known + part)
    return labs


def cloud_shares(lab: str, parameters: UntrackedParameters, seed: int, n_draws: int) -> Mapping[str, Floats]:
    """Per cloud the share of a lab's unplaced residual, each of shape (draws,); cloud 'unknown' has what is left."""
    shares = {
        cloud_provider: low + (high - low) * uniforms(seed, "untracked_cloud", f"{name}|{cloud_provider}", n_draws)
        for (name, cloud_provider), (low, high) in sorted(parameters.cloud_share.items())
        if name == lab
    }
    claimed = sum(shares.values(), np.zeros(n_draws))
    result = {cloud_provider: share / np.maximum(claimed, 1.0) for cloud_provider, share in shares.items()}
    return result | {UNKNOWN_CLOUD: np.clip(1 - claimed, 0.0, 1.0)}
