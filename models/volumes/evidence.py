"""What was seen, and how well a draw explains it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import lgamma

import numpy as np
import pandas as pd

from models.volumes.assumptions import Assumptions, Floats, generator
from models.volumes.flows import N_MONTHS, by_quarter, month_index, shift

ALL_GENERATIONS = "all"


class LookAheadError(ValueError):
    """A row was passed that nobody could know at the build date."""


def check_known(frame: pd.DataFrame, name: str, as_of: date) -> None:
    """Raise LookAheadError when a row of `frame` has known_from later than `as_of` or none at all."""
    known_from = pd.to_datetime(frame["known_from"])
    late = frame[~(known_from < pd.Timestamp(as_of) + pd.Timedelta(days=1))]
    if not late.empty:
        raise LookAheadError(
            f"{len(late)} row(s) of {name} were not known on {as_of}; the first is {late.iloc[0].to_dict()}. "
            "Filter the frame in staging by known_from <= as_of."
        )


def normal_log_density(residual: Floats, sd: float) -> Floats:
    """Log density of a centred normal."""
    return -0.5 * (residual / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))


def student_log_density(residual: Floats, scale: float, degrees: float) -> Floats:
    """Log density of a centred Student-t."""
    constant = lgamma((degrees + 1) / 2) - lgamma(degrees / 2) - 0.5 * np.log(degrees * np.pi) - np.log(scale)
    return constant - (degrees + 1) / 2 * np.log1p((residual / scale) ** 2 / degrees)


def _logs(units: Floats) -> Floats:
    """Logarithm in which no units at all is minus infinity, without a warning."""
    return np.log(units, out=np.full_like(units, -np.inf), where=units > 0)


def statements_log_likelihood(
    statements: pd.DataFrame, packages: Mapping[str, Floats], installed: Mapping[str, Floats], assumptions: Assumptions
) -> Floats:
    """Return the log-likelihood per draw of published unit counts.

    `statements` has columns evidence_kind (disclosure | analyst_total), generation (or 'all'), period_start,
    period_end, value_units, root_id; `packages` and `installed` are monthly flows of shape (draws, months) by
    generation. A disclosure counts chips installed since the start up to its date; whether it speaks of one generation
    or of all is a mixture. An analyst total counts packages made in its period, with a Student-t error in the log.
    Rows of one root share one weight: their log-likelihoods are averaged.
    """
    n_draws = next(iter(packages.values())).shape[0]
    total = np.zeros(n_draws)
    for _, root in statements.sort_values(["root_id", "estimate_id"]).groupby("root_id", sort=True):
        of_root = np.zeros(n_draws)
        for row in root.to_dict("records"):
            if row["evidence_kind"] == "disclosure":
                of_root += _disclosure(row, installed, assumptions, n_draws)
            else:
                of_root += _analyst_total(row, packages, assumptions)
        total += of_root / len(root)
    return total


def _disclosure(
    row: Mapping[str, object], installed: Mapping[str, Floats], assumptions: Assumptions, n_draws: int
) -> Floats:
    day = pd.Timestamp(str(row["period_end"]))
    offset = assumptions.sample("disclosure", "date_offset_months", n_draws)
    # Months completed by that day; a cumulative count is read between two month ends.
    position = np.clip(month_index(day.date()) + day.day / day.days_in_month + offset, 0, N_MONTHS)
    sd = assumptions.value("disclosure", "log_sd")
    log_value = np.log(float(str(row["value_units"])))

    def explains(flows: Floats) -> Floats:
        cumulative = np.pad(np.cumsum(flows, axis=1), ((0, 0), (1, 0)))
        left = np.minimum(position.astype(np.int64), N_MONTHS - 1)
        draws = np.arange(n_draws)
        units = cumulative[draws, left] + (position - left) * flows[draws, left]
        return np.exp(normal_log_density(log_value - _logs(units), sd))

    everything: Floats = np.sum(list(installed.values()), axis=0)
    if row["generation"] == ALL_GENERATIONS:
        density = explains(everything)
    else:
        own = assumptions.value("disclosure", "this_generation_probability")
        density = own * explains(installed[str(row["generation"])]) + (1 - own) * explains(everything)
    return _logs(density)


def _analyst_total(row: Mapping[str, object], packages: Mapping[str, Floats], assumptions: Assumptions) -> Floats:
    first = max(month_index(pd.Timestamp(str(row["period_start"])).date()), 0)
    last = min(month_index(pd.Timestamp(str(row["period_end"])).date()), N_MONTHS - 1)
    generation = str(row["generation"])
    flows: Floats = np.sum(list(packages.values()), axis=0) if generation == ALL_GENERATIONS else packages[generation]
    residual = np.log(float(str(row["value_units"]))) - _logs(flows[:, first : last + 1].sum(axis=1))
    return assumptions.value("analyst_total", "root_weight") * student_log_density(
        residual,
        assumptions.value("analyst_total", "log_scale"),
        assumptions.value("analyst_total", "degrees_of_freedom"),
    )


@dataclass(frozen=True)
class Content:
    """What a supplier earns on one generation, per draw: revenue = content * volume share * flow moved by the lag."""

    ticker: str
    generation: str
    content_unit: str  # package | rack
    content_usd_per_unit: Floats
    volume_share: Floats
    billing_lag_months: Floats

    def billed_units(self, flows: Floats) -> Floats:
        """Units billed per month for flows of shape (draws, months)."""
        return self.volume_share[:, None] * shift(flows, self.billing_lag_months)


def contents(assumptions: Assumptions, n_draws: int) -> list[Content]:
    """Return every supplier x generation with a content assumption (subjects '<ticker>/<generation>'), sorted."""
    found = []
    for subject in assumptions.subjects():
        ticker, _, generation = subject.partition("/")
        if not generation:
            continue
        unit = "rack" if assumptions.has(subject, "content_usd_per_rack") else "package"
        found.append(
            Content(
                ticker,
                generation,
                unit,
                assumptions.sample(subject, f"content_usd_per_{unit}", n_draws),
                assumptions.sample(subject, "volume_share", n_draws),
                assumptions.sample(subject, "billing_lag_months", n_draws),
            )
        )
    return found


def revenue_log_likelihood(
    revenue: pd.DataFrame,
    packages: Mapping[str, Floats],
    supplier_contents: Iterable[Content],
    assumptions: Assumptions,
    seed: int,
) -> Floats:
    """Return the log-likelihood per draw of suppliers' monthly revenue.

    `revenue` has columns ticker, revenue_month ('YYYY-MM'), revenue_twd_thousand. For every ticker with a base window:
    revenue(t) = base * growth^(years since the window) + rate * sum over generations of content * share * packages
    moved by the billing lag, with a log-normal monthly error. The base is the mean of the months in the window that
    are known; those months are no observations. A ticker with too few of them says nothing.
    """
    n_draws = next(iter(packages.values())).shape[0]
    total = np.zeros(n_draws)
    by_ticker: dict[str, list[Content]] = {}
    for content in supplier_contents:
        if content.content_unit == "package" and assumptions.has(content.ticker, "base_first_month"):
            by_ticker.setdefault(content.ticker, []).append(content)
    weight = assumptions.value("supplier_revenue", "month_weight")
    sd = assumptions.value("supplier_revenue", "log_sd")
    twd_thousand_per_usd = assumptions.sample("fx", "twd_per_usd", n_draws) / 1000
    for ticker, own_contents in sorted(by_ticker.items()):
        own = revenue[revenue["ticker"] == ticker].sort_values("revenue_month")
        months = np.array([month_index(pd.Timestamp(f"{m}-01").date()) for m in own["revenue_month"]], dtype=np.int64)
        observed = own["revenue_twd_thousand"].to_numpy(dtype=np.float64)
        window = (
            assumptions.value(ticker, "base_first_month"),
            assumptions.value(ticker, "base_last_month"),
        )
        in_window = (months >= window[0]) & (months <= window[1])
        if in_window.sum() < assumptions.value("supplier_revenue", "min_base_months"):
            continue
        usable = ~in_window & (months >= 0) & (months < N_MONTHS) & (observed > 0)
        months_seen, log_observed = months[usable], np.log(observed[usable])
        base_error = generator(seed, "base", ticker).standard_normal(n_draws)
        log_base = (
            np.log(observed[in_window].mean())
            + assumptions.value("supplier_revenue", "base_log_sd") * base_error
        )
        years = (months_seen - sum(window) / 2) / 12
        growth = np.log1p(assumptions.sample(ticker, "base_growth_per_year", n_draws))
        expected = np.exp(log_base[:, None] + growth[:, None] * years[None, :])
        for content in own_contents:
            per_unit = content.content_usd_per_unit * twd_thousand_per_usd
            expected += per_unit[:, None] * content.billed_units(packages[content.generation])[:, months_seen]
        total += weight * normal_log_density(log_observed[None, :] - np.log(expected), sd).sum(axis=1)
    return total


def quarterly_revenue_usd_m(content: Content, flows: Floats) -> Floats:
    """Implied revenue of a supplier on one generation, in million USD, shape (draws, quarters)."""
    return by_quarter(content.billed_units(flows)) * content.content_usd_per_unit[:, None] / 1e6
