"""Cost arithmetic per chip. Every function takes scalars or numpy arrays that broadcast against each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

HOURS_PER_MONTH = 730.0
MONTHS_PER_YEAR = 12.0

Array = NDArray[np.float64]


def _array(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64)


def capital_usd_per_hour(
    capex_usd: ArrayLike, wacc_ratio: ArrayLike, life_years: ArrayLike, residual_share: ArrayLike = 0.0
) -> Array:
    """Level hourly payment that repays a purchase at the cost of capital.

    In: capex_usd [USD], wacc_ratio [1/year, 0.06 is 6%], life_years [years], residual_share [share of capex recovered
    at the end]. Out: USD per hour, over 730 hours a month and whether or not the chip is busy.
    Monthly annuity less the discounted residual; at a WACC of zero it is straight-line.
    Raises ValueError for a life that is not positive or a negative WACC.
    """
    capex, wacc, life, residual = map(_array, (capex_usd, wacc_ratio, life_years, residual_share))
    if np.any(life <= 0):
        raise ValueError("life_years must be above zero: correct the assumption row.")
    if np.any(wacc < 0):
        raise ValueError("wacc_ratio must not be negative: correct the assumption row.")
    months = MONTHS_PER_YEAR * life
    rate = wacc / MONTHS_PER_YEAR
    with np.errstate(divide="ignore", invalid="ignore"):
        discount = (1.0 + rate) ** -months
        payment = np.where(
            discount == 1.0,  # a rate too small to tell from none
            (1.0 - residual) / months,
            (1.0 - residual * discount) * rate / (1.0 - discount),
        )
    return capex * payment / HOURS_PER_MONTH


def straight_line_usd_per_hour(capex_usd: ArrayLike, life_years: ArrayLike, residual_share: ArrayLike = 0.0) -> Array:
    """Accounting depreciation [USD per hour]: the purchase less its residual over its life, no cost of money.

    The annuity at a WACC of zero; a scenario, since it leaves out what the money costs. Raises ValueError as above.
    """
    return capital_usd_per_hour(capex_usd, 0.0, life_years, residual_share)


def self_built_usd_per_kw_month(
    shell_usd_per_mw: ArrayLike, wacc_ratio: ArrayLike, life_years: ArrayLike, operations_usd_per_kw_month: ArrayLike
) -> tuple[Array, Array]:
    """Monthly cost of one critical IT kW in a data centre of one's own: (annuity of the shell, its operations).

    In: shell and core with cooling [USD per MW of critical IT], WACC [1/year], life of the building [years], staff and
    upkeep without energy [USD/kW-month]. Out: USD/kW-month each. It replaces colocation rent, never adds to it.
    """
    annuity = capital_usd_per_hour(_array(shell_usd_per_mw) / 1000.0, wacc_ratio, life_years) * HOURS_PER_MONTH
    return annuity, _array(operations_usd_per_kw_month)


def operating_usd_per_hour(power_kw: ArrayLike, opex_usd_per_kw_month: ArrayLike) -> Array:
    """USD per hour of a chip from its all-in IT power [kW] and the monthly cost of one IT kW [USD/kW-month]."""
    return _array(power_kw) * _array(opex_usd_per_kw_month) / HOURS_PER_MONTH


def electricity_usd_per_kw_month(
    electricity_usd_per_kwh: ArrayLike, power_utilisation_ratio: ArrayLike, pue_ratio: ArrayLike
) -> Array:
    """Monthly electricity of one critical IT kW [USD/kW-month]: price x share of nameplate drawn x PUE x 730 hours.

    Raises ValueError for a PUE below 1.
    """
    pue = _array(pue_ratio)
    if np.any(pue < 1):
        raise ValueError("pue_ratio below 1 is impossible: facility power includes IT power.")
    return _array(electricity_usd_per_kwh) * _array(power_utilisation_ratio) * pue * HOURS_PER_MONTH


def opex_usd_per_kw_month(
    electricity_usd_per_kwh: ArrayLike,
    power_utilisation_ratio: ArrayLike,
    pue_ratio: ArrayLike,
    colo_usd_per_kw_month: ArrayLike,
    other_usd_per_kw_month: ArrayLike,
) -> Array:
    """Monthly cost of one critical IT kW: metered electricity grossed up by PUE, plus colocation rent, plus the rest.

    In: electricity [USD/kWh], share of nameplate power drawn [0-1], PUE [facility kW per IT kW, at least 1], rent and
    other (remote hands, internet, maintenance) [USD/kW-month]. Out: USD/kW-month. Raises ValueError for a PUE below 1.
    """
    electricity = electricity_usd_per_kw_month(electricity_usd_per_kwh, power_utilisation_ratio, pue_ratio)
    return electricity + _array(colo_usd_per_kw_month) + _array(other_usd_per_kw_month)


def capex_from_tco(
    tco_usd_per_hour: ArrayLike,
    operating_usd_per_hour_: ArrayLike,
    wacc_ratio: ArrayLike,
    life_years: ArrayLike,
    residual_share: ArrayLike = 0.0,
) -> Array:
    """All-in capex per chip [USD] implied by a published TCO: the inverse of the annuity.

    Raises ValueError where the published TCO does not exceed the operating cost: such a figure implies no price.
    """
    capital = _array(tco_usd_per_hour) - _array(operating_usd_per_hour_)
    if np.any(capital <= 0):
        raise ValueError("a published TCO at or below its operating cost implies no capex: exclude that figure.")
    return capital / capital_usd_per_hour(1.0, wacc_ratio, life_years, residual_share)


def usd_per_pflop_hour(tco_usd_per_hour: ArrayLike, dense_tflops: ArrayLike, mfu_share: ArrayLike = 1.0) -> Array:
    """Hourly cost of one PFLOP/s: dense peak at mfu_share = 1 (marketed), sustained compute below (effective)."""
    return _array(tco_usd_per_hour) * 1000.0 / (_array(dense_tflops) * _array(mfu_share))


def usd_per_million_tokens(tco_usd_per_hour: ArrayLike, tokens_per_s_chip: ArrayLike) -> Array:
    """Cost of a million tokens at a throughput per chip [tokens/s]; which tokens are meant is the caller's to say."""
    return _array(tco_usd_per_hour) * 1e6 / (3600.0 * _array(tokens_per_s_chip))


