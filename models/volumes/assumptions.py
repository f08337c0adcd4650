"""The volumes engine's assumptions: look-up and sampling of the rows of models/assumptions/volumes.csv."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

# Half the width of a 5-95% band in standard deviations.
_BAND_SD = 2 * 1.6448536269514722


class AssumptionError(ValueError):
    """An assumption is missing or its row cannot be sampled."""


@dataclass(frozen=True)
class Assumption:
    """One belief: a central value, its band and the family it is drawn from."""

    value: float
    low: float
    high: float
    distribution: str


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return a generator that depends on the seed and the names only, never on the order of rows or calls."""
    digest = hashlib.sha256("\x1f".join((str(seed), *names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


class Assumptions:
    """The rows of one engine that are valid at the build date, keyed by (subject, parameter)."""

    def __init__(self, rows: Mapping[tuple[str, str], Assumption], seed: int) -> None:
        self._rows = dict(rows)
        self._seed = seed

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, seed: int) -> "Assumptions":
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
        rows = {
            (str(subject), str(parameter)): Assumption(float(value), float(low), float(high), str(distribution))
            for subject, parameter, value, low, high, distribution in zip(*(own[c] for c in columns), strict=True)
        }
        return cls(rows, seed)

    def has(self, subject: str, parameter: str) -> bool:
        """Return whether the parameter is assumed at all."""
        return (subject, parameter) in self._rows

    def subjects(self) -> list[str]:
        """Return every subject, sorted."""
        return sorted({subject for subject, _ in self._rows})

    def value(self, subject: str, parameter: str) -> float:
        """Return the central value. Raises AssumptionError when there is no such row or it has no value."""
        value = self._row(subject, parameter).value
        if np.isnan(value):
            raise AssumptionError(f"assumption volumes/{subject}/{parameter} needs a value, it has none")
        return value

    def sample(self, subject: str, parameter: str, size: int) -> Floats:
        """Draw `size` values; low and high are the 5% and 95% points (bounds for uniform and triangular)."""
        row = self._row(subject, parameter)
        rng = generator(self._seed, "volumes", subject, parameter)
        if row.distribution == "fixed":
            return np.full(size, self.value(subject, parameter))
        if not row.low < row.high:
            raise AssumptionError(
                f"assumption volumes/{subject}/{parameter}: low must be below high, got {row.low} and {row.high}"
            )
        if row.distribution == "normal":
            return rng.normal(row.value, (row.high - row.low) / _BAND_SD, size)
        if row.distribution == "lognormal":
            return np.exp(rng.normal(np.log(row.value), np.log(row.high / row.low) / _BAND_SD, size))
        if row.distribution == "uniform":
            return rng.uniform(row.low, row.high, size)
        if row.distribution == "triangular":
            return rng.triangular(row.low, row.value, row.high, size)
        if row.distribution == "beta":
            # Moments matched to the band: good enough for fractions whose band is itself a judgement.
            variance = ((row.high - row.low) / _BAND_SD) ** 2
            strength = row.value * (1 - row.value) / variance - 1
            return rng.beta(row.value * strength, (1 - row.value) * strength, size)
        raise AssumptionError(
            f"assumption volumes/{subject}/{parameter}: unknown distribution '{row.distribution}'; "
            "use fixed, normal, lognormal, uniform, triangular or beta"
        )

    def _row(self, subject: str, parameter: str) -> Assumption:
        try:
            return self._rows[subject, parameter]
        except KeyError:
            raise AssumptionError(
                f"assumption volumes/{subject}/{parameter} is missing; add a row to models/assumptions/volumes.csv"
            ) from None
