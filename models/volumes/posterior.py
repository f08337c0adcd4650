"""From prior draws to equal-weight posterior draws: tempered importance resampling.

Prior draws are weighted by likelihood^r and resampled; r rises from 0 to 1 in steps so small that the effective sample
size never collapses (sequential Monte Carlo; Del Moral, Doucet, Jasra 2006). Between steps each draw makes
preconditioned Crank-Nicolson moves (Cotter et al. 2013), which keep the normal prior and need only the likelihood, so
copies of one ancestor part again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.volumes.assumptions import Floats

_TARGET_ACCEPTANCE = 0.25

# Part of the prior covariance kept in the reference, so that few effective draws cannot make it singular.
_PRIOR_BLEND = 0.05


class NoPosteriorError(ValueError):
    """No prior draw can explain the evidence."""


@dataclass(frozen=True)
class Effort:
    """How hard the sampler works."""

    prior_draws: int
    n_draws: int
    min_effective_share: float
    moves_per_step: int
    final_moves: int


@dataclass(frozen=True)
class Sample:
    """Equal-weight draws of the latents, shape (draws, latents), and the prior draw each one descends from."""

    scores: Floats
    ancestor: npt.NDArray[np.int64]
    n_steps: int
    acceptance_share: float


def effective_size(log_weights: Floats) -> float:
    """Kish's effective sample size of log weights: (sum w)^2 / sum w^2."""
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


def systematic(log_weights: Floats, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return `size` indices drawn in proportion to exp(log_weights) with one random offset."""
    cumulative = np.cumsum(np.exp(log_weights - log_weights.max()))
    positions = (rng.random() + np.arange(size)) / size * cumulative[-1]
    return np.asarray(np.minimum(np.searchsorted(cumulative, positions), len(log_weights) - 1), dtype=np.int64)


def largest_step(log_likelihood: Floats, most: float, min_effective: float) -> float:
    """Return the largest exponent up to `most` that leaves `min_effective` effective draws (bisection)."""
    if effective_size(most * log_likelihood) >= min_effective:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if effective_size(middle * log_likelihood) >= min_effective else (low, middle)
    return low


def informed(
    log_likelihood: Callable[[Floats], Floats], n_latents: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return the columns of the latents on which the likelihood depends at all.

    The others keep their prior exactly, so nothing is spent on moving them.
    """
    scores, other = rng.standard_normal((2, 32, n_latents))
    fit = log_likelihood(scores)
    columns = []
    for column in range(n_latents):
        changed = scores.copy()
        changed[:, column] = other[:, column]
        if not np.array_equal(log_likelihood(changed), fit):
            columns.append(column)
    return np.array(columns, dtype=np.int64)


@dataclass(frozen=True)
class _Reference:
    """A Gaussian fitted to the current draws: moves are proposed around it."""

    mean: Floats
    root: Floats

    @classmethod
    def fit(cls, scores: Floats, weights: Floats) -> "_Reference":
        mean = weights @ scores
        centred = scores - mean
        covariance = (centred * weights[:, None]).T @ centred
        blend = (1 - _PRIOR_BLEND) * covariance + _PRIOR_BLEND * np.eye(len(mean))
        return cls(mean, np.asarray(np.linalg.cholesky(blend), dtype=np.float64))

    def propose(self, scores: Floats, step_size: float, rng: np.random.Generator) -> Floats:
        noise = rng.standard_normal(scores.shape) @ self.root.T
        return np.asarray(self.mean + np.sqrt(1 - step_size**2) * (scores - self.mean) + step_size * noise)

    def log_density_against_prior(self, scores: Floats) -> Floats:
        """Log of the reference density over the standard normal prior, up to a constant."""
        whitened = np.linalg.solve(self.root, (scores - self.mean).T)
        return np.asarray(0.5 * (scores**2).sum(axis=1) - 0.5 * (whitened**2).sum(axis=0))


def sample(
    log_likelihood: Callable[[Floats], Floats], n_latents: int, effort: Effort, rng: np.random.Generator
) -> Sample:
    """Sample latents from prior x likelihood.

    `log_likelihood` maps scores of shape (draws, n_latents) to one log-likelihood per draw; minus infinity marks a draw
    the evidence rules out. Raises NoPosteriorError when too few prior draws are possible at all.
    """
    columns = informed(log_likelihood, n_latents, rng)
    everything = rng.standard_normal((effort.prior_draws, n_latents))

    def fit_of(scores: Floats) -> Floats:
        whole = np.zeros((len(scores), n_latents))
        whole[:, columns] = scores
        return log_likelihood(whole)

    scores = everything[:, columns]
    fit = fit_of(scores)
    ancestor = np.flatnonzero(np.isfinite(fit))
    min_effective = effort.min_effective_share * effort.n_draws
    if ancestor.size < min_effective:
        raise NoPosteriorError(
            f"only {ancestor.size} of {effort.prior_draws} prior draws can explain the evidence at all: "
            "widen the priors in models/assumptions/volumes.csv or check the evidence rows"
        )
    scores, fit = scores[ancestor], fit[ancestor]
    reached, step_size, n_steps = 0.0, 0.5, 0
    accepted: list[float] = []
    while reached < 1:
        step = largest_step(fit, 1 - reached, min_effective)
        weights = np.exp(step * (fit - fit.max()))
        reference = _Reference.fit(scores, weights / weights.sum())
        keep = systematic(step * fit, effort.n_draws, rng)
        scores, fit, ancestor = scores[keep], fit[keep], ancestor[keep]
        reached = min(reached + step, 1.0)
        n_steps += 1
        for _ in range(effort.moves_per_step if reached < 1 else effort.final_moves):
            proposal = reference.propose(scores, step_size, rng)
            proposed_fit = fit_of(proposal)
            gain = reached * (proposed_fit - fit)
            gain += reference.log_density_against_prior(scores) - reference.log_density_against_prior(proposal)
            better = np.log(rng.random(effort.n_draws)) < gain
            scores[better], fit[better] = proposal[better], proposed_fit[better]
            accepted.append(float(better.mean()))
            step_size = float(np.clip(step_size * np.exp(accepted[-1] - _TARGET_ACCEPTANCE), 0.05, 0.95))
    result = rng.standard_normal((effort.n_draws, n_latents))
    result[:, columns] = scores
    return Sample(result, ancestor, n_steps, float(np.mean(accepted[-effort.final_moves :])))


def effective_draws(values: Floats, ancestor: npt.NDArray[np.int64]) -> float:
    """Effective number of draws behind the mean of `values`, from the genealogy (Lee, Whiteley 2018).

    Descendants of one ancestor that still move together count as little more than one draw.
    """
    deviation = values - values.mean()
    _, family = np.unique(ancestor, return_inverse=True)
    between = float((np.bincount(family, weights=deviation) ** 2).sum())
    own = float((deviation**2).sum())
    return len(values) * min(own / between, 1.0) if between > 0 else float(len(values))
