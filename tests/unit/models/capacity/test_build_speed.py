"""Durations between looks: what bounds allow, and no more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.capacity.build_speed import COLUMNS, DAYS_PER_MONTH, build_speed, duration_shares, share_quantiles

BOUNDS = st.tuples(st.floats(0, 100), st.one_of(st.floats(0, 40), st.just(np.inf)))


def spells(*bounds: tuple[float, float | None], operator: str = "Op", family: str = "family") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject_id": [f"b{n}" for n in range(len(bounds))], "interval_name": "roofed_to_operational",
            "operator": operator, "design_family": family,
            "shortest_days": [low * DAYS_PER_MONTH for low, _ in bounds],
            "longest_days": [None if high is None else high * DAYS_PER_MONTH for _, high in bounds],
            "is_estimate": False, "known_from": pd.Timestamp("2026-01-01"),
        }
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(BOUNDS, min_size=1, max_size=12))
def test_shares_are_a_distribution_that_the_bounds_allow(bounds: list[tuple[float, float]]) -> None:
    shortest = np.array([low for low, _ in bounds])
    longest = shortest + np.array([width for _, width in bounds])
    shares = duration_shares(shortest, longest)
    assert shares.sum() == pytest.approx(1)
    assert shares.min() >= 0
    # A class that no duration may lie in keeps nothing.
    is_allowed = np.zeros(len(shares), dtype=bool)
    for low, high in zip(shortest, longest, strict=True):
        is_allowed[int(min(low, 120)) : int(min(high, 120)) + 1] = True
    assert shares[~is_allowed].sum() < 1e-6
    quantiles = share_quantiles(shares)
    known = quantiles[~np.isnan(quantiles)]
    assert np.all(np.diff(known) >= -1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 60), min_size=3, max_size=12))
def test_exact_durations_give_their_own_quantiles(months: list[float]) -> None:
    values = np.array(months)
    median = share_quantiles(duration_shares(values, values))[1]
    low, high = np.quantile(values, 0.5, method="lower"), np.quantile(values, 0.5, method="higher")
    assert np.floor(low) <= median <= np.floor(high) + 1


def test_unfinished_buildings_lengthen_the_estimate() -> None:
    done = [(5.0, 5.5), (6.0, 6.5), (7.0, 7.5)]
    without = build_speed(spells(*done)).query("group_kind == 'all'").iloc[0]
    with_open = build_speed(spells(*done, (12.0, None), (15.0, None))).query("group_kind == 'all'").iloc[0]
    assert with_open["months_p50"] > without["months_p50"]
    assert (with_open["n_spells"], with_open["n_censored"]) == (5, 2)


def test_fewer_than_three_endings_give_no_months() -> None:
    table = build_speed(spells((5.0, 6.0), (5.0, 6.0), (9.0, None)))
    assert table[["months_p10", "months_p50", "months_p90"]].isna().all(axis=None)
    assert set(table["group_kind"]) == {"all", "operator", "design_family"}


def test_no_spells_give_an_empty_typed_table() -> None:
    table = build_speed(spells())
    assert list(table.columns) == list(COLUMNS)
    assert table.empty
    assert table["months_p50"].dtype == float


def test_swapped_bounds_are_an_error() -> None:
    with pytest.raises(ValueError, match="shortest <= longest"):
        duration_shares(np.array([3.0]), np.array([2.0]))


def test_a_month_more_for_one_building_moves_only_its_groups() -> None:
    both = [spells((5, 6), (6, 7), (7, 8), operator="A"), spells((5, 6), (6, 7), (7, 8), operator="B", family="other")]
    before = build_speed(pd.concat(both))
    both[1].loc[2, ["shortest_days", "longest_days"]] += 20 * DAYS_PER_MONTH
    after = build_speed(pd.concat(both))
    moved = before["months_p90"].fillna(-1) != after["months_p90"].fillna(-1)
    assert set(before.loc[moved, "group_name"]) == {"all", "B", "other"}
