"""Small worlds for the capacity engine."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd

from models.capacity.run import run, run_lab_draws

AS_OF = date(2026, 10, 2)
SEED = 7
N_DRAWS = 400

STEP: dict[str, Any] = {
    "operator": "Op",
    "cloud_provider": "Cloud",
    "step_number": 1,
    "observed_date": "2025-06-01",
    "previous_observed_date": "2025-05-01",
    "confirmed_date": None,
    "date_basis": "observed",
    "is_started": True,
    "it_increment_mw": 100.0,
    "facility_increment_mw": 120.0,
    "known_from": "2026-09-24",
}
PLAN_COLUMNS = [
    "building_id", "campus_id", "operator", "cloud_provider", "planned_it_capacity_mw", "planned_facility_capacity_mw",
    "is_started", "start_earliest_date", "start_latest_date", "known_from",
]  # fmt: skip
TENANCY_COLUMNS = [
    "tenancy_id", "campus_id", "lab", "cloud_provider", "valid_from", "valid_to", "confidence", "share_low",
    "share_high", "known_from",
]  # fmt: skip
DATES = ("observed_date", "previous_observed_date", "confirmed_date", "known_from", "valid_from", "valid_to",
         "start_earliest_date", "start_latest_date")  # fmt: skip


def frame(rows: Iterable[Mapping[str, Any]], columns: list[str] | None = None) -> pd.DataFrame:
    result = pd.DataFrame(list(rows), columns=columns)
    for column in DATES:
        if column in result:
            result[column] = pd.to_datetime(result[column])
    return result


def step(building_id: str, **changes: Any) -> dict[str, Any]:
    campus_id = building_id.rsplit("-", 1)[0]
    return STEP | {"building_id": building_id, "campus_id": campus_id} | changes


def tenancy(tenancy_id: str, campus_id: str, lab: str, **changes: Any) -> dict[str, Any]:
    return {
        "tenancy_id": tenancy_id, "campus_id": campus_id, "lab": lab, "cloud_provider": "Cloud", "valid_from": None,
        "valid_to": None, "confidence": "likely", "share_low": 0.6, "share_high": 0.9, "known_from": "2026-01-01",
    } | changes  # fmt: skip


STEPS = [
    step("a-b01"),
    step("a-b02"),
    step("a-b03", step_number=2, observed_date="2026-12-01", date_basis="projected"),
    step("b-b01", operator="Other", it_increment_mw=50.0, facility_increment_mw=70.0),
    step("b-b02", operator="Other", step_number=2, observed_date="2027-03-01", date_basis="projected"),
]
TENANCIES = [
    tenancy("a:x", "a", "Lab X", valid_to="2026-05-31"),
    tenancy("a:y", "a", "Lab Y", valid_from="2026-06-01"),
    tenancy("b:x", "b", "Lab X", cloud_provider="Second cloud"),
]


def world(assumptions: pd.DataFrame, steps: Iterable[Mapping[str, Any]] = STEPS,
          tenancies: Iterable[Mapping[str, Any]] = TENANCIES,
          plans: Iterable[Mapping[str, Any]] = ()) -> dict[str, pd.DataFrame]:  # fmt: skip
    return {
        "building_steps": frame(steps),
        "plans": frame(plans, PLAN_COLUMNS),
        "tenancies": frame(tenancies, TENANCY_COLUMNS),
        "assumptions": assumptions,
    }


def quarterly(frames: Mapping[str, pd.DataFrame], seed: int = SEED) -> pd.DataFrame:
    return run(frames, AS_OF, seed, N_DRAWS)


def lab_draws(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return run_lab_draws(frames, AS_OF, SEED, N_DRAWS)


def cells(result: pd.DataFrame, level: str) -> pd.DataFrame:
    """One level of a result, indexed by its keys and the quarter."""
    keys = {"building": ["building_id"], "campus": ["campus_id"]}.get(level, ["lab", "cloud_provider"])
    wanted = result[result["level"] == level].set_index([*keys, "quarter_start_date"]).sort_index()
    return wanted[[c for c in wanted if "_mw_" in c]]


def moved(before: pd.DataFrame, after: pd.DataFrame, level: str) -> set[Any]:
    """First keys of the cells that differ by more than rounding."""
    a, b = cells(before, level), cells(after, level)
    return set(a.index[((a - b).abs() > 1e-9).any(axis=1)].get_level_values(0))
