"""Importance resampling: from weighted prior draws to equal-weight posterior draws."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.volumes.assumptions import Floats


class NoPosteriorError(ValueError):
    """No prior draw can explain the evidence."""


@dataclass(frozen=True)
class Resampled:
    """Which prior draws survive (`index`, with repeats), from how many effective ones, at which tempering."""

    index: npt.NDArray[np.int64]
    n_effective_draws: float
    tempering_ratio: float


def effective_size(log_weights: Floats) -> float:
    """Kish's effective sample size of log weights: (sum w)^2 / sum w^2."""
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


def resample(log_likelihood: Floats, n_draws: int, min_effective: float, rng: np.random.Generator) -> Resampled:
    """Resample systematically in proportion to exp(ratio * log_likelihood).

    The ratio is 1 unless that leaves fewer than `min_effective` effective draws; then it is the largest ratio that
    keeps them (found by bisection), so that a sharp likelihood widens the answer instead of resting on a few draws.

    Raises NoPosteriorError when every prior draw has likelihood zero.
    """
    possible = np.flatnonzero(np.isfinite(log_likelihood))
    if not possible.size:
        raise NoPosteriorError("no prior draw explains the evidence: widen the priors or check the evidence rows")
    scores = log_likelihood[possible]
    ratio = 1.0
    if effective_size(scores) < min_effective:
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if effective_size(middle * scores) >= min_effective else (low, middle)
        ratio = low
    log_weights = ratio * scores
    weights = np.exp(log_weights - log_weights.max())
    positions = (rng.random() + np.arange(n_draws)) / n_draws
    cumulative = np.cumsum(weights) / weights.sum()
    index = possible[np.minimum(np.searchsorted(cumulative, positions), len(weights) - 1)].astype(np.int64)
    return Resampled(index, effective_size(log_weights), ratio)
