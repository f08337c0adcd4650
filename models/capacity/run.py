"""Adapter between the warehouse's frames and the capacity engine."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd

from models.capacity.days import from_days, to_days
from models.capacity.fit import fit_delay, fit_stages
from models.capacity.labs import UNTRACKED_MEASURES, campus_draws, lab_draws, lab_rows
from models.capacity.parameters import Parameters, read_parameters
from models.capacity.quarters import MEASURES, QUARTERS, quantile_columns, quantile_rows
from models.capacity.randomness import Floats
from models.capacity.simulate import (
    GIGAWATT_MW,
    CampusDraws,
    Model,
    campus_dates,
    energised_lag,
    gigawatt_day,
    plan_dates,
    simulate,
    step_sizes,
)
from models.capacity.stages import read_evidence
from models.capacity.tenancy import allocate
from models.capacity.untracked import LabClouds, add_untracked

QUARTERLY_TYPES = {
    **dict.fromkeys(("level", "campus_id", "building_id", "lab", "cloud_provider"), "str"),
    "quarter_start_date": "datetime64[us]",
    **dict.fromkeys(quantile_columns(MEASURES + UNTRACKED_MEASURES), "float64"),
    **dict.fromkeys(("operational_probability_share", "n_campuses", "confident_share", "speculative_share"), "float64"),
}
"""Columns of `run`: stated, because a build of a day on which no campus was known has no rows to infer them from."""

STAGE_DATE_TYPES = {
    **dict.fromkeys(("building_id", "campus_id", "stage"), "str"),
    "step_number": "Int64",
    **dict.fromkeys(("date_p05", "date_p50", "date_p95"), "datetime64[us]"),
    "probability_by_horizon_share": "float64",
}
"""Columns of `run_stage_dates`."""

FRAMES = ("building_steps", "plans", "projected_steps", "building_stages", "tenancies", "assumptions")
OPTIONAL_FRAMES = ("power_gates", "campuses", "published_totals", "statement_campuses")


class LookAheadError(ValueError):
    """A frame holds a row that was not known at `as_of`."""


def engine(frames: Mapping[str, pd.DataFrame], as_of: date) -> tuple[Model, Floats]:
    """The engine's model, fitted to the frames, and the quarters' last days (days since 1970).

    frames as for `run`. Raises LookAheadError for a row known after `as_of`, KeyError for a missing assumption.
    """
    # Tenancies are no part of the dates and sizes; who only asks for those may leave them out.
    given = [name for name in (*FRAMES, *OPTIONAL_FRAMES) if name in frames or (name in FRAMES and name != "tenancies")]
    for name in given:
        late = frames[name][pd.to_datetime(frames[name]["known_from"]) > pd.Timestamp(as_of)]
        if len(late):
            raise LookAheadError(
                f"{len(late)} rows of {name} have known_from after {as_of}, the first: {late.iloc[0].to_dict()};"
                " filter the staging model by as_of"
            )
    parameters = read_parameters(frames["assumptions"])
    gates = frames.get("power_gates")
    if gates is None:
        gates = pd.DataFrame(columns=["campus_id", "building_number", "power_ready_from_date", "power_ready_to_date"])
    model = Model(
        parameters,
        fit_delay(frames["projected_steps"], parameters.delay, parameters.delay_variance_shares["campus"]),
        fit_stages(frames["building_stages"], parameters.stages),
        read_evidence(frames["building_stages"], parameters.stages.first_window_days),
        _regions(frames.get("campuses")),
        gates,
        float(to_days(pd.Series([pd.Timestamp(as_of)]))[0]),
    )
    return model, to_days(QUARTERS.end_time.to_series().dt.normalize())


def _regions(campuses: pd.DataFrame | None) -> dict[str, str]:
    """Campus to '<country>|<state>', where the country is known."""
    if campuses is None:
        return {}
    known = campuses[campuses["country"].notna()]
    states = known["state"].fillna("")
    return {
        str(c): f"{country}|{state}"
        for c, country, state in zip(known["campus_id"], known["country"], states, strict=True)
    }


def _simulated(
    frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int
) -> tuple[Iterator[CampusDraws], Parameters, Floats]:
    model, quarter_ends = engine(frames, as_of)
    campuses = simulate(frames["building_steps"], frames["plans"], model, quarter_ends, seed, n_draws)
    return campuses, model.parameters, quarter_ends


def _labs(
    frames: Mapping[str, pd.DataFrame], campuses: Iterable[CampusDraws], parameters: Parameters, quarter_ends: Floats,
    seed: int, n_draws: int,
) -> LabClouds:  # fmt: skip
    """Labs with what they use of the campuses, and what published totals say beyond it."""
    labs = allocate(campuses, frames["tenancies"], parameters, quarter_ends, seed, n_draws)
    return add_untracked(labs, frames.get("published_totals"), frames["assumptions"], quarter_ends, seed, n_draws)


def run(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Quarter-end MW with intervals at every level, one row per level, entity and quarter.

    frames: building_steps (int_capacity__building_steps), plans (int_capacity__plans), tenancies
    (int_capacity__tenancies), projected_steps (int_capacity__projected_steps), building_stages
    (int_capacity__building_stages), assumptions (stg_assumptions), each with known_from. May be left out: power_gates
    (int_capacity__power_gates), campuses (stg_evidence__campuses: state and country), published_totals
    (int_capacity__published_totals: without them no lab has an untracked part).
    Returns level ('building' | 'campus' | 'lab_cloud' | 'lab' | 'total'), the level's keys, quarter_start_date, the
    quantiles and mean of every measure (models.capacity.quarters), operational_probability_share (buildings), the
    labs' untracked and total IT MW, n_campuses, and the shares of the mean IT MW that rest on confident and on
    speculative tenancies (labs). Quantiles are those of the joint draws at that level: never add them over rows;
    means add.
    Raises LookAheadError for a row known after `as_of`, KeyError for a missing assumption.
    """
    campuses, parameters, quarter_ends = _simulated(frames, as_of, seed, n_draws)
    parts: list[pd.DataFrame] = []

    def record(campuses: Iterator[CampusDraws]) -> Iterator[CampusDraws]:
        for campus in campuses:
            keys = pd.DataFrame(
                {"level": "building", "campus_id": campus.campus_id, "building_id": campus.building_ids}
            )
            frame = quantile_rows(keys, campus.draws)
            frame["operational_probability_share"] = campus.operational_share.ravel()
            parts.append(frame)
            keys = pd.DataFrame({"level": ["campus"], "campus_id": [campus.campus_id]})
            sums = {measure: draws.sum(axis=0)[None] for measure, draws in campus.draws.items()}
            parts.append(quantile_rows(keys, sums))
            yield campus

    labs = _labs(frames, record(campuses), parameters, quarter_ends, seed, n_draws)
    parts.append(lab_rows(labs))
    return pd.concat(parts, ignore_index=True).reindex(columns=list(QUARTERLY_TYPES)).astype(QUARTERLY_TYPES)


