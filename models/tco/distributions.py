"""Draws from assumption rows. Seeds come from names, so adding or reordering rows changes no other row's draws."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from models.tco.assumptions import AssumptionError, Belief

Array = NDArray[np.float64]

Z95 = 1.6448536269514722


def generator(seed: int, name: str) -> np.random.Generator:
    """A random stream for one named quantity, independent of all other names."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def draw(belief: Belief, seed: int, n_draws: int, stream: str | None = None) -> Array:
    """n_draws values of one belief.

    The stream is named after the parameter alone unless told otherwise: the same parameter of two buyer classes or two
    vintages moves together, which keeps their differences tight (common random numbers).
    fixed: the value. triangular: low and high are the ends, value the mode. uniform: low to high. beta (share in 0-1):
    value is the mean, low and high stand 1.645 standard deviations each side on average. lognormal: value is the
    median, low and high the 5th and 95th percentile on average in logs.
    """
    rng = generator(seed, stream or f"parameter:{belief.parameter}")
    if belief.distribution == "fixed" or belief.low == belief.high:
        return np.full(n_draws, belief.value)
    if belief.distribution == "triangular":
        return _triangular_quantile(rng.random(n_draws), belief.low, belief.value, belief.high)
    if belief.distribution == "uniform":
        return np.asarray(belief.low + rng.random(n_draws) * (belief.high - belief.low))
    if belief.distribution == "beta":
        a, b = beta_shape(belief)
        return rng.beta(a, b, n_draws)
    if belief.distribution == "lognormal":
        sigma = log_sigma(belief.low, belief.high)
        return np.asarray(belief.value * np.exp(sigma * rng.standard_normal(n_draws)))
    raise AssumptionError(
        f"({belief.subject}, {belief.parameter}): distribution '{belief.distribution}' is not one of "
        "fixed, triangular, uniform, beta, lognormal."
    )


def beta_shape(belief: Belief) -> tuple[float, float]:
    """Shape parameters (a, b) by moments; raises AssumptionError where the range is too wide for a beta in (0, 1)."""
    mean = belief.value
    variance = ((belief.high - belief.low) / (2 * Z95)) ** 2
    total = mean * (1 - mean) / variance - 1 if 0 < mean < 1 else -1.0
    if total <= 0:
        raise AssumptionError(f"({belief.subject}, {belief.parameter}): no beta in (0, 1) has this mean and range.")
    return mean * total, (1 - mean) * total


def log_sigma(low: float, high: float) -> float:
    """Standard deviation in logs of a lognormal whose 5th and 95th percentiles are low and high."""
    return float(np.log(high / low) / (2 * Z95))


def _triangular_quantile(u: Array, low: float, mode: float, high: float) -> Array:
    split = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < split, rising, falling)
