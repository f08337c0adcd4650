"""Cost arithmetic: published examples by hand, and what must hold for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tco import cost

wacc = st.floats(0.01, 0.20)
life = st.floats(2, 12)
capex = st.floats(1_000, 200_000)


@pytest.mark.parametrize(
    ("capex_usd", "wacc_ratio", "years", "power_kw", "usd_per_kw_month", "capital", "operating", "total"),
    [
        # H100 at 250,000 USD per 8-GPU server and GB200 at 3.9M USD per 72-GPU rack, as published in 2025 and in 2026.
        (31_250, 0.06, 4, 1.37, 181, 1.01, 0.34, 1.35),
        (3.9e6 / 72, 0.06, 4, 1.87, 191, 1.74, 0.49, 2.23),
        (3.9e6 / 72, 0.09, 6, 1.87, 191, 1.34, 0.49, 1.83),
        # Trainium2 at the middle of its bracket: not a published figure, the method's own example.
        (14_500, 0.06, 4, 0.84, 185, 0.47, 0.21, 0.68),
    ],
)
def test_worked_examples(
    capex_usd: float,
    wacc_ratio: float,
    years: float,
    power_kw: float,
    usd_per_kw_month: float,
    capital: float,
    operating: float,
    total: float,
) -> None:
    ours = cost.capital_usd_per_hour(capex_usd, wacc_ratio, years)
    opex = cost.operating_usd_per_hour(power_kw, usd_per_kw_month)
    assert ours == pytest.approx(capital, abs=0.006)
    assert opex == pytest.approx(operating, abs=0.006)
    assert ours + opex == pytest.approx(total, abs=0.006)


def test_external_tpu_v7_against_gb300_per_effective_pflop() -> None:
    tpu = cost.usd_per_pflop_hour(1.60, 2307, 0.40)
    gb300 = cost.usd_per_pflop_hour(2.73, 2500, 0.30)
    assert (tpu, gb300) == (pytest.approx(1.734, abs=0.001), pytest.approx(3.640, abs=0.001))
    assert tpu / gb300 - 1 == pytest.approx(-0.52, abs=0.005)
    assert cost.break_even_mfu(1.60, 2307, gb300) == pytest.approx(0.19, abs=0.005)


def test_published_cost_per_million_tokens() -> None:
    # An InferenceX row: 1,291.8 tokens/s per B200 costs 0.42 USD at 1.95 USD an hour.
    assert cost.usd_per_million_tokens(1.95, 1291.8) == pytest.approx(0.42, abs=0.005)


def test_no_interest_is_straight_line() -> None:
    assert cost.capital_usd_per_hour(43_800, 0.0, 5) == pytest.approx(1.0)
    assert cost.capital_usd_per_hour(43_800, 0.0, 5, 0.25) == pytest.approx(0.75)


def test_payments_repay_the_purchase() -> None:
    payment = cost.capital_usd_per_hour(10_000, 0.12, 3, 0.2) * 730
    balance = 10_000.0
    for _ in range(36):
        balance = balance * 1.01 - payment
    assert balance == pytest.approx(2_000, abs=1e-6)


@given(capex, wacc, life, st.floats(0, 0.5))
def test_inverse_returns_the_capex(capex_usd: float, wacc_ratio: float, years: float, residual: float) -> None:
    tco = cost.capital_usd_per_hour(capex_usd, wacc_ratio, years, residual) + 0.3
    assert cost.capex_from_tco(tco, 0.3, wacc_ratio, years, residual) == pytest.approx(capex_usd, rel=1e-9)


@given(capex, wacc, life, st.floats(0.005, 0.05))
def test_capital_rises_with_wacc(capex_usd: float, wacc_ratio: float, years: float, more: float) -> None:
    assert cost.capital_usd_per_hour(capex_usd, wacc_ratio + more, years) > cost.capital_usd_per_hour(
        capex_usd, wacc_ratio, years
    )


@given(capex, wacc, life, st.floats(0.1, 5), st.floats(0, 0.5))
def test_capital_falls_with_life_and_residual(
    capex_usd: float, wacc_ratio: float, years: float, more: float, residual: float
) -> None:
    base = cost.capital_usd_per_hour(capex_usd, wacc_ratio, years)
    assert cost.capital_usd_per_hour(capex_usd, wacc_ratio, years + more) < base
    assert cost.capital_usd_per_hour(capex_usd, wacc_ratio, years, residual) <= base


@given(st.floats(0.03, 0.2), st.floats(0.4, 1), st.floats(1, 1.6), st.floats(0.01, 0.1))
def test_opex_rises_with_power_price_and_pue(price: float, drawn: float, pue: float, more: float) -> None:
    base = cost.opex_usd_per_kw_month(price, drawn, pue, 184, 15)
    assert cost.opex_usd_per_kw_month(price + more, drawn, pue, 184, 15) > base
    assert cost.opex_usd_per_kw_month(price, drawn, pue + more, 184, 15) > base


@given(st.floats(0.2, 20), st.floats(0.1, 20), st.floats(0.05, 1), st.floats(0.05, 1))
def test_useful_cost_falls_with_utilisation_and_breaks_even(tco: float, units: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert tco / (units * low) >= tco / (units * high)
    assert cost.break_even_utilisation(tco, units, tco / (units * low)) == pytest.approx(low)


@given(capex, wacc, life, st.floats(0, 0.5), st.floats(0.05, 20))
def test_break_even_capex_gives_the_rivals_cost(
    capex_usd: float, wacc_ratio: float, years: float, residual: float, units: float
) -> None:
    rival = (cost.capital_usd_per_hour(capex_usd, wacc_ratio, years, residual) + 0.3) / units
    assert cost.break_even_capex(rival, units, 0.3, wacc_ratio, years, residual) == pytest.approx(capex_usd, rel=1e-6)


def test_no_price_is_low_enough_for_a_chip_that_costs_more_to_run_than_its_rival() -> None:
    assert np.isnan(cost.break_even_capex(0.3, 1.0, 0.4, 0.06, 4))


def test_trainium2_per_tb_per_s_breaks_even_at_80_cents() -> None:
    # GB200 at 2.21 USD and 8 TB/s: a chip of 2.9 TB/s may cost 0.80 USD an hour, which is 18,300 USD of capex.
    gb200 = 2.21 / 8
    assert gb200 * 2.9 == pytest.approx(0.801, abs=0.0005)
    assert cost.break_even_capex(gb200, 2.9, 0.84 * 185 / 730, 0.06, 4) == pytest.approx(18_300, rel=0.01)


@given(capex, wacc, life)
def test_straight_line_is_cheaper_than_money_costs(capex_usd: float, wacc_ratio: float, years: float) -> None:
    straight = cost.straight_line_usd_per_hour(capex_usd, years)
    assert straight == pytest.approx(capex_usd / (12 * years * 730))
    assert straight < cost.capital_usd_per_hour(capex_usd, wacc_ratio, years)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cost.capital_usd_per_hour(1, 0.06, -4), "life_years"),
        (lambda: cost.capital_usd_per_hour(1, -0.01, 4), "wacc_ratio"),
        (lambda: cost.opex_usd_per_kw_month(0.08, 0.8, 0.9, 184, 15), "pue_ratio"),
        (lambda: cost.capex_from_tco(0.3, 0.4, 0.06, 4), "operating cost"),
    ],
)
def test_impossible_inputs_are_named(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def test_arrays_broadcast() -> None:
    assert cost.capital_usd_per_hour(np.array([1.0, 2.0]), 0.06, 4).shape == (2,)
