"""Typed access to the assumption rows of one engine, and the guard against knowledge from after `as_of`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd


class LookAheadError(ValueError):
    """A frame holds rows known only after the build's as_of."""


class AssumptionError(ValueError):
    """An assumption row is missing or contradicts itself."""


@dataclass(frozen=True)
class Belief:
    """One assumption row: central value, range, and the distribution that links them."""

    subject: str
    parameter: str
    value: float
    low: float
    high: float
    distribution: str


def refuse_look_ahead(frames: Mapping[str, pd.DataFrame], as_of: date) -> None:
    """Raise LookAheadError naming the frame and the newest date if any `known_from` lies after the day as_of."""
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    for name, frame in sorted(frames.items()):
        if "known_from" not in frame.columns:
            continue
        known = pd.to_datetime(frame["known_from"])
        late = int((known >= end).sum())
        if late:
            raise LookAheadError(
                f"{late} row(s) of '{name}' became known after {as_of} (newest {known.max():%Y-%m-%d}): "
                "filter the frame by known_from before calling the engine."
            )


class Assumptions:
    """The rows of one engine, looked up by (subject, parameter)."""

    def __init__(self, frame: pd.DataFrame, engine: str) -> None:
        """Take the valid rows of `stg_assumptions`; raise AssumptionError on duplicates or an unordered range."""
        self._rows: dict[tuple[str, str], Belief] = {}
        for row in frame[frame["engine"] == engine].to_dict("records"):
            key = (str(row["subject"]), str(row["parameter"]))
            value = float(row["value"])
            low = value if pd.isna(row["low"]) else float(row["low"])
            high = value if pd.isna(row["high"]) else float(row["high"])
            if key in self._rows:
                raise AssumptionError(f"two valid rows for {key}: one value per subject and parameter.")
            if not low <= value <= high:
                raise AssumptionError(f"{key}: low <= value <= high does not hold ({low}, {value}, {high}).")
            self._rows[key] = Belief(key[0], key[1], value, low, high, str(row["distribution"]))

    def find(self, subject: str, parameter: str) -> Belief | None:
        """The row, or None where there is none."""
        return self._rows.get((subject, parameter))

    def get(self, subject: str, parameter: str) -> Belief:
        """The row; raises AssumptionError naming what is missing."""
        belief = self.find(subject, parameter)
        if belief is None:
            raise AssumptionError(
                f"no assumption row for subject '{subject}', parameter '{parameter}': "
                "add it to models/assumptions/tco.csv with its source and known_from."
            )
        return belief

    def subjects(self, parameter: str) -> list[str]:
        """Subjects that have this parameter, sorted."""
        return sorted(subject for subject, name in self._rows if name == parameter)
