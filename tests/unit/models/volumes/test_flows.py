from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.volumes.assumptions import Beliefs
from models.volumes.engine import GENERATIONS, packages_by_generation, sku_flows, sku_shares
from models.volumes.flows import N_MONTHS, by_quarter, delay, lag_kernel, month_index, quarter_starts, shift


@given(st.lists(st.floats(0.3, 6), min_size=1, max_size=20))
def test_lag_kernel_sums_to_one_and_has_its_mean(means: list[float]) -> None:
    kernel = lag_kernel(np.array(means))
    assert kernel.sum(axis=1) == pytest.approx(1.0)
    assert (kernel >= 0).all()
    realised = kernel @ np.arange(kernel.shape[1])
    # The part of a long delay beyond two years is spread over the two years, so long means come out a little short.
    assert realised == pytest.approx(np.array(means), abs=0.2)


@given(st.integers(0, 2**32 - 1))
def test_what_comes_out_of_a_delay_went_in_before(seed: int) -> None:
    rng = np.random.default_rng(seed)
    flows = rng.gamma(0.5, 1e5, (8, N_MONTHS))
    out = delay(flows, lag_kernel(rng.uniform(0.2, 9, 8)))
    assert (np.cumsum(out, axis=1) <= np.cumsum(flows, axis=1) * (1 + 1e-12)).all()
    assert (out >= 0).all()


def test_shift_moves_flows_both_ways_and_splits_months() -> None:
    flows = np.array([[0.0, 0.0, 10.0, 0.0, 0.0]])
    assert shift(flows, np.array([1.0])).tolist() == [[0, 0, 0, 10, 0]]
    assert shift(flows, np.array([-2.0])).tolist() == [[10, 0, 0, 0, 0]]
    assert shift(flows, np.array([0.25])).tolist() == [[0, 0, 7.5, 2.5, 0]]


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_shift_is_linear_interpolation(months: list[float], seed: int) -> None:
    flows = np.random.default_rng(seed).gamma(1, 1, (len(months), 30))
    flows[:, :5] = 0
    padded = np.pad(flows, ((0, 0), (1, 1)))
    at = np.clip(np.arange(1, 31)[None, :] - np.array(months)[:, None], 0, 31)
    expected = [np.interp(row, np.arange(32), own) for row, own in zip(at, padded, strict=True)]
    assert shift(flows, np.array(months)) == pytest.approx(np.array(expected))


def test_quarters_cover_2023_to_2028() -> None:
    starts = quarter_starts()
    assert (starts[0].isoformat(), starts[-1].isoformat(), len(starts)) == ("2023-01-01", "2028-10-01", 24)
    assert [month_index(day) for day in starts] == list(range(0, N_MONTHS, 3))
    assert by_quarter(np.arange(N_MONTHS, dtype=float)[None, :])[0, :2].tolist() == [3.0, 12.0]


def test_packages_are_zero_before_the_generation_and_positive_in_its_ramp(prior: Callable[[int], Beliefs]) -> None:
    packages = packages_by_generation(prior(200))
    assert list(packages) == list(reversed(GENERATIONS))
    assert (packages["Trainium2"][:, :12] == 0).all()
    assert (packages["Trainium2"][:, 30] > 0).all()
    assert (packages["Trainium4"][:, :54] == 0).all()


def test_every_draw_conserves_chips(prior: Callable[[int], Beliefs], skus: pd.DataFrame) -> None:
    beliefs = prior(300)
    flows = dict(sku_flows(beliefs, skus))
    for sku_id, sku in flows.items():
        packaged = np.cumsum(sku.packages, axis=1)
        racked = np.cumsum(sku.racks, axis=1) * beliefs.value(sku_id, "chips_per_rack")
        installed = np.cumsum(sku.installed_chips, axis=1)
        # packages = racks x chips per rack + scrapped + work in progress, which is never negative.
        work_in_progress = packaged - np.cumsum(sku.scrapped_packages, axis=1) - racked
        assert (work_in_progress >= -1e-6).all(), sku_id
        assert (installed <= racked + 1e-6).all(), sku_id
        scrapped_share = sku.scrapped_packages.sum(axis=1) / sku.packages.sum(axis=1)
        generation = skus.set_index("sku_id").loc[sku_id, "generation"]
        assert scrapped_share == pytest.approx(1 - beliefs.draw(generation, "assembly_yield"))
    total = sum(sku.packages for sku in flows.values())
    assert total == pytest.approx(sum(packages_by_generation(beliefs).values()))


def test_sku_shares_sum_to_one_once_the_generation_ships(prior: Callable[[int], Beliefs], skus: pd.DataFrame) -> None:
    beliefs = prior(100)
    for generation, own in skus.groupby("generation"):
        total = np.sum(list(sku_shares(beliefs, sorted(own["sku_id"])).values()), axis=0)
        first = int(beliefs.value(generation, "first_package_month"))
        assert total[:, first:] == pytest.approx(1.0)
        assert (total[:, :first] == 0).all()
