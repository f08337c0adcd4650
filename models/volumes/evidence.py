"""What was seen, and how well a draw explains it."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import lgamma

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.volumes.assumptions import Assumptions, Beliefs, Floats
from models.volumes.flows import N_MONTHS, month_index, shift

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
    return np.asarray(-0.5 * (residual / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi)))


def student_log_density(residual: Floats, scale: float, degrees: float) -> Floats:
    """Log density of a centred Student-t."""
    constant = lgamma((degrees + 1) / 2) - lgamma(degrees / 2) - 0.5 * np.log(degrees * np.pi) - np.log(scale)
    return np.asarray(constant - (degrees + 1) / 2 * np.log1p((residual / scale) ** 2 / degrees))


def _logs(units: Floats) -> Floats:
    """Logarithm in which no units at all is minus infinity, without a warning."""
    return np.log(units, out=np.full_like(units, -np.inf), where=units > 0)


def months_spoken_of(statements: pd.DataFrame) -> int:
    """Return how many months from 2023-01 the disclosures can speak of, including the doubt about their date."""
    ends = pd.to_datetime(statements.loc[statements["evidence_kind"] == "disclosure", "period_end"])
    return 0 if ends.empty else min(month_index(ends.max().date()) + 4, N_MONTHS)


def statements_log_likelihood(
    statements: pd.DataFrame, packages: Mapping[str, Floats], installed: Mapping[str, Floats], beliefs: Beliefs
) -> Floats:
    """Return the log-likelihood per draw of published unit counts.

    `statements` has columns evidence_kind (disclosure | analyst_total), generation (or 'all'), period_start,
    period_end, value_units, root_id; `packages` and `installed` are monthly flows of shape (draws, months) by
    generation. A disclosure counts chips installed since the start up to its date; whether it speaks of one generation
    or of all is a mixture. An analyst total counts packages made in its period, with a Student-t error in the log.
    Rows of one root share one weight: their log-likelihoods are averaged.
    """
    total = np.zeros(beliefs.n_draws)
    for _, root in statements.sort_values(["root_id", "estimate_id"]).groupby("root_id", sort=True):
        of_root = np.zeros(beliefs.n_draws)
        for row in root.to_dict("records"):
            if row["evidence_kind"] == "disclosure":
                of_root += _disclosure(row, installed, beliefs)
            else:
                of_root += _analyst_total(row, packages, beliefs)
        total += of_root / len(root)
    return total


def _disclosure(row: Mapping[Hashable, object], installed: Mapping[str, Floats], beliefs: Beliefs) -> Floats:
    day = pd.Timestamp(str(row["period_end"]))
    offset = beliefs.draw("disclosure", "date_offset_months")
    # Months completed by that day; a cumulative count is read between two month ends.
    position = month_index(day.date()) + day.day / day.days_in_month + offset
    sd = beliefs.value("disclosure", "log_sd")
    log_value = np.log(float(str(row["value_units"])))

    def explains(flows: Floats) -> Floats:
        cumulative = np.pad(np.cumsum(flows, axis=1), ((0, 0), (1, 0)))
        left = np.clip(position.astype(np.int64), 0, flows.shape[1] - 1)
        draws = np.arange(beliefs.n_draws)
        units = cumulative[draws, left] + (position - left) * flows[draws, left]
        return np.exp(normal_log_density(log_value - _logs(units), sd))

    everything: Floats = np.sum(list(installed.values()), axis=0)
    if row["generation"] == ALL_GENERATIONS:
        density = explains(everything)
    else:
        own = beliefs.value("disclosure", "this_generation_probability")
        density = own * explains(installed[str(row["generation"])]) + (1 - own) * explains(everything)
    return _logs(density)


def _analyst_total(row: Mapping[Hashable, object], packages: Mapping[str, Floats], beliefs: Beliefs) -> Floats:
    first = max(month_index(pd.Timestamp(str(row["period_start"])).date()), 0)
    last = min(month_index(pd.Timestamp(str(row["period_end"])).date()), N_MONTHS - 1)
    generation = str(row["generation"])
    flows: Floats = np.sum(list(packages.values()), axis=0) if generation == ALL_GENERATIONS else packages[generation]
    residual = np.log(float(str(row["value_units"]))) - _logs(flows[:, first : last + 1].sum(axis=1))
    return beliefs.value("analyst_total", "root_weight") * student_log_density(
        residual,
        beliefs.value("analyst_total", "log_scale"),
        beliefs.value("analyst_total", "degrees_of_freedom"),
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


def content_subjects(assumptions: Assumptions) -> list[tuple[str, str]]:
    """Return every (ticker, generation) with a content assumption: the subjects '<ticker>/<generation>', sorted."""
    return [(s.partition("/")[0], s.partition("/")[2]) for s in assumptions.subjects() if "/" in s]


def contents(beliefs: Beliefs) -> list[Content]:
    """Return the content of every supplier x generation in every draw."""
    found = []
    for ticker, generation in content_subjects(beliefs.assumptions):
        subject = f"{ticker}/{generation}"
        unit = "rack" if beliefs.assumptions.has(subject, "content_usd_per_rack") else "package"
        found.append(
            Content(
                ticker,
                generation,
                unit,
                beliefs.draw(subject, f"content_usd_per_{unit}"),
                beliefs.draw(subject, "volume_share"),
                beliefs.draw(subject, "billing_lag_months"),
            )
        )
    return found


@dataclass(frozen=True)
class RevenueSeries:
    """One supplier's monthly revenue, ready for its equation."""

    ticker: str
    base_twd_thousand: float
    years_from_base: Floats
    months: npt.NDArray[np.int64]
    log_revenue: Floats


