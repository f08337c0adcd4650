"""Random numbers that belong to a named entity, so that adding, dropping or re-ordering others leaves them alone."""

import hashlib
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_Z_GRID: Floats = np.linspace(-7.0, 7.0, 14_001)
_CDF_GRID: Floats = np.array([NormalDist().cdf(z) for z in _Z_GRID])


def normal_cdf(z: Floats) -> Floats:
    """Standard normal probability below `z`, by interpolation on a grid of 0.001 (absolute error below 1e-7)."""
    return np.asarray(np.interp(z, _Z_GRID, _CDF_GRID), dtype=np.float64)


def normal_quantile(u: Floats) -> Floats:
    """Inverse of `normal_cdf`; probabilities beyond seven standard deviations are cut there."""
    return np.asarray(np.interp(u, _CDF_GRID, _Z_GRID), dtype=np.float64)


def uniforms(seed: int, stream: str, entity: str, n_draws: int) -> Floats:
    """`n_draws` uniforms of one entity in one stream, stratified and antithetic.

    Stratified: one value in each of `n_draws` equal slices of 0-1, so a marginal's quantiles are exact to 1/n.
    Antithetic: draw i and draw n-1-i of every entity add up to 1, so that any sum of normals has sample median zero
    and the p50 of a figure with lognormal errors is the figure.
    The same (seed, stream, entity, n_draws) always gives the same numbers, whatever else is simulated.
    """
    digest = hashlib.sha256(f"{seed}|{stream}|{entity}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    n_pairs = n_draws // 2
    low = (rng.permutation(n_pairs) + 0.5) / n_draws
    first = np.where(rng.integers(0, 2, n_pairs) == 1, 1 - low, low)
    middle = np.full(n_draws % 2, 0.5)
    return np.concatenate([first, middle, 1 - first[::-1]])


@lru_cache(maxsize=128)
def normals(seed: int, stream: str, entity: str, n_draws: int) -> Floats:
    """`n_draws` standard normals of one entity in one stream, stratified and antithetic as `uniforms`."""
    values = normal_quantile(uniforms(seed, stream, entity, n_draws))
    values.flags.writeable = False  # cached: shocks shared by many sites are asked for again and again
    return values
