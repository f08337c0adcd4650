"""From prior draws to equal-weight posterior draws: tempered importance resampling.

Prior draws are weighted by likelihood^r and resampled; r rises from 0 to 1 in steps so small that the effective sample
size never collapses (sequential Monte Carlo; Del Moral, Doucet, Jasra 2006). Between steps each draw makes
preconditioned Crank-Nicolson moves (Cotter et al. 2013), which keep the normal prior and need only the likelihood, so
copies of one ancestor part again.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.volumes.assumptions import Floats

_TARGET_ACCEPTANCE = 0.25

# Part of the prior covariance kept in the reference, so that few effective draws cannot make it singular.
_PRIOR_BLEND = 0.05

# Draws evaluated in one go: few enough that their monthly paths stay in a core's cache.
_CHUNK_DRAWS = 500
_WORKERS = 2

# Draws in which each latent is changed alone to see whether the likelihood depends on it.
_PROBES = 32


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
    scores, other = rng.standard_normal((2, _PROBES, n_latents))
    fit = log_likelihood(scores)
    changed = np.tile(scores, (n_latents, 1, 1))
    every = np.arange(n_latents)
    changed[every, :, every] = other.T
    changed_fit = log_likelihood(changed.reshape(-1, n_latents)).reshape(n_latents, _PROBES)
    return np.flatnonzero((changed_fit != fit).any(axis=1))


@dataclass(frozen=True)
class _Reference:
    """A Gaussian fitted to the current draws: moves are proposed around it, in coordinates in which it is standard."""

    mean: Floats
    root: Floats

    @classmethod
    def fit(cls, scores: Floats, weights: Floats) -> "_Reference":
        mean = weights @ scores
        centred = scores - mean
        covariance = (centred * weights[:, None]).T @ centred
        blend = (1 - _PRIOR_BLEND) * covariance + _PRIOR_BLEND * np.eye(len(mean))
        return cls(mean, np.asarray(np.linalg.cholesky(blend), dtype=np.float64))

    def whiten(self, scores: Floats) -> Floats:
        return np.asarray((scores - self.mean) @ np.linalg.inv(self.root).T)

    def colour(self, whitened: Floats) -> Floats:
        return np.asarray(self.mean + whitened @ self.root.T)


def _log_density_against_prior(scores: Floats, whitened: Floats) -> Floats:
    """Log of the reference density over the standard normal prior, up to a constant."""
    return np.asarray(0.5 * (scores**2).sum(axis=1) - 0.5 * (whitened**2).sum(axis=1))


def sample(
    log_likelihood: Callable[[Floats], Floats], n_latents: int, effort: Effort, rng: np.random.Generator
) -> Sample:
    """Sample latents from prior x likelihood.

    `log_likelihood` maps scores of shape (draws, n_latents) to one log-likelihood per draw; minus infinity marks a draw
    the evidence rules out. Raises NoPosteriorError when too few prior draws are possible at all.
    """

    def fit_of_all(scores: Floats) -> Floats:
        # Draws do not depend on each other, so chunks of them may run side by side with the same result.
        chunks = [scores[start : start + _CHUNK_DRAWS] for start in range(0, len(scores), _CHUNK_DRAWS)]
        with ThreadPoolExecutor(_WORKERS) as pool:
            return np.concatenate(list(pool.map(log_likelihood, chunks)))

    columns = informed(fit_of_all, n_latents, rng)

    def fit_of(scores: Floats) -> Floats:
        whole = np.zeros((len(scores), n_latents))
        whole[:, columns] = scores
        return fit_of_all(whole)

    scores = rng.standard_normal((effort.prior_draws, n_latents))[:, columns]
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
        raised = largest_step(fit, 1 - reached, min_effective)
        weights = np.exp(raised * (fit - fit.max()))
        reference = _Reference.fit(scores, weights / weights.sum())
        keep = systematic(raised * fit, effort.n_draws, rng)
        scores, fit, ancestor = scores[keep], fit[keep], ancestor[keep]
        reached = min(reached + raised, 1.0)
        n_steps += 1
        whitened = reference.whiten(scores)
        against_prior = _log_density_against_prior(scores, whitened)
        for _ in range(effort.moves_per_step if reached < 1 else effort.final_moves):
            step = np.sqrt(1 - step_size**2) * whitened + step_size * rng.standard_normal(scores.shape)
            proposal = reference.colour(step)
            proposed_fit, proposed_against_prior = fit_of(proposal), _log_density_against_prior(proposal, step)
            gain = reached * (proposed_fit - fit) + against_prior - proposed_against_prior
            better = np.log(rng.random(effort.n_draws)) < gain
            scores[better], whitened[better] = proposal[better], step[better]
            fit[better], against_prior[better] = proposed_fit[better], proposed_against_prior[better]
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
