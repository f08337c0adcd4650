"""Suppliers: what they earn on a generation, and how well a draw explains their revenue once Nvidia is taken out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.volumes.assumptions import Assumptions, Beliefs, Floats
from models.volumes.evidence import normal_log_density
from models.volumes.flows import N_MONTHS, month_index, shift

# A rack in a content per rack holds this many chips; a 72-chip rack is billed as 2.25 of them.
CHIPS_PER_CONTENT_RACK = 32

# Months of a span that count as one observation at most: errors of neighbouring months move together.
_MONTHS_PER_VOTE = 3


@dataclass(frozen=True)
class Content:
    """What a supplier earns on one generation, per draw: revenue = content * volume share * flow moved by the lag."""

    ticker: str
    generation: str
    content_unit: str  # package | rack
    content_usd_per_unit: Floats
    volume_share: Floats  # (draws, months)
    billing_lag_months: Floats

    def billed_units(self, flows: Floats) -> Floats:
        """Units billed per month for flows of shape (draws, months)."""
        return self.volume_share[:, : flows.shape[1]] * shift(flows, self.billing_lag_months)


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
                _volume_share(beliefs, subject),
                beliefs.draw(subject, "billing_lag_months"),
            )
        )
    return found


def _volume_share(beliefs: Beliefs, subject: str) -> Floats:
    """Share of the units per draw and month; where a later share is assumed, a straight line leads to it in a year."""
    first = beliefs.draw(subject, "volume_share")
    if not beliefs.assumptions.has(subject, "volume_share_later"):
        return np.broadcast_to(first, (N_MONTHS, beliefs.n_draws)).T
    changed = (np.arange(N_MONTHS) - beliefs.value(subject, "volume_share_change_month")) / 12
    later = beliefs.draw(subject, "volume_share_later")
    return np.asarray(first + (later - first) * np.clip(changed, 0, 1)[:, None]).T


def control_index(controls: pd.DataFrame) -> Floats:
    """Return the log of a demand index per month (72,) that stands for Nvidia's build-out; zeros without controls.

    `controls` has columns series, revenue_month ('YYYY-MM'), value (any unit). Series are laid over the longest one by
    their mean difference in common months and averaged; a series that shares no month with it cannot be placed and
    says nothing. Gaps are joined by straight lines, ends held.
    """
    table = np.full((controls["series"].nunique(), N_MONTHS), np.nan)
    n_months = controls["series"].value_counts()
    for row, series in enumerate(sorted(n_months.index, key=lambda name: (-n_months[name], name))):
        own = controls[controls["series"] == series].sort_values("revenue_month")
        for month, value in zip(own["revenue_month"], own["value"], strict=True):
            at = month_index(pd.Timestamp(f"{month}-01").date())
            if 0 <= at < N_MONTHS and value > 0:
                table[row, at] = np.log(value)
    if not np.isfinite(table).any():
        return np.zeros(N_MONTHS)
    for row in range(1, len(table)):
        both = np.isfinite(table[0]) & np.isfinite(table[row])
        table[row] += (table[0, both] - table[row, both]).mean() if both.any() else np.nan
    known = np.isfinite(table)
    months = np.flatnonzero(known.any(axis=0))
    level = np.where(known, table, 0.0).sum(axis=0)[months] / known.sum(axis=0)[months]
    return np.asarray(np.interp(np.arange(N_MONTHS), months, level))


@dataclass(frozen=True)
class RevenueSeries:
    """One supplier's revenue, ready for its equation: sums over spans of months, mostly single months."""

    ticker: str
    base_per_month: float  # mean of the base window, in the reporting currency
    is_usd: bool
    years_from_base: Floats  # (months,)
    control_from_base: Floats  # (months,)
    spans: Floats  # (months, observations), 1 where the month belongs to the observation
    log_revenue: Floats
    weight: Floats


def base_latent(ticker: str) -> str:
    """Return the name of the latent behind a supplier's base error."""
    return f"base/{ticker}"


def _observations(revenue: pd.DataFrame, spans: pd.DataFrame | None) -> pd.DataFrame:
    """Monthly revenue and revenue of longer spans in one frame: ticker, months, value, is_usd."""
    monthly = pd.DataFrame(
        {
            "ticker": revenue["ticker"].astype(str),
            "months": revenue["revenue_month"].astype(str),
            "value": revenue["revenue_twd_thousand"].astype(float),
            "is_usd": False,
        }
    )
    if spans is None or spans.empty:
        return monthly.sort_values(["ticker", "months"], ignore_index=True)
    in_usd = spans["revenue_usd_m"].astype(float)
    longer = pd.DataFrame(
        {
            "ticker": spans["ticker"].astype(str),
            "months": spans["months"].astype(str),
            "value": in_usd.fillna(spans["revenue_twd_thousand"].astype(float)),
            "is_usd": in_usd.notna(),
        }
    )
    return pd.concat([monthly, longer]).sort_values(["ticker", "months"], ignore_index=True)


