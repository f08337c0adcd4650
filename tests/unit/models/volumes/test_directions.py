"""What a supplier's series says, in made-up worlds of many kinds: which way it moves the volumes, how wide without it.

Prior draws are weighted by the suppliers' equation itself, so nothing here is the sampler's noise.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.volumes.assumptions import Assumptions, Beliefs, Floats
from models.volumes.engine import latent_names, packages_by_generation, racked_chips
from models.volumes.posterior import largest_step
from models.volumes.suppliers import (
    RevenueSeries,
    contents,
    expected_revenue,
    revenue_log_likelihood,
    revenue_series,
)

N_DRAWS = 6_000
N_MONTHS = 36  # 2023 to 2025
BASE_MONTHS = 12
# Makers of boards, racks and laminates, and two that report by the quarter in the real world.
TICKERS = ["2345", "6669", "2383", "MRVL", "CRDO"]


class World:
    """Prior draws of Trainium2, and one supplier that bills what one of them implies."""

    def __init__(self, assumptions: pd.DataFrame) -> None:
        rows = assumptions.copy()
        rows.loc[rows["parameter"] == "base_first_month", "value"] = 0
        rows.loc[rows["parameter"] == "base_last_month", "value"] = BASE_MONTHS - 1
        table = Assumptions(rows)
        names = latent_names(table)
        self.beliefs = Beliefs(table, names, np.random.default_rng(5).standard_normal((N_DRAWS, len(names))))
        packages = packages_by_generation(self.beliefs)
        self.packages = {g: flows[:, :N_MONTHS] for g, flows in packages.items()}
        self.racked = {g: racked_chips(self.beliefs, g, flows) for g, flows in self.packages.items()}
        self.contents = contents(self.beliefs)
        self.log_total = np.log(self.packages["Trainium2"].sum(axis=1))
        # The month by which half of the packages have been made.
        running = np.cumsum(self.packages["Trainium2"], axis=1)
        self.half_way = (running < running[:, -1:] / 2).sum(axis=1).astype(float)

    def supplier(self, ticker: str, draw: int) -> tuple[RevenueSeries, Floats]:
        """A supplier's series and its monthly revenue in the world of one draw."""
        months = pd.period_range("2023-01", periods=N_MONTHS, freq="M").astype(str)
        flat = pd.DataFrame({"ticker": ticker, "revenue_month": months, "revenue_twd_thousand": 1e7})
        (one,) = revenue_series(flat, self.beliefs.assumptions)
        # The reporting currency does not matter; a base of the size of what the generation brings makes it audible.
        one = replace(one, base_per_month=self.size_of(ticker))
        return one, expected_revenue(one, self.packages, self.racked, self.contents, self.beliefs)[draw]

    def size_of(self, ticker: str) -> float:
        """Median revenue on Trainium2 in a month of 2025, in thousand TWD."""
        own = next(c for c in self.contents if (c.ticker, c.generation) == (ticker, "Trainium2"))
        flows = self.packages["Trainium2"] if own.content_unit == "package" else self.racked["Trainium2"] / 32
        billed = np.median(own.content_usd_per_unit * own.billed_units(flows)[:, -6])
        return float(billed * 31.5 / 1000)

    def fit(self, one: RevenueSeries, monthly: Floats, months: Floats | None = None) -> Floats:
        """Log-likelihood of every draw given the revenue of `months` (all, where none are named)."""
        known = np.arange(N_MONTHS) if months is None else months
        seen = replace(
            one,
            spans=one.spans[:, known],
            log_revenue=np.log(monthly @ one.spans[:N_MONTHS])[known],
            weight=one.weight[known],
        )
        return revenue_log_likelihood([seen], self.packages, self.racked, self.contents, self.beliefs)


@pytest.fixture(scope="module")
def world(assumptions: pd.DataFrame) -> World:
    return World(assumptions)


def weights(*fits: Floats) -> list[Floats]:
    """Weights of the draws under each likelihood, all raised to the largest power that leaves 300 effective draws."""
    exponent = min(largest_step(fit, 1.0, 300) for fit in fits)
    return [w / w.sum() for w in (np.exp(exponent * (fit - fit.max())) for fit in fits)]