def base_latent(ticker: str) -> str:
    """Return the name of the latent behind a supplier's base error."""
    return f"base/{ticker}"


def revenue_series(revenue: pd.DataFrame, assumptions: Assumptions) -> list[RevenueSeries]:
    """Prepare the suppliers that can be observed.

    `revenue` has columns ticker, revenue_month ('YYYY-MM'), revenue_twd_thousand. The base is the mean of the known
    months of the supplier's base window; those months are no observations. A supplier without a window, with too few
    base months or without any other month says nothing and is left out.
    """
    found = []
    for ticker, own in revenue.sort_values(["ticker", "revenue_month"]).groupby("ticker", sort=True):
        ticker = str(ticker)
        if not assumptions.has(ticker, "base_first_month"):
            continue
        months = np.array([month_index(pd.Timestamp(f"{m}-01").date()) for m in own["revenue_month"]], dtype=np.int64)
        observed = own["revenue_twd_thousand"].to_numpy(dtype=np.float64)
        first, last = (assumptions.value(ticker, f"base_{end}_month") for end in ("first", "last"))
        in_base = (months >= first) & (months <= last)
        usable = ~in_base & (months >= 0) & (months < N_MONTHS) & (observed > 0)
        if in_base.sum() < assumptions.value("supplier_revenue", "min_base_months") or not usable.any():
            continue
        found.append(
            RevenueSeries(
                ticker,
                float(observed[in_base].mean()),
                (months[usable] - (first + last) / 2) / 12,
                months[usable],
                np.log(observed[usable]),
            )
        )
    return found


def revenue_log_likelihood(
    series: Iterable[RevenueSeries],
    packages: Mapping[str, Floats],
    supplier_contents: Iterable[Content],
    beliefs: Beliefs,
) -> Floats:
    """Return the log-likelihood per draw of suppliers' monthly revenue.

    revenue(t) = base * growth^(years since the base) + rate * sum over generations of content * share * packages moved
    by the billing lag, with a log-normal monthly error. Contents per rack are no observation here.
    """
    total = np.zeros(beliefs.n_draws)
    weight = beliefs.value("supplier_revenue", "month_weight")
    sd = beliefs.value("supplier_revenue", "log_sd")
    base_sd = beliefs.value("supplier_revenue", "base_log_sd")
    twd_thousand_per_usd = beliefs.draw("fx", "twd_per_usd") / 1000
    by_package = [c for c in supplier_contents if c.content_unit == "package"]
    for one in series:
        base = one.base_twd_thousand * np.exp(base_sd * beliefs.score(base_latent(one.ticker)))
        growth = 1 + beliefs.draw(one.ticker, "base_growth_per_year")
        expected = base[:, None] * growth[:, None] ** one.years_from_base[None, :]
        for content in by_package:
            if content.ticker == one.ticker:
                per_unit = content.content_usd_per_unit * twd_thousand_per_usd
                expected += per_unit[:, None] * content.billed_units(packages[content.generation])[:, one.months]
        total += weight * normal_log_density(one.log_revenue[None, :] - np.log(expected), sd).sum(axis=1)
    return total
