"""Random numbers that belong to a named entity, so that adding, dropping or re-ordering others leaves them alone."""

import hashlib
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
    """`n_draws` stratified uniforms (one per equal slice of 0-1, shuffled) of one entity in one stream.

    Stratifying makes the sample median of every marginal exact to 1/n, so a figure's p50 is the figure.
    The same (seed, stream, entity, n_draws) always gives the same numbers, whatever else is simulated.
    """
    digest = hashlib.sha256(f"{seed}|{stream}|{entity}".encode()).digest()
    order = np.random.default_rng(int.from_bytes(digest[:16], "big")).permutation(n_draws)
    return (order + 0.5) / n_draws


def normals(seed: int, stream: str, entity: str, n_draws: int) -> Floats:
    """`n_draws` stratified standard normals of one entity in one stream (see `uniforms`)."""
    return normal_quantile(uniforms(seed, stream, entity, n_draws))
