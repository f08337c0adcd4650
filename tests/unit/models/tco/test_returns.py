"""Arithmetic of renting out: the level rent earns the cost of capital, and every input moves the result its own way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tco import cost
from models.tco.returns import (
    HIGHEST_RATE,
    LOWEST_RATE,
    Decline,
    believed_decline,
    cash_flows,
    fitted_slope,
    internal_rate,
    net_present_value,
    payback_months,
    rent_path,
)

CAPEX = st.floats(1_000.0, 200_000.0)
WACC = st.just(0.0) | st.floats(0.001, 0.3)
MONTHS = st.integers(6, 96)
SOLD = st.floats(0.3, 1.0)
RUNNING = st.floats(0.0, 2.0)


def level(rent: float, months: int, sold: float = 1.0, running: float = 0.0, residual: float = 0.0) -> np.ndarray:
    return cash_flows(rent_path(rent, 0.0, months), sold, running, months / 12, residual)


@settings(max_examples=60, deadline=None)
@given(capex=CAPEX, wacc=WACC, months=MONTHS, sold=SOLD, running=RUNNING, residual=st.floats(0.0, 0.4))
def test_the_level_rent_of_the_annuity_earns_exactly_the_cost_of_capital(
    capex: float, wacc: float, months: int, sold: float, running: float, residual: float
) -> None:
    tco = float(cost.capital_usd_per_hour(capex, wacc, months / 12, residual)) + running
    flows = level(tco / sold, months, sold, running, residual * capex)
    assert float(internal_rate(capex, flows)[0]) == pytest.approx(wacc, abs=1e-6)
    assert float(net_present_value(capex, flows, wacc)[0]) == pytest.approx(0.0, abs=1e-6 * capex)


@settings(max_examples=60, deadline=None)
@given(
    capex=CAPEX, rent=st.floats(0.5, 10.0), fall=st.floats(-0.2, 0.6), months=MONTHS, sold=SOLD, running=RUNNING,
    more=st.floats(1.05, 2.0),
)  # fmt: skip
def test_a_dearer_machine_and_a_faster_fall_earn_less_a_higher_rent_more(
    capex: float, rent: float, fall: float, months: int, sold: float, running: float, more: float
) -> None:
    def rate(price: float, rent_: float, fall_: float) -> float:
        flows = cash_flows(rent_path(rent_, fall_, months), sold, running, months / 12)
        return float(internal_rate(price, flows)[0])

    base = rate(capex, rent, fall)
    assert LOWEST_RATE <= base <= HIGHEST_RATE
    assert rate(capex * more, rent, fall) <= base + 1e-9
    assert rate(capex, rent, fall + 0.2) <= base + 1e-9
    assert rate(capex, rent * more, fall) >= base - 1e-9


@settings(max_examples=60, deadline=None)
@given(capex=CAPEX, rent=st.floats(0.5, 10.0), months=MONTHS)
def test_pay_back_is_the_first_month_that_has_repaid(capex: float, rent: float, months: int) -> None:
    flows = level(rent, months)
    month = float(payback_months(capex, flows)[0])
    if np.isfinite(month):
        assert flows[0, : int(month)].sum() >= capex > flows[0, : int(month) - 1].sum()
        assert float(internal_rate(capex, flows)[0]) >= -1e-6
    else:
        assert flows.sum() < capex
        assert float(internal_rate(capex, flows)[0]) <= 1e-6


def test_an_hour_that_does_not_pay_is_not_run() -> None:
    flows = cash_flows(rent_path(1.0, 0.0, 12), 0.5, 0.6, 1.0)
    assert (flows == 0).all()
    assert float(internal_rate(1000.0, flows)[0]) == pytest.approx(LOWEST_RATE, abs=1e-6)
    assert np.isinf(payback_months(1000.0, flows)[0])


def test_life_ends_the_flows_and_the_residual_comes_last() -> None:
    flows = cash_flows(rent_path(np.array([1.0, 1.0]), 0.0, 24), 1.0, 0.0, np.array([1.0, 2.0]), np.array([500.0, 0.0]))
    assert flows[0, 11] == pytest.approx(730 + 500) and flows[0, 12:].sum() == 0
    assert flows[1].sum() == pytest.approx(24 * 730)


def test_a_contract_keeps_its_rent_until_it_ends() -> None:
    rents = rent_path(4.0, np.log(2.0), 30, contract_months=12)[0]
    assert rents[:12] == pytest.approx(4.0) and rents[12:24] == pytest.approx(2.0) and rents[24:] == pytest.approx(1.0)
    assert rent_path(4.0, np.log(2.0), 12)[0, 0] == pytest.approx(4.0 * 0.5 ** (0.5 / 12))


@given(fall=st.floats(-0.5, 1.0), start=st.floats(0.1, 50.0))
def test_the_slope_of_an_exponential_is_found(fall: float, start: float) -> None:
    years = np.array([-2.0, -1.5, -0.3, 0.0])
    assert fitted_slope(years, start * np.exp(-fall * years)) == pytest.approx(fall, abs=1e-9)


@given(slopes=st.lists(st.floats(-0.5, 1.0), min_size=1, max_size=8))
def test_sellers_pull_the_prior_and_never_past_themselves(slopes: list[float]) -> None:
    prior = Decline(0.2, 0.12)
    seen = np.array(slopes)
    believed = believed_decline(seen, prior, 0.15, 0.1)
    low, high = sorted((prior.mean, float(seen.mean())))
    assert low - 1e-12 <= believed.mean <= high + 1e-12
    assert 0.1 < believed.sd < np.hypot(prior.sd, 0.1)
    crowd = believed_decline(np.full(1000, 0.5), prior, 0.15, 0.0)
    assert crowd.mean == pytest.approx(0.5, abs=0.001)
    alone = believed_decline(np.empty(0), prior, 0.15, 0.0)
    assert (alone.mean, alone.sd) == pytest.approx((prior.mean, prior.sd))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cash_flows(rent_path(1.0, 0.0, 12), 1.2, 0.0, 1.0), "sold_hours_share"),
        (lambda: cash_flows(rent_path(1.0, 0.0, 12), 0.5, 0.0, -1.0), "life_years"),
        (lambda: cash_flows(rent_path(1.0, 0.0, 12), 0.5, 0.0, 2.0), "life_years"),
        (lambda: internal_rate(0.0, np.ones((1, 3))), "capex_usd"),
        (lambda: internal_rate(1.0, np.array([[1.0, -1.0]])), "negative"),
        (lambda: fitted_slope(np.array([1.0, 1.0]), np.array([2.0, 3.0])), "two days"),
        (lambda: fitted_slope(np.array([1.0, 2.0]), np.array([2.0, 0.0])), "above zero"),
        (lambda: believed_decline(np.empty(0), Decline(0.2, 0.0), 0.1, 0.1), "above zero"),
        (lambda: rent_path(1.0, 0.0, 12, -1), "contract_months"),
    ],
)
def test_nonsense_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
