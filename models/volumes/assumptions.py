"""The volumes engine's beliefs: rows of models/assumptions/volumes.csv, and draws from them.

Every uncertain quantity is a transform of one standard normal latent. A prior draw is a vector of latents, so the
inference can move draws without knowing what they mean, and a posterior is a table of latents.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import erf, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

# Half the width of a 5-95% band in standard deviations.
_BAND_SD = 2 * 1.6448536269514722

# Points at which a belief's quantile function is tabulated: standard normal scores, dense enough to interpolate.
_SCORES = np.linspace(-6, 6, 2401)
_STEPS_PER_SCORE = 200
_PROBABILITIES = np.array([0.5 * (1 + erf(score / sqrt(2))) for score in _SCORES])


class AssumptionError(ValueError):
    """An assumption is missing or its row cannot be sampled."""


@dataclass(frozen=True)
class Assumption:
    """One belief: a central value, its 5% and 95% points (bounds if uniform or triangular) and its family."""

    value: float
    low: float
    high: float
    distribution: str


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return a generator that depends on the seed and the names only, never on the order of rows or calls."""
    digest = hashlib.sha256("\x1f".join((str(seed), *names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def from_scores(row: Assumption, scores: Floats) -> Floats:
    """Turn standard normal scores into draws of the belief.

    Raises AssumptionError for an unknown family or a band that is not a band.
    """
    if row.distribution == "fixed":
        return np.full(scores.shape, row.value)
    if not row.low < row.high:
        raise AssumptionError(f"low must be below high, got {row.low} and {row.high}")
    if row.distribution == "normal":
        return row.value + (row.high - row.low) / _BAND_SD * scores
    if row.distribution == "lognormal":
        return np.asarray(row.value * np.exp(np.log(row.high / row.low) / _BAND_SD * scores))
    if row.distribution == "uniform":
        return _read_off(row.low + (row.high - row.low) * _PROBABILITIES, scores)
    if row.distribution == "triangular":
        return _read_off(_triangular_quantiles(row), scores)
    if row.distribution == "beta":
        return _read_off(_beta_quantiles(row), scores)
    raise AssumptionError(
        f"unknown distribution '{row.distribution}'; use fixed, normal, lognormal, uniform, triangular or beta"
    )


def _read_off(quantiles: Floats, scores: Floats) -> Floats:
    """Interpolate a tabulated quantile function; what np.interp does, without its search in an even grid."""
    position = np.clip((scores - _SCORES[0]) * _STEPS_PER_SCORE, 0, len(_SCORES) - 1)
    left = np.minimum(position.astype(np.int64), len(_SCORES) - 2)
    below = quantiles[left]
    return np.asarray(below + (position - left) * (quantiles[left + 1] - below))


@lru_cache(maxsize=256)
def _triangular_quantiles(row: Assumption) -> Floats:
    width, rise, fall = row.high - row.low, row.value - row.low, row.high - row.value
    return np.where(
        rise / width > _PROBABILITIES,
        row.low + np.sqrt(_PROBABILITIES * width * rise),
        row.high - np.sqrt((1 - _PROBABILITIES) * width * fall),
    )


@lru_cache(maxsize=256)
def _beta_quantiles(row: Assumption) -> Floats:
    """Quantiles of the beta with the row's mean and the standard deviation its band implies."""
    variance = ((row.high - row.low) / _BAND_SD) ** 2
    strength = row.value * (1 - row.value) / variance - 1
    if strength <= 0:
        raise AssumptionError(f"the band {row.low} to {row.high} is too wide for a fraction around {row.value}")
    x = (np.arange(20_000) + 0.5) / 20_000
    log_density = (row.value * strength - 1) * np.log(x) + ((1 - row.value) * strength - 1) * np.log1p(-x)
    mass = np.cumsum(np.exp(log_density - log_density.max()))
    return np.asarray(np.interp(_PROBABILITIES, mass / mass[-1], x))


class Assumptions:
    """The rows of the volumes engine that are valid at the build date, keyed by (subject, parameter)."""

    def __init__(self, frame: pd.DataFrame) -> None:
        """Read a frame with columns engine, subject, parameter, value, low, high, distribution.

        Raises AssumptionError when one (subject, parameter) has two rows: staging must have chosen by then.
        """
        own = frame[frame["engine"] == "volumes"]
        twice = own[own.duplicated(["subject", "parameter"])]
        if not twice.empty:
            first = twice.iloc[0]
            raise AssumptionError(
                f"assumption volumes/{first['subject']}/{first['parameter']} has two rows valid at the build date; "
                "pass the staged assumptions, which hold one row per parameter"
            )
        columns = ("subject", "parameter", "value", "low", "high", "distribution")
        self._rows = {
            (str(subject), str(parameter)): Assumption(float(value), float(low), float(high), str(distribution))
            for subject, parameter, value, low, high, distribution in zip(*(own[c] for c in columns), strict=True)
        }

    def has(self, subject: str, parameter: str) -> bool:
        """Return whether the parameter is assumed at all."""
        return (subject, parameter) in self._rows

    def subjects(self) -> list[str]:
        """Return every subject, sorted."""
        return sorted({subject for subject, _ in self._rows})

    def latents(self) -> list[str]:
        """Return the latent of every belief that is not fixed."""
        return [f"{s}/{p}" for (s, p), row in self._rows.items() if row.distribution != "fixed"]

    def row(self, subject: str, parameter: str) -> Assumption:
        """Return a belief. Raises AssumptionError when there is none."""
        try:
            return self._rows[subject, parameter]
        except KeyError:
            raise AssumptionError(
                f"assumption volumes/{subject}/{parameter} is missing; add a row to models/assumptions/volumes.csv"
            ) from None

    def value(self, subject: str, parameter: str) -> float:
        """Return the central value. Raises AssumptionError when there is no such row or it has no value."""
        value = self.row(subject, parameter).value
        if np.isnan(value):
            raise AssumptionError(f"assumption volumes/{subject}/{parameter} needs a value, it has none")
        return value


class Beliefs:
    """A population of draws: the assumptions, and one column of standard normal scores per latent."""

    def __init__(self, assumptions: Assumptions, names: Iterable[str], scores: Floats) -> None:
        """`scores` has shape (draws, latents), its columns in the order of `names`."""
        self.assumptions = assumptions
        # Latents are read one by one: the scores of one lie side by side.
        self.scores = np.asfortranarray(scores)
        self._column = {name: column for column, name in enumerate(names)}

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.scores.shape[0])

    def value(self, subject: str, parameter: str) -> float:
        """Return a central value that is the same in every draw."""
        return self.assumptions.value(subject, parameter)

    def draw(self, subject: str, parameter: str) -> Floats:
        """Return the parameter in every draw, shape (draws,)."""
        row = self.assumptions.row(subject, parameter)
        if row.distribution == "fixed":
            return np.full(self.n_draws, self.value(subject, parameter))
        try:
            return from_scores(row, self.score(f"{subject}/{parameter}"))
        except AssumptionError as error:
            raise AssumptionError(f"assumption volumes/{subject}/{parameter}: {error}") from error

    def score(self, name: str) -> Floats:
        """Return one latent's standard normal scores, shape (draws,)."""
        return np.asarray(self.scores[:, self._column[name]])
