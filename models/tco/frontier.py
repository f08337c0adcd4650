"""Throughput at a given interactivity, read off the Pareto front of benchmark runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def pareto_front(interactivity: Array, throughput: Array) -> tuple[Array, Array]:
    """Runs that no other run beats on both axes.

    In: tokens/s per user and tokens/s per chip of each run. Out: the front, interactivity rising, throughput falling
    strictly. Empty input gives an empty front.
    """
    order = np.lexsort((-throughput, -interactivity))
    keep_x: list[float] = []
    keep_y: list[float] = []
    best = -np.inf
    for index in order:
        if throughput[index] > best:
            best = float(throughput[index])
            keep_x.append(float(interactivity[index]))
            keep_y.append(best)
    return np.array(keep_x[::-1], dtype=np.float64), np.array(keep_y[::-1], dtype=np.float64)


def throughput_at(interactivity: Array, throughput: Array, target: float) -> tuple[float, str]:
    """Throughput per chip at `target` tokens/s per user, and how it was found.

    `interpolated` between front points, `clamped_low` below the front's slowest point (a floor there),
    `unreachable` above its fastest (NaN), `no_benchmark` without runs (NaN). Throughput is interpolated, never cost:
    cost is its reciprocal and would be biased between points.
    """
    x, y = pareto_front(np.asarray(interactivity, dtype=np.float64), np.asarray(throughput, dtype=np.float64))
    if x.size == 0:
        return float("nan"), "no_benchmark"
    if target > x[-1]:
        return float("nan"), "unreachable"
    if target < x[0]:
        return float(y[0]), "clamped_low"
    if x.size == 1:
        return float(y[0]), "interpolated"
    return max(0.0, steffen(x, y, target)), "interpolated"


def best_of(stacks: Sequence[tuple[float, str]]) -> tuple[float, str]:
    """The stack with the highest throughput among results of `throughput_at`, one per software stack.

    Stacks are not mixed on one front: between a point of one and a point of another nothing can be run. Without any
    stack `no_benchmark`; where none reaches the target, the first of them.
    """
    if not stacks:
        return float("nan"), "no_benchmark"
    return max(stacks, key=lambda found: found[0] if np.isfinite(found[0]) else -np.inf)


def steffen(x: Array, y: Array, target: float) -> float:
    """Monotone cubic through (x, y) at target, x strictly rising and target inside [x[0], x[-1]].

    M. Steffen, A simple method for monotonic interpolation in one dimension, Astron. Astrophys. 239 (1990) 443: slopes
    are limited so that the curve never leaves the range of the two neighbouring points. End slopes are the end secants.
    """
    width = np.diff(x)
    slope = np.diff(y) / width
    tangent = np.empty_like(y)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    if x.size > 2:
        mean = (slope[:-1] * width[1:] + slope[1:] * width[:-1]) / (width[:-1] + width[1:])
        limit = np.minimum(np.minimum(np.abs(slope[:-1]), np.abs(slope[1:])), 0.5 * np.abs(mean))
        tangent[1:-1] = (np.sign(slope[:-1]) + np.sign(slope[1:])) * limit
    i = min(int(np.searchsorted(x, target, side="right")) - 1, x.size - 2)
    h = target - x[i]
    cubic = (tangent[i] + tangent[i + 1] - 2 * slope[i]) / width[i] ** 2
    square = (3 * slope[i] - 2 * tangent[i] - tangent[i + 1]) / width[i]
    return float(((cubic * h + square) * h + tangent[i]) * h + y[i])
