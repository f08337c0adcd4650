"""Scores are proper, in the unit of the forecast, and the same from quantiles as from draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.scoring import (
    COLUMNS,
    LEVELS,
    crps_of_draws,
    crps_of_quantiles,
    pinball_loss,
    quantiles_of,
    score,
    split_normal,
)

numbers = st.floats(-1e4, 1e4, allow_nan=False, allow_infinity=False)
grids = st.lists(numbers, min_size=len(LEVELS), max_size=len(LEVELS)).map(sorted)


def crps(grid: list[float] | np.ndarray, actual: float) -> float:
    return float(crps_of_quantiles(np.array([grid], dtype=float), np.array([actual]))[0])


@given(grids, numbers)
def test_it_is_never_negative_and_at_most_the_mean_distance(grid: list[float], actual: float) -> None:
    found = crps(grid, actual)
    assert found >= -1e-6
    assert found <= np.abs(np.array(grid) - actual).max() + 1e-6


@given(numbers, numbers)
def test_a_point_scores_its_absolute_error(point: float, actual: float) -> None:
    assert crps([point] * len(LEVELS), actual) == pytest.approx(abs(point - actual), abs=1e-6)


@given(grids, numbers, numbers, st.floats(0.1, 10))
def test_it_moves_and_scales_with_the_quantity(grid: list[float], actual: float, move: float, scale: float) -> None:
    moved = [scale * value + move for value in grid]
    assert crps(moved, scale * actual + move) == pytest.approx(scale * crps(grid, actual), rel=1e-6, abs=1e-4)


@given(grids, numbers)
def test_it_is_twice_the_mean_pinball_loss_over_all_levels(grid: list[float], actual: float) -> None:
    steps = 20_000
    fine = (np.arange(steps) + 0.5) / steps
    losses = [float(pinball_loss(u, np.interp(u, LEVELS, grid), np.array(actual))) for u in fine[::20]]
    width = max(abs(grid[-1] - grid[0]), abs(grid[0] - actual), abs(grid[-1] - actual), 1.0)
    assert crps(grid, actual) == pytest.approx(2 * np.mean(losses), abs=3e-3 * width)


@given(st.integers(0, 10_000), st.floats(-3, 3))
def test_quantiles_and_draws_agree(seed: int, z: float) -> None:
    draws = np.random.default_rng(seed).normal(100, 10, 4000)
    actual = 100 + 10 * z
    assert crps(quantiles_of(draws), actual) == pytest.approx(crps_of_draws(draws, actual), rel=0.02, abs=0.05)


def test_it_is_the_known_score_of_a_normal() -> None:
    """CRPS of N(0, 1) at 0 is (sqrt(2) - 1) / sqrt(pi)."""
    draws = np.random.default_rng(0).standard_normal(200_000)
    exact = (np.sqrt(2) - 1) / np.sqrt(np.pi)
    assert crps_of_draws(draws, 0.0) == pytest.approx(exact, abs=0.003)
    assert crps(quantiles_of(draws), 0.0) == pytest.approx(exact, abs=0.005)


def test_honesty_pays() -> None:
    """Over many outcomes of N(0, 1) the true distribution beats a shifted, a narrower and a wider one: it is proper."""
    rng = np.random.default_rng(1)
    outcomes = rng.standard_normal(4000)
    true = quantiles_of(rng.standard_normal(200_000))

    def mean_score(grid: np.ndarray) -> float:
        return float(crps_of_quantiles(np.tile(grid, (len(outcomes), 1)), outcomes).mean())

    honest = mean_score(true)
    assert honest < min(mean_score(true + 0.5), mean_score(0.4 * true), mean_score(2.5 * true), mean_score(0 * true))


@given(st.floats(0.01, 0.99), numbers, numbers)
def test_pinball_punishes_the_side_the_level_forbids(level: float, quantile: float, actual: float) -> None:
    loss = float(pinball_loss(level, np.array(quantile), np.array(actual)))
    weight = level if actual >= quantile else 1 - level
    assert loss == pytest.approx(weight * abs(actual - quantile), abs=1e-6)


def test_three_percentiles_become_a_grid_through_them() -> None:
    grid = split_normal(np.array([10.0, 0.0]), np.array([100.0, 20.0]), np.array([300.0, 90.0]))
    at = [LEVELS.index(level) for level in (0.05, 0.5, 0.95)]
    assert grid[:, at] == pytest.approx(np.array([[10.0, 100.0, 300.0], [0.0, 20.0, 90.0]]))
    assert (np.diff(grid, axis=1) >= 0).all()
    assert grid.min() == 0, "there are no fewer than no chips"


def cases(**columns: list[object]) -> pd.DataFrame:
    n = len(columns["actual_value"])
    grid = {name: np.full(n, 100 * level) for name, level in zip(COLUMNS, LEVELS, strict=True)}
    return pd.DataFrame({**grid, "is_point_forecast": [False] * n, "censored_at_value": [np.nan] * n, **columns})


def test_a_row_is_scored_and_an_open_one_is_not() -> None:
    scored = score(cases(actual_value=[50.0, 97.0, 3.0, np.nan]))
    assert list(scored["error_value"][:3]) == pytest.approx([0.0, -47.0, 47.0]), "positive: the forecast was too high"
    assert list(scored["is_inside_p05_p95"][:3]) == [True, False, False]
    assert list(scored["is_inside_p10_p90"][:3]) == [True, False, False]
    assert scored["crps_value"][0] < scored["crps_value"][1]
    assert scored.loc[3, ["crps_value", "pinball_loss_value", "error_value", "is_inside_p05_p95"]].isna().all()


def test_what_has_not_happened_is_scored_up_to_the_day_it_is_known() -> None:
    scored = score(cases(actual_value=[np.nan, 50.0, np.nan, 50.0], censored_at_value=[60.0, 60.0, 0.0, np.nan]))
    assert scored.loc[[0, 2], ["crps_value", "error_value"]].isna().all(axis=None), "censored: no full score"
    not_yet, came, nothing_due, uncensored = scored["crps_to_date_value"]
    assert not_yet > came, "60% were promised by 60 and it has not come"
    assert nothing_due == pytest.approx(0.0), "nothing was promised by the day of looking"
    assert pd.isna(uncensored)


@settings(deadline=None)
@given(grids, numbers, st.floats(0, 1e4))
def test_the_score_to_date_is_part_of_the_whole_score(grid: list[float], actual: float, after: float) -> None:
    """Cut after everything it is the CRPS; cut at the outcome it does not care how much later it came."""
    row = pd.DataFrame([dict(zip(COLUMNS, grid, strict=True))] * 2)
    row = row.assign(is_point_forecast=False, actual_value=[actual, np.nan])
    end = max(*grid, actual)
    whole = score(row.assign(censored_at_value=end + after))
    assert whole["crps_to_date_value"][0] == pytest.approx(whole["crps_value"][0], rel=1e-6, abs=1e-5)
    part = score(row.assign(censored_at_value=actual))
    assert part["crps_to_date_value"][0] <= whole["crps_value"][0] + 1e-5
    assert part["crps_to_date_value"][0] == pytest.approx(part["crps_to_date_value"][1], abs=1e-5)


def test_honesty_pays_even_when_late_outcomes_are_missing() -> None:
    """Scored only on what came in time, a forecaster who is always early wins; scored to date, the honest one does."""
    rng = np.random.default_rng(2)
    outcomes, end = rng.normal(100, 40, 4000), 90.0
    true = quantiles_of(rng.normal(100, 40, 200_000))
    seen = np.where(outcomes <= end, outcomes, np.nan)

    def mean_scores(grid: np.ndarray) -> tuple[float, float]:
        table = pd.DataFrame(np.tile(grid, (len(seen), 1)), columns=list(COLUMNS))
        found = score(table.assign(is_point_forecast=False, actual_value=seen, censored_at_value=end))
        return float(found["crps_value"].mean()), float(found["crps_to_date_value"].mean())

    honest, early, late = mean_scores(true), mean_scores(true - 30), mean_scores(true + 30)
    assert early[0] < honest[0], "the biased score"
    assert honest[1] < min(early[1], late[1])


def test_coverage_counts_its_ends_and_a_point_covers_nothing() -> None:
    scored = score(cases(actual_value=[5.0, 90.0, 50.0], is_point_forecast=[False, False, True]))
    assert list(scored["is_inside_p05_p95"][:2]) == [True, True]
    assert list(scored["is_inside_p10_p90"][:2]) == [False, True]
    assert pd.isna(scored["is_inside_p05_p95"][2])


def test_no_case_gives_no_score() -> None:
    numeric = [*COLUMNS, "actual_value", "censored_at_value"]
    scored = score(cases(actual_value=[]).astype(dict.fromkeys(numeric, "float64")))
    assert scored.empty
    assert {"crps_value", "pinball_loss_value", "error_value", "is_inside_p05_p95"} <= set(scored.columns)


def test_the_columns_name_the_levels() -> None:
    assert (COLUMNS[0], COLUMNS[1], COLUMNS[10], COLUMNS[-1]) == ("p01", "p05", "p50", "p99")
    assert len(COLUMNS) == len(set(COLUMNS)) == len(LEVELS) == 21
