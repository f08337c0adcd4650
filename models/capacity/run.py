"""Adapter between the warehouse's frames and the capacity engine."""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd

from models.capacity.parameters import Parameters, read_parameters
from models.capacity.randomness import Floats
from models.capacity.simulate import CampusDraws, simulate, to_days
from models.capacity.tenancy import LabCloud, allocate

QUARTERS = pd.period_range("2023Q1", "2028Q4", freq="Q")

QUARTERLY_TYPES = {
    **dict.fromkeys(("level", "campus_id", "building_id", "lab", "cloud_provider"), "str"),
    "quarter_start_date": "datetime64[us]",
    **{
        f"{name}_capacity_mw_{statistic}": "float64"
        for name in ("it", "facility")
        for statistic in ("p05", "p50", "p95", "mean")
    },
    **dict.fromkeys(("operational_probability_share", "n_campuses", "confident_share", "speculative_share"), "float64"),
}
"""Columns of `run`: stated, because a build of a day on which no campus was known has no rows to infer them from."""

FRAMES = ("building_steps", "plans", "tenancies", "assumptions")


class LookAheadError(ValueError):
    """A frame holds a row that was not known at `as_of`."""


def _inputs(frames: Mapping[str, pd.DataFrame], as_of: date) -> tuple[Parameters, Floats]:
    for name in FRAMES:
        late = frames[name][pd.to_datetime(frames[name]["known_from"]) > pd.Timestamp(as_of)]
        if len(late):
            raise LookAheadError(
                f"{len(late)} rows of {name} have known_from after {as_of}, the first: {late.iloc[0].to_dict()};"
                " filter the staging model by as_of"
            )
    quarter_ends = to_days(QUARTERS.end_time.to_series().dt.normalize())
    return read_parameters(frames["assumptions"]), quarter_ends


def _quantiles(keys: pd.DataFrame, it_mw: Floats, facility_mw: Floats) -> pd.DataFrame:
    """Rows `keys` x quarters with p05, p50, p95 and mean of the draws; arrays are (keys, quarters, draws)."""
    frame = keys.loc[keys.index.repeat(len(QUARTERS))].reset_index(drop=True)
    frame["quarter_start_date"] = np.tile(QUARTERS.start_time.to_numpy(dtype="datetime64[us]"), len(keys))
    for name, draws in (("it", it_mw), ("facility", facility_mw)):
        p05, p50, p95 = np.quantile(draws, (0.05, 0.5, 0.95), axis=2)
        for statistic, values in (("p05", p05), ("p50", p50), ("p95", p95), ("mean", draws.mean(axis=2))):
            frame[f"{name}_capacity_mw_{statistic}"] = values.ravel()
    return frame