def break_even_mfu(
    tco_usd_per_hour: ArrayLike, dense_tflops: ArrayLike, rival_usd_per_effective_pflop_hour: ArrayLike
) -> Array:
    """MFU at which a chip's cost per effective PFLOP equals its rival's."""
    return usd_per_pflop_hour(tco_usd_per_hour, dense_tflops) / _array(rival_usd_per_effective_pflop_hour)


def break_even_utilisation(
    tco_usd_per_hour: ArrayLike, units_per_chip: ArrayLike, rival_usd_per_useful_unit_hour: ArrayLike
) -> Array:
    """Share of hours a chip must be busy for its cost per useful unit to equal its rival's.

    In: cost of an hour [USD], units one chip delivers while busy (PFLOP/s, TB/s, ...), the rival's USD per unit and
    busy hour. Out: share of hours; above 1 means that no utilisation is enough.
    """
    return _array(tco_usd_per_hour) / (_array(units_per_chip) * _array(rival_usd_per_useful_unit_hour))


def break_even_capex(
    rival_usd_per_unit_hour: ArrayLike,
    units_per_chip: ArrayLike,
    operating_usd_per_hour_: ArrayLike,
    wacc_ratio: ArrayLike,
    life_years: ArrayLike,
    residual_share: ArrayLike = 0.0,
) -> Array:
    """All-in capex per chip [USD] at which a chip's cost per unit equals its rival's.

    In: the rival's USD per unit and hour, units one chip delivers (1 for the chip-hour itself), this chip's operating
    cost [USD per hour] and finance terms. Out: USD per chip; NaN where running the chip costs as much as the rival.
    """
    capital = _array(rival_usd_per_unit_hour) * _array(units_per_chip) - _array(operating_usd_per_hour_)
    return np.where(capital > 0, capital, np.nan) / capital_usd_per_hour(1.0, wacc_ratio, life_years, residual_share)
