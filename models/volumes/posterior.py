"""From prior draws to equal-weight posterior draws: tempered importance resampling.

Prior draws are weighted by likelihood^r and resampled; r rises from 0 to 1 in steps so small that the effective sample
size never collapses (sequential Monte Carlo; Del Moral, Doucet, Jasra 2006). Between steps each draw makes
preconditioned Crank-Nicolson moves (Cotter et al. 2013), which keep the normal prior and need only the likelihood, so
copies of one ancestor part again.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from models.volumes.assumptions import Floats

_TARGET_ACCEPTANCE = 0.25

# Part of the prior covariance kept in the reference, so that few effective draws cannot make it singular.
_PRIOR_BLEND = 0.05

# Draws evaluated in one go: enough that two threads seldom wait for Python between steps, few enough for the cache.
_CHUNK_DRAWS = 1000
_WORKERS = 2

# Draws in which each latent is changed alone to see whether the likelihood depends on it.
_PROBES = 32
_ROUNDING = 1e-9


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

    The others keep their prior exactly, so nothing is spent on moving them. A difference as small as rounding is none.
    """
    scores, other = rng.standard_normal((2, _PROBES, n_latents))
    fit = log_likelihood(scores)
    changed = np.tile(scores, (n_latents, 1, 1))
    every = np.arange(n_latents)
    changed[every, :, every] = other.T
    changed_fit = log_likelihood(changed.reshape(-1, n_latents)).reshape(n_latents, _PROBES)
    return np.flatnonzero(~np.isclose(changed_fit, fit, rtol=_ROUNDING, atol=_ROUNDING).all(axis=1))


@dataclass(frozen=True)
class _Reference:
    """A Gaussian fitted to the current draws: moves are proposed around it, in coordinates in which it is standard."""

    mean: Floats
    root: Floats
    inverse_root: Floats

    @classmethod
    def fit(cls, scores: Floats, weights: Floats) -> "_Reference":
        mean = weights @ scores
        # One factor times itself: BLAS then computes half of the symmetric product.
        scaled = (scores - mean) * np.sqrt(weights)[:, None]
        blend = (1 - _PRIOR_BLEND) * (scaled.T @ scaled) + _PRIOR_BLEND * np.eye(len(mean))
        root = np.linalg.cholesky(blend)
        return cls(mean, np.asarray(root, dtype=np.float64), np.asarray(np.linalg.inv(root), dtype=np.float64))

    def whiten(self, scores: Floats) -> Floats:
        return np.asarray((scores - self.mean) @ self.inverse_root.T)

    def colour(self, whitened: Floats) -> Floats:
        return np.asarray(self.mean + whitened @ self.root.T)


def _log_density_against_prior(scores: Floats, whitened: Floats) -> Floats:
    """Log of the reference density over the standard normal prior, up to a constant."""
    return np.asarray(0.5 * (scores**2).sum(axis=1) - 0.5 * (whitened**2).sum(axis=1))


@dataclass
class _Population:
    """Draws on their way from prior to posterior. Draws do not depend on each other, so any part can move by itself."""

    scores: Floats
    fit: Floats
    ancestor: npt.NDArray[np.int64]
    whitened: Floats = field(init=False)
    against_prior: Floats = field(init=False)

    def resample(self, keep: npt.NDArray[np.int64]) -> None:
        """Replace the draws by those at `keep`."""
        self.scores, self.fit, self.ancestor = self.scores[keep], self.fit[keep], self.ancestor[keep]
        self.whitened, self.against_prior = np.empty_like(self.scores), np.empty_like(self.fit)

    def refer(self, part: slice, reference: _Reference) -> None:
        """Describe a part of the draws in the coordinates of a new reference."""
        self.whitened[part] = reference.whiten(self.scores[part])
        self.against_prior[part] = _log_density_against_prior(self.scores[part], self.whitened[part])

    def move(
        self,
        part: slice,
        reference: _Reference,
        proposed: tuple[Floats, Floats],
        step_size: float,
        exponent: float,
        fit_of: Callable[[Floats], Floats],
    ) -> int:
        """Make one move of a part of the draws, given noise and uniforms for all; return how many moved."""
        noise, uniform = (of_all[part] for of_all in proposed)
        step = np.sqrt(1 - step_size**2) * self.whitened[part] + step_size * noise
        proposal = reference.colour(step)
        fit, against_prior = fit_of(proposal), _log_density_against_prior(proposal, step)
        gain = exponent * (fit - self.fit[part]) + self.against_prior[part] - against_prior
        better = np.flatnonzero(np.log(uniform) < gain)
        at = part.start + better
        self.scores[at], self.whitened[at] = proposal[better], step[better]
        self.fit[at], self.against_prior[at] = fit[better], against_prior[better]
        return len(better)