def _lab_quantiles(level: str, cells: dict[tuple[str, str], list[LabCloud]]) -> pd.DataFrame:
    parts = [pd.DataFrame()]
    for (lab, cloud_provider), members in sorted(cells.items()):
        it_mw = sum((m.it_mw for m in members), np.zeros(()))
        facility_mw = sum((m.facility_mw for m in members), np.zeros(()))
        keys = pd.DataFrame({"level": [level], "lab": [lab], "cloud_provider": [cloud_provider]})
        frame = _quantiles(keys, it_mw[None], facility_mw[None])
        frame["n_campuses"] = sum((m.n_campuses for m in members), np.zeros(()))
        for confidence in ("confident", "speculative"):
            part = sum((m.it_mw_by_confidence.get(confidence, np.zeros(len(QUARTERS))) for m in members), np.zeros(()))
            mean = frame["it_capacity_mw_mean"].to_numpy()
            share = np.divide(part, mean, out=np.full(len(mean), np.nan), where=mean > 0)
            # A sum of means can exceed the mean of the sum by a rounding error.
            frame[f"{confidence}_share"] = np.minimum(share, 1.0)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def run(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Quarter-end MW with intervals at every level, one row per level, entity and quarter.

    frames: building_steps (int_capacity__building_steps), plans (int_capacity__plans), tenancies
    (int_capacity__tenancies), assumptions (stg_assumptions), each with known_from.
    Returns level ('building' | 'campus' | 'lab_cloud' | 'lab' | 'total'), the level's keys, quarter_start_date,
    {it,facility}_capacity_mw_{p05,p50,p95,mean}, operational_probability_share (buildings), n_campuses and the shares
    of the mean IT MW that rest on confident and on speculative tenancies (labs). Quantiles are those of the joint
    draws at that level: never add them over rows; means add.
    Raises LookAheadError for a row known after `as_of`, KeyError for a missing assumption.
    """
    parameters, quarter_ends = _inputs(frames, as_of)
    parts: list[pd.DataFrame] = []

    def record(campuses: Iterator[CampusDraws]) -> Iterator[CampusDraws]:
        for campus in campuses:
            keys = pd.DataFrame(
                {"level": "building", "campus_id": campus.campus_id, "building_id": campus.building_ids}
            )
            frame = _quantiles(keys, campus.it_mw, campus.facility_mw)
            frame["operational_probability_share"] = campus.operational_share.ravel()
            parts.append(frame)
            keys = pd.DataFrame({"level": ["campus"], "campus_id": [campus.campus_id]})
            parts.append(_quantiles(keys, campus.it_mw.sum(axis=0)[None], campus.facility_mw.sum(axis=0)[None]))
            yield campus

    simulated = simulate(frames["building_steps"], frames["plans"], parameters, quarter_ends, seed, n_draws)
    labs = allocate(record(simulated), frames["tenancies"], parameters, quarter_ends, seed, n_draws)
    by_lab: dict[tuple[str, str], list[LabCloud]] = {}
    for (lab, _), cell in sorted(labs.items()):
        by_lab.setdefault((lab, "all"), []).append(cell)
    parts.append(_lab_quantiles("lab_cloud", {key: [cell] for key, cell in labs.items()}))
    parts.append(_lab_quantiles("lab", by_lab))
    parts.append(_lab_quantiles("total", {("all", "all"): [cell for _, cell in sorted(labs.items())]} if labs else {}))
    return pd.concat(parts, ignore_index=True).reindex(columns=list(QUARTERLY_TYPES)).astype(QUARTERLY_TYPES)


def run_lab_draws(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """The joint draws behind the lab rows of `run`: lab, cloud_provider, quarter_start_date, draw_id, MW.

    A lab, cloud and quarter that is zero in every draw has no rows. Errors as `run`.
    """
    parameters, quarter_ends = _inputs(frames, as_of)
    simulated = simulate(frames["building_steps"], frames["plans"], parameters, quarter_ends, seed, n_draws)
    labs = allocate(simulated, frames["tenancies"], parameters, quarter_ends, seed, n_draws)
    starts = QUARTERS.start_time.to_numpy(dtype="datetime64[us]")
    keys = sorted(labs)
    live = [np.flatnonzero(labs[key].facility_mw.any(axis=1)) for key in keys]
    rows_per_key = [len(quarters) * n_draws for quarters in live]
    none: Floats = np.empty(0)

    def names(values: list[str]) -> "pd.Categorical[str]":
        levels = sorted(set(values))
        # Millions of rows: category codes instead of a Python string per row.
        codes = np.repeat(np.array([levels.index(v) for v in values], dtype=np.int64), rows_per_key)
        return pd.Categorical.from_codes(codes, pd.Index(levels, dtype="str"))

    return pd.DataFrame(
        {
            "lab": names([lab for lab, _ in keys]),
            "cloud_provider": names([cloud_provider for _, cloud_provider in keys]),
            "quarter_start_date": np.repeat(
                np.concatenate([starts[:0], *(starts[quarters] for quarters in live)]), n_draws
            ),
            "draw_id": np.tile(np.arange(n_draws, dtype=np.int32), sum(len(quarters) for quarters in live)),
            "it_capacity_mw": np.concatenate(
                [none, *(labs[k].it_mw[q].ravel() for k, q in zip(keys, live, strict=True))]
            ),
            "facility_capacity_mw": np.concatenate(
                [none, *(labs[k].facility_mw[q].ravel() for k, q in zip(keys, live, strict=True))]
            ),
        }
    )
