"""Throughput on the Pareto front."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tco.frontier import best_of, pareto_front, steffen, throughput_at

X = np.array([20.0, 40.0, 60.0, 50.0, 30.0])
Y = np.array([900.0, 500.0, 200.0, 100.0, 910.0])

runs = st.lists(st.tuples(st.floats(1, 300), st.floats(1, 5000)), min_size=1, max_size=25)


def test_front_drops_beaten_runs() -> None:
    x, y = pareto_front(X, Y)
    assert x.tolist() == [30.0, 40.0, 60.0]
    assert y.tolist() == [910.0, 500.0, 200.0]


@pytest.mark.parametrize(
    ("target", "expected", "status"),
    [(40, 500, "interpolated"), (10, 910, "clamped_low"), (60, 200, "interpolated"), (61, math.nan, "unreachable")],
)
def test_points_clamps_and_limits(target: float, expected: float, status: str) -> None:
    value, found = throughput_at(X, Y, target)
    assert found == status
    assert value == pytest.approx(expected, nan_ok=True)


def test_without_runs() -> None:
    value, status = throughput_at(np.array([]), np.array([]), 50)
    assert math.isnan(value)
    assert status == "no_benchmark"


def test_a_straight_line_stays_straight() -> None:
    x = np.array([0.0, 1.0, 3.0, 4.0])
    assert steffen(x, 10 - 2 * x, 2.2) == pytest.approx(5.6)


@given(runs, st.data())
def test_interpolation_is_monotone_and_inside_its_neighbours(
    points: list[tuple[float, float]], data: st.DataObject
) -> None:
    x, y = (np.array(v) for v in zip(*points, strict=True))
    front_x, front_y = pareto_front(x, y)
    if front_x.size < 2 or np.min(np.diff(front_x)) < 1e-3:
        return
    a, b = sorted(data.draw(st.floats(front_x[0], front_x[-1])) for _ in range(2))
    slow, fast = throughput_at(x, y, a)[0], throughput_at(x, y, b)[0]
    assert front_y[-1] - 1e-6 <= fast <= slow + 1e-6 <= front_y[0] + 2e-6


@given(runs, st.randoms())
def test_order_of_runs_does_not_matter(points: list[tuple[float, float]], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(points)
    random.shuffle(shuffled)
    fronts = [pareto_front(*(np.array(v) for v in zip(*p, strict=True))) for p in (points, shuffled)]
    assert fronts[0][0].tolist() == fronts[1][0].tolist()
    assert fronts[0][1].tolist() == fronts[1][1].tolist()


def test_best_stack() -> None:
    slow, fast, lost = (100.0, "clamped_low"), (300.0, "interpolated"), (math.nan, "unreachable")
    assert best_of([slow, lost, fast]) == fast
    assert best_of([lost, slow]) == slow
    assert best_of([lost])[1] == "unreachable"
    assert best_of([])[1] == "no_benchmark"