def spread(values: Floats, weight: Floats) -> float:
    return float(np.sqrt(weight @ (values - weight @ values) ** 2))


worlds = st.tuples(st.sampled_from(TICKERS), st.integers(0, N_DRAWS - 1))
quick = settings(max_examples=25, deadline=None)


@quick
@given(worlds, st.floats(1.5, 3))
def test_more_revenue_of_any_supplier_means_more_packages(world: World, of: tuple[str, int], factor: float) -> None:
    one, monthly = world.supplier(*of)
    more = np.where(np.arange(N_MONTHS) < BASE_MONTHS, monthly, factor * monthly)
    before, after = weights(world.fit(one, monthly), world.fit(one, more))
    assert after @ world.log_total > before @ world.log_total + 0.05


@quick
@given(worlds)
def test_revenue_two_months_later_never_means_more_packages_by_a_date(world: World, of: tuple[str, int]) -> None:
    one, monthly = world.supplier(*of)
    before, after = weights(world.fit(one, monthly), world.fit(one, later(monthly)))
    assert after @ world.log_total < before @ world.log_total + 0.03


def test_revenue_two_months_later_means_packages_later_and_fewer_by_a_date(world: World) -> None:
    """Over many worlds: in a single one the delay may be read as a longer billing lag."""
    moved = []
    for number, draw in enumerate(range(0, N_DRAWS, N_DRAWS // 40)):
        one, monthly = world.supplier(TICKERS[number % len(TICKERS)], draw)
        before, after = weights(world.fit(one, monthly), world.fit(one, later(monthly)))
        moved.append([(after - before) @ values for values in (world.half_way, world.log_total)])
    half_way, log_total = np.mean(moved, axis=0)
    assert half_way > 0.1
    assert log_total < -0.04


def later(monthly: Floats) -> Floats:
    """The same revenue two months later, after the base."""
    return np.concatenate([monthly[:BASE_MONTHS], monthly[BASE_MONTHS - 2 : -2]])


@quick
@given(worlds)
def test_no_supplier_at_all_is_wider(world: World, of: tuple[str, int]) -> None:
    one, monthly = world.supplier(*of)
    (weight,) = weights(world.fit(one, monthly))
    assert spread(world.log_total, weight) < 0.98 * world.log_total.std()


@quick
@given(worlds, st.integers(BASE_MONTHS + 6, N_MONTHS - 6))
def test_a_supplier_that_stops_reporting_is_never_a_gain(world: World, of: tuple[str, int], last: int) -> None:
    one, monthly = world.supplier(*of)
    known, stopped = weights(world.fit(one, monthly), world.fit(one, monthly, np.arange(last)))
    assert spread(world.log_total, known) < 1.03 * spread(world.log_total, stopped)


@quick
@given(worlds, st.sets(st.integers(BASE_MONTHS, N_MONTHS - 1), min_size=1, max_size=6))
def test_missing_months_are_never_a_gain(world: World, of: tuple[str, int], missing: set[int]) -> None:
    one, monthly = world.supplier(*of)
    left = np.array([month for month in range(N_MONTHS) if month not in missing])
    known, holed = weights(world.fit(one, monthly), world.fit(one, monthly, left))
    assert spread(world.log_total, known) < 1.03 * spread(world.log_total, holed)


def test_gaps_widen(world: World) -> None:
    """Over many worlds, by how much: a missing quarter a little, a missing year clearly, all of it most."""
    ratios = []
    for number, draw in enumerate(range(0, N_DRAWS, N_DRAWS // 40)):
        one, monthly = world.supplier(TICKERS[number % len(TICKERS)], draw)
        months = np.arange(N_MONTHS)
        known = (months, months[(months < 21) | (months > 23)], months[:24])
        fits = [world.fit(one, monthly, those) for those in known]
        whole, holed, stopped = (spread(world.log_total, weight) for weight in weights(*fits))
        ratios.append([holed / whole, stopped / whole, world.log_total.std() / whole])
    holed_ratio, stopped_ratio, silent_ratio = np.mean(ratios, axis=0)
    assert 1.0 < holed_ratio < stopped_ratio < silent_ratio
    assert stopped_ratio > 1.1