def sample(
    log_likelihood: Callable[[Floats], Floats], n_latents: int, effort: Effort, rng: np.random.Generator
) -> Sample:
    """Sample latents from prior x likelihood.

    `log_likelihood` maps scores of shape (draws, n_latents) to one log-likelihood per draw; minus infinity marks a draw
    the evidence rules out. It is called from several threads. Raises NoPosteriorError when too few prior draws are
    possible at all.
    """
    columns = informed(log_likelihood, n_latents, rng)

    def fit_of(scores: Floats) -> Floats:
        whole = np.zeros((len(scores), n_latents), order="F")
        whole[:, columns] = scores
        return log_likelihood(whole)

    def noise() -> tuple[Floats, Floats]:
        return rng.standard_normal(draws.scores.shape), rng.random(effort.n_draws)

    with ThreadPoolExecutor(_WORKERS) as pool:
        scores = rng.standard_normal((effort.prior_draws, n_latents))[:, columns]
        fit = np.concatenate(list(pool.map(lambda part: fit_of(scores[part]), _chunks(effort.prior_draws))))
        possible = np.flatnonzero(np.isfinite(fit))
        min_effective = effort.min_effective_share * effort.n_draws
        if possible.size < min_effective:
            raise NoPosteriorError(
                f"only {possible.size} of {effort.prior_draws} prior draws can explain the evidence at all: "
                "widen the priors in models/assumptions/volumes.csv or check the evidence rows"
            )
        draws = _Population(scores[possible], fit[possible], possible)
        parts = _chunks(effort.n_draws)
        reached, step_size, n_steps = 0.0, 0.5, 0
        accepted: list[float] = []
        while reached < 1:
            raised = largest_step(draws.fit, 1 - reached, min_effective)
            weights = np.exp(raised * (draws.fit - draws.fit.max()))
            reference = _Reference.fit(draws.scores, weights / weights.sum())
            draws.resample(systematic(raised * draws.fit, effort.n_draws, rng))
            reached = min(reached + raised, 1.0)
            n_steps += 1
            list(pool.map(lambda part, to=reference: draws.refer(part, to), parts))
            moves_left = effort.moves_per_step if reached < 1 else effort.final_moves
            proposed = noise()
            while moves_left:
                moved = pool.map(
                    partial(
                        draws.move,
                        reference=reference,
                        proposed=proposed,
                        step_size=step_size,
                        exponent=reached,
                        fit_of=fit_of,
                    ),
                    parts,
                )
                moves_left -= 1
                # Drawn while the parts move.
                proposed = noise() if moves_left else proposed
                accepted.append(sum(moved) / effort.n_draws)
                step_size = float(np.clip(step_size * np.exp(accepted[-1] - _TARGET_ACCEPTANCE), 0.05, 0.95))
    result = rng.standard_normal((effort.n_draws, n_latents))
    result[:, columns] = draws.scores
    return Sample(result, draws.ancestor, n_steps, float(np.mean(accepted[-effort.final_moves :])))


def _chunks(n_draws: int) -> list[slice]:
    return [slice(start, min(start + _CHUNK_DRAWS, n_draws)) for start in range(0, n_draws, _CHUNK_DRAWS)]


def effective_draws(values: Floats, ancestor: npt.NDArray[np.int64]) -> float:
    """Effective number of draws behind the mean of `values`, from the genealogy (Lee, Whiteley 2018).

    Descendants of one ancestor that still move together count as little more than one draw.
    """
    deviation = values - values.mean()
    _, family = np.unique(ancestor, return_inverse=True)
    between = float((np.bincount(family, weights=deviation) ** 2).sum())
    own = float((deviation**2).sum())
    return len(values) * min(own / between, 1.0) if between > 0 else float(len(values))
