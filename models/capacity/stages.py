"""What has been seen of each building on the way to operation, ready for the engine (methods: capacity 3b)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.capacity.days import to_days
from models.capacity.parameters import STAGES
from models.capacity.randomness import Floats

FOUNDATION = STAGES.index("foundation") + 1
ENERGISED = STAGES.index("energised") + 1
OPERATIONAL = STAGES.index("operational") + 1


@dataclass(frozen=True)
class BuildingEvidence:
    """Looks at one building; days since 1970, NaN where nothing was seen."""

    stage: str | None
    """The furthest stage before operation that was seen."""
    reached_day: float
    """Middle of the bounds of that stage."""
    unfinished_day: float
    """The last look that showed the building not operational; NaN once it was seen operational."""
    begun_between: tuple[float, float]
    """Last look before the foundation and first that shows it: NaN where there is none."""
    energised_between: tuple[float, float]


@dataclass(frozen=True)
class Evidence:
    """Looks at all buildings, and per campus the furthest stage its text names where no building is told apart."""

    buildings: Mapping[str, BuildingEvidence]
    campus_stage: Mapping[str, str]


def was_looked_at(building_stages: pd.DataFrame) -> pd.DataFrame:
    """The rows about one building, in order of building and stage, without sightings that are estimates.

    A forecast date carried over is no sighting: the stage counts as not seen, and the looks that did not show it end
    with the last one before that date.
    """
    rows = building_stages[~building_stages["is_campus_level"].astype(bool)]
    is_estimate = rows["is_estimate"].astype(bool) & rows["seen_date"].notna()
    return rows.assign(
        seen_date=rows["seen_date"].where(~is_estimate),
        last_look_date=rows["last_look_date"].where(~is_estimate, rows["not_yet_date"]),
    ).sort_values(["building_id", "stage_number"], kind="stable")


def seen_between(rows: pd.DataFrame, window_days: float) -> tuple[Floats, Floats]:
    """Earliest and latest day on which a seen stage was reached; NaN while it is not seen.

    Latest: the first look that shows it. Earliest: the last look that did not, at most two windows before; one window
    before where there was no earlier look.
    """
    seen, before = to_days(rows["seen_date"]), to_days(rows["not_yet_date"])
    earliest = np.where(np.isnan(before), seen - window_days, np.fmax(before, seen - 2 * window_days))
    return np.minimum(earliest, seen), seen


def read_evidence(building_stages: pd.DataFrame, window_days: float) -> Evidence:
    """Turn int_capacity__building_stages (one row per building and stage) into `Evidence`.

    Columns read: building_id, campus_id, stage, stage_number, not_yet_date, seen_date, last_look_date, is_estimate,
    is_campus_level. Rows that are estimates say nothing.
    """
    rows = was_looked_at(building_stages)
    earliest, latest = seen_between(rows, window_days)
    looks: dict[str, list[tuple[int, float, float, float]]] = {}
    denied = {
        (str(building_id), int(number)): float(day)
        for building_id, number, day in zip(
            rows["building_id"], rows["stage_number"], to_days(rows["not_yet_date"]), strict=True
        )
    }
    for building_id, *look in zip(
        rows["building_id"].astype(str), rows["stage_number"].astype(int), earliest, latest,
        to_days(rows["last_look_date"]), strict=True,
    ):  # fmt: skip
        looks.setdefault(building_id, []).append((look[0], float(look[1]), float(look[2]), float(look[3])))
    buildings = {}
    for building_id, found in looks.items():
        bounds = {number: (low, high) for number, low, high, _ in found if not np.isnan(high)}
        on_the_way = [number for number in bounds if number < OPERATIONAL]
        stage, reached = None, float("nan")
        if on_the_way:
            stage, reached = STAGES[max(on_the_way) - 1], sum(bounds[max(on_the_way)]) / 2
        # What says most about operation is its own row; without one, any look at the building showed it unfinished.
        of_operation = [look for number, _, _, look in found if number == OPERATIONAL] or [look for *_, look in found]
        unfinished = float("nan") if OPERATIONAL in bounds else float(np.fmax.reduce(of_operation))
        not_begun, not_energised = (denied.get((building_id, number), np.nan) for number in (FOUNDATION, ENERGISED))
        if on_the_way and max(on_the_way) < FOUNDATION:
            not_begun = float(np.fmax(not_begun, bounds[max(on_the_way)][1]))
        buildings[building_id] = BuildingEvidence(
            stage, reached, unfinished,
            bounds.get(FOUNDATION, (not_begun, np.nan)), bounds.get(ENERGISED, (not_energised, np.nan)),
        )  # fmt: skip
    of_campus = building_stages[
        building_stages["is_campus_level"].astype(bool)
        & ~building_stages["is_estimate"].astype(bool)
        & building_stages["seen_date"].notna()
    ]
    furthest_of = of_campus.groupby("campus_id")["stage_number"].max()
    return Evidence(buildings, {str(name): STAGES[int(number) - 1] for name, number in furthest_of.items()})