def run_lab_draws(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """The joint draws behind the lab rows of `run`: lab, cloud_provider, quarter_start_date, draw_id, MW.

    A lab, cloud and quarter that is zero in every draw has no rows. Errors as `run`.
    """
    campuses, parameters, quarter_ends = _simulated(frames, as_of, seed, n_draws)
    return lab_draws(_labs(frames, campuses, parameters, quarter_ends, seed, n_draws), n_draws)


def run_campus_draws(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """The joint draws of the campuses in frames['statement_campuses'] (campus_id): a row per campus, quarter and draw.

    Columns: campus_id, quarter_start_date, draw_id, MW per measure. Errors as `run`.
    """
    campuses, _, _ = _simulated(frames, as_of, seed, n_draws)
    wanted = set(frames["statement_campuses"]["campus_id"])
    return campus_draws([campus for campus in campuses if campus.campus_id in wanted], n_draws)


def run_stage_dates(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """When each building is energised, operational and ramped, and when each campus passes 1 GW of facility power.

    frames as for `run`, tenancies not needed. Returns one row per building (NULL building_id: the campus), stage and,
    for buildings with dated steps, the step that opens it: date_p05, date_p50, date_p95 of the joint draws behind
    `run`, NULL where fewer draws than that get there by the last quarter's end, and the share that does. A campus that
    never reaches 1 GW has a share of zero. A plan's pseudo building is ramped when the plan is full.
    """
    model, quarter_ends = engine(frames, as_of)
    horizon = float(quarter_ends[-1])
    rows: list[dict[str, object]] = []

    def add(campus_id: str, building_id: str | None, stage: str, step_number: int | None, days: Floats) -> None:
        # Withdrawn is later than everything: any day past the horizon serves, and keeps the quantiles finite.
        p05, p50, p95 = np.quantile(
            np.where(np.isfinite(days), days, horizon + 1e6), (0.05, 0.5, 0.95), method="higher"
        )
        by_horizon = [value if value <= horizon else np.nan for value in (p05, p50, p95)]
        dates = from_days(np.array(by_horizon))
        rows.append(
            {"campus_id": campus_id, "building_id": building_id, "stage": stage, "step_number": step_number,
             "date_p05": dates[0], "date_p50": dates[1], "date_p95": dates[2],
             "probability_by_horizon_share": float((days <= horizon).mean())}
        )  # fmt: skip

    for name, steps in frames["building_steps"].groupby("campus_id", sort=True):
        dates = campus_dates(steps, model, seed, n_draws)
        opening = ~dates.rows["building_id"].duplicated()
        for i in np.flatnonzero(opening & (dates.rows["facility_increment_mw"] >= 0)):
            row = dates.rows.iloc[i]
            for stage, days in (
                ("energised", dates.energised[i]), ("operational", dates.operational[i]), ("ramped", dates.ramped[i])
            ):  # fmt: skip
                add(str(name), str(row["building_id"]), stage, int(row["step_number"]), days)
        _, facility_mw = step_sizes(dates.rows, model, seed, n_draws)
        add(str(name), None, "passes_1_gw_facility", None, gigawatt_day(dates, facility_mw))
    for _, plan in frames["plans"].sort_values("campus_id").iterrows():
        planned = plan_dates(plan, model, seed, n_draws)
        campus_id, building_id = str(plan["campus_id"]), str(plan["building_id"])
        lag = energised_lag(model, campus_id, seed, n_draws)
        add(campus_id, building_id, "energised", None, planned.first_power - lag)
        add(campus_id, building_id, "operational", None, planned.first_power)
        add(campus_id, building_id, "ramped", None, planned.reached(planned.full_facility_mw))
        add(campus_id, None, "passes_1_gw_facility", None, planned.reached(GIGAWATT_MW))
    return pd.DataFrame(rows, columns=list(STAGE_DATE_TYPES)).astype(STAGE_DATE_TYPES)