def revenue_series(
    revenue: pd.DataFrame,
    assumptions: Assumptions,
    spans: pd.DataFrame | None = None,
    controls: pd.DataFrame | None = None,
) -> list[RevenueSeries]:
    """Prepare the suppliers that can be observed.

    `revenue`: ticker, revenue_month ('YYYY-MM'), revenue_twd_thousand. `spans`: sums over several months: ticker,
    months ('2026-01;2026-02'), revenue_twd_thousand or revenue_usd_m (the other one missing). `controls`: see
    control_index; without them nothing is taken out.

    The mean of the supplier's base window places its base; the window's months are observations like all others, so
    they bind the base once. A supplier without a window, with too few known months in it or without any other month
    says nothing and is left out.
    """
    control = np.zeros(N_MONTHS) if controls is None or controls.empty else control_index(controls)
    observations = _observations(revenue, spans)
    found = []
    for ticker, own in observations.groupby("ticker", sort=True):
        ticker = str(ticker)
        if not assumptions.has(ticker, "base_first_month"):
            continue
        first, last = (int(assumptions.value(ticker, f"base_{end}_month")) for end in ("first", "last"))
        value = own["value"].to_numpy(dtype=np.float64)
        usable = value > 0
        belongs = np.zeros((N_MONTHS, len(own)))
        for column, months in enumerate(own["months"]):
            at = [month_index(pd.Timestamp(f"{month}-01").date()) for month in months.split(";")]
            usable[column] &= min(at) >= 0 and max(at) < N_MONTHS
            if usable[column]:
                belongs[at, column] = 1.0
        outside = np.ones(N_MONTHS)
        outside[first : last + 1] = 0.0
        in_base = usable & (outside @ belongs == 0)
        n_base_months = float(belongs[:, in_base].sum())
        too_few = n_base_months < assumptions.value("supplier_revenue", "min_base_months")
        if too_few or not (usable & ~in_base).any():
            continue
        votes = np.minimum(belongs[:, usable].sum(axis=0), _MONTHS_PER_VOTE)
        found.append(
            RevenueSeries(
                ticker,
                float(value[in_base].sum()) / n_base_months,
                bool(own["is_usd"].iloc[0]),
                (np.arange(N_MONTHS) - (first + last) / 2) / 12,
                control - control[first : last + 1].mean(),
                belongs[:, usable],
                np.log(value[usable]),
                assumptions.value("supplier_revenue", "month_weight") * votes,
            )
        )
    return found


def months_observed(series: Iterable[RevenueSeries]) -> int:
    """Return how many months from 2023-01 revenue speaks of, including what suppliers may bill ahead."""
    return max((min(int(np.flatnonzero(s.spans.any(axis=1)).max()) + 5, N_MONTHS) for s in series), default=0)


def expected_revenue(
    one: RevenueSeries,
    packages: Mapping[str, Floats],
    racked: Mapping[str, Floats],
    supplier_contents: Iterable[Content],
    beliefs: Beliefs,
    months: slice = slice(None),
) -> Floats:
    """Return a supplier's expected revenue per draw and month, in thousand TWD or million USD as it reports.

    revenue(t) = base * growth^(years since the base) * (control(t) / control(base))^elasticity
                 + rate * sum over generations of content * share * flow moved by the billing lag.

    `packages` and `racked` are chips per month of shape (draws, months); a content per rack reads racked chips. The
    control is Nvidia's build-out, on which these suppliers ride too: what it explains is not Trainium. `months` picks
    the months to return.
    """
    n_months = next(iter(packages.values())).shape[1]
    of_month = np.stack([np.ones(N_MONTHS), one.years_from_base, one.control_from_base], axis=1)[:n_months][months]
    score = beliefs.score(base_latent(one.ticker))
    base = np.log(one.base_per_month) + beliefs.value("supplier_revenue", "base_log_sd") * score
    growth = np.log1p(beliefs.draw(one.ticker, "base_growth_per_year"))
    elasticity = beliefs.draw(one.ticker, "nvidia_elasticity")
    expected = np.exp(of_month @ np.stack([base, growth, elasticity])).T
    per_usd = 1e-6 if one.is_usd else beliefs.draw("fx", "twd_per_usd") / 1000
    for content in supplier_contents:
        if content.ticker == one.ticker:
            if content.content_unit == "package":
                flows = packages[content.generation]
            else:
                flows = racked[content.generation] / CHIPS_PER_CONTENT_RACK
            expected += (content.content_usd_per_unit * per_usd)[:, None] * content.billed_units(flows)[:, months]
    return np.asarray(expected)


def revenue_log_sd(assumptions: Assumptions, ticker: str) -> float:
    """Return the error of a supplier's equation: its own where one is assumed, else that of all."""
    return assumptions.value(ticker if assumptions.has(ticker, "log_sd") else "supplier_revenue", "log_sd")


def revenue_log_likelihood(
    series: Iterable[RevenueSeries],
    packages: Mapping[str, Floats],
    racked: Mapping[str, Floats],
    supplier_contents: Iterable[Content],
    beliefs: Beliefs,
) -> Floats:
    """Return the log-likelihood per draw of suppliers' revenue.

    An observation is expected_revenue summed over its months, with a log-normal error.
    """
    total = np.zeros(beliefs.n_draws)
    supplier_contents = list(supplier_contents)
    for one in series:
        seen = np.flatnonzero(one.spans.any(axis=1))
        months = slice(int(seen[0]), int(seen[-1]) + 1)
        monthly = expected_revenue(one, packages, racked, supplier_contents, beliefs, months)
        residual = one.log_revenue[None, :] - np.log(monthly @ one.spans[months])
        total += normal_log_density(residual, revenue_log_sd(beliefs.assumptions, one.ticker)) @ one.weight
    return total
