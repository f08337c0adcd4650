"""What a purchase earns when its hours are rented out: monthly cash flows, their NPV, internal rate and pay-back.

Arrays are of shape (n_draws,) unless said otherwise and broadcast against each other; cash flows are (n_draws, months).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.tco.cost import HOURS_PER_MONTH, MONTHS_PER_YEAR

Array = NDArray[np.float64]

# Nominal annual rates the search looks between: below, hardly anything comes back; above, pay-back says more.
LOWEST_RATE, HIGHEST_RATE = -1.0, 10.0
BISECTIONS = 50


@dataclass(frozen=True)
class Decline:
    """Yearly fall of a rent in logs (0.2: by 18 percent a year; negative: it rises), normally distributed."""

    mean: float
    sd: float


def rent_path(
    rent_usd_per_hour: ArrayLike, log_decline_per_year: ArrayLike, months: int, contract_months: int = 0
) -> Array:
    """Rent of each month, shape (n_draws, months), USD per hour.

    In: today's rent [USD per hour], its yearly fall in logs, number of months, length of the contracts [months]. An
    exponential, since rents are cut by percentages and stay above zero: read in the middle of the month, or, under
    contracts, on the day each contract begins. Raises ValueError for contracts of negative length.
    """
    if contract_months < 0:
        raise ValueError("contract_months must not be negative; 0 stands for no contract.")
    month = np.arange(months)
    elapsed = month // contract_months * contract_months if contract_months else month + 0.5
    start = np.atleast_1d(np.asarray(rent_usd_per_hour, dtype=np.float64))[:, None]
    fall = np.atleast_1d(np.asarray(log_decline_per_year, dtype=np.float64))[:, None]
    return np.asarray(start * np.exp(-fall * elapsed / MONTHS_PER_YEAR))


def cash_flows(
    rent_usd_per_hour: Array,
    sold_hours_share: ArrayLike,
    operating_usd_per_hour: ArrayLike,
    life_years: ArrayLike,
    residual_usd: ArrayLike = 0.0,
) -> Array:
    """Money that comes back each month after the purchase, shape (n_draws, months), USD per chip.

    In: rent [USD per hour, shape (n_draws, months)], share of hours that is sold, running cost [USD per hour, sold or
    not], life [years, rounded to months], resale value received in the last month [USD]. A month whose rent does not
    pay for running is zero, not negative: the owner switches the machine off. So every flow is at least zero, which
    is also what makes the internal rate unique.
    Raises ValueError for a life below one month or beyond the rents, or a share outside 0 to 1.
    """
    n_draws, months = rent_usd_per_hour.shape
    shape = (n_draws, 1)
    sold, running, years, residual = (
        np.broadcast_to(np.atleast_1d(np.asarray(values, dtype=np.float64)), (n_draws,)).reshape(shape)
        for values in (sold_hours_share, operating_usd_per_hour, life_years, residual_usd)
    )
    if np.any((sold < 0) | (sold > 1)):
        raise ValueError("sold_hours_share must lie between 0 and 1: correct the assumption row.")
    last = np.rint(years * MONTHS_PER_YEAR)
    if np.any(last < 1) or np.any(last > months):
        raise ValueError(f"life_years must be one month to {months} months: rents are needed for the whole life.")
    month = np.arange(1, months + 1)
    earned = np.maximum(rent_usd_per_hour * sold - running, 0.0) * HOURS_PER_MONTH
    return np.where(month <= last, earned, 0.0) + np.where(month == last, residual, 0.0)


def net_present_value(capex_usd: ArrayLike, flows: Array, rate_per_year: ArrayLike) -> Array:
    """Flows discounted monthly at a nominal annual rate, less the purchase: USD per chip, shape (n_draws,)."""
    discount = np.broadcast_to(
        1.0 / (1.0 + np.asarray(rate_per_year, dtype=np.float64) / MONTHS_PER_YEAR), (flows.shape[0],)
    )
    value = np.zeros(flows.shape[0])
    for month in range(flows.shape[1] - 1, -1, -1):
        value = (value + flows[:, month]) * discount
    return np.asarray(value - np.asarray(capex_usd, dtype=np.float64))


def internal_rate(capex_usd: ArrayLike, flows: Array) -> Array:
    """Nominal annual rate (12 times the monthly one) at which the flows are worth the purchase, shape (n_draws,).

    In: purchase [USD, above zero], flows of `cash_flows`. Bisection: the present value falls with the rate because no
    flow is negative. Results are kept between LOWEST_RATE and HIGHEST_RATE; a project that returns nothing is at the
    lowest. Raises ValueError for a purchase that is not above zero or a negative flow.
    """
    capex = np.broadcast_to(np.asarray(capex_usd, dtype=np.float64), (flows.shape[0],))
    if np.any(capex <= 0):
        raise ValueError("capex_usd must be above zero: a machine that costs nothing has no rate of return.")
    if np.any(flows < 0):
        raise ValueError("flows must not be negative: with several changes of sign there are several rates.")
    low, high = np.full(flows.shape[0], LOWEST_RATE), np.full(flows.shape[0], HIGHEST_RATE)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        pays = net_present_value(capex, flows, middle) > 0
        low, high = np.where(pays, middle, low), np.where(pays, high, middle)
    return np.asarray((low + high) / 2)


def payback_months(capex_usd: ArrayLike, flows: Array) -> Array:
    """First month in which the flows add up to the purchase, not discounted, shape (n_draws,); infinite if none."""
    capex = np.broadcast_to(np.asarray(capex_usd, dtype=np.float64), (flows.shape[0],))
    repaid = np.cumsum(flows, axis=1) >= capex[:, None]
    return np.where(repaid.any(axis=1), repaid.argmax(axis=1) + 1.0, np.inf)


def fitted_slope(years: Array, prices: Array) -> float:
    """Yearly fall of one price series in logs: least squares of -log(price) on time [years], shape (n,) each.

    Raises ValueError for fewer than two days or a price that is not above zero.
    """
    if len(np.unique(years)) < 2:
        raise ValueError("a slope needs prices of two days.")
    if np.any(prices <= 0):
        raise ValueError("prices must be above zero to have a logarithm.")
    centred = years - years.mean()
    return float(-(centred @ np.log(prices)) / (centred @ centred))


def believed_decline(slopes: Array, prior: Decline, spread: float, future_sd: float) -> Decline:
    """What to expect of the coming years, from the slopes of the sellers seen and a prior (normal-normal update).

    In: one slope per seller [1/year, may be empty], the prior of the market's slope, standard deviation between sellers
    of one market, and that between the past and the coming years. Out: mean, and standard deviation for the future.
    Few sellers barely move the prior, many replace it. Raises ValueError for a spread that is not above zero.
    """
    if prior.sd <= 0 or spread <= 0 or future_sd < 0:
        raise ValueError("standard deviations must be above zero: correct the assumption rows.")
    weight_seen, weight_prior = len(slopes) / spread**2, 1.0 / prior.sd**2
    seen = float(slopes.mean()) if len(slopes) else 0.0
    mean = (weight_seen * seen + weight_prior * prior.mean) / (weight_seen + weight_prior)
    return Decline(mean, float(np.sqrt(1.0 / (weight_seen + weight_prior) + future_sd**2)))
