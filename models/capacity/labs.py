"""Lab tables: the draws of labs on clouds as rows with quantiles and as draws (methods: capacity 3e)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from models.capacity.quarters import MEASURES, QUARTERS, quantile_rows
from models.capacity.randomness import Floats
from models.capacity.simulate import CampusDraws
from models.capacity.tenancy import LabCloud
from models.capacity.untracked import UNKNOWN_CLOUD

LabClouds = Mapping[tuple[str, str], LabCloud]

UNTRACKED_MEASURES = ("untracked_it", "total_it")
"""Measures of labs only: IT MW beyond the listed campuses; that plus the tracked MW. NaN where no total is known."""


def lab_rows(labs: LabClouds) -> pd.DataFrame:
    """Rows with quantiles at the levels lab_cloud, lab and total, from what `allocate` and `add_untracked` give.

    Columns: level, lab, cloud_provider ('all' above lab_cloud), quarter_start_date, the measures' quantiles, n_campuses
    and the shares of the mean IT MW resting on confident and on speculative tenancies. Level total has no untracked
    part: what a lab uses beyond its listed campuses may stand under 'Unassigned' and would count twice.
    """
    by_lab: dict[tuple[str, str], list[tuple[str, LabCloud]]] = {}
    for (lab, cloud_provider), cell in sorted(labs.items()):
        by_lab.setdefault((lab, "all"), []).append((cloud_provider, cell))
    parts = [pd.DataFrame()]
    for key, cell in sorted(labs.items()):
        parts.append(_rows("lab_cloud", key, [cell], cell.untracked_it_mw))
    for key, members in by_lab.items():
        parts.append(_rows("lab", key, [cell for _, cell in members], lab_untracked(members)))
    if labs:
        parts.append(_rows("total", ("all", "all"), [cell for _, cell in sorted(labs.items())], None))
    return pd.concat(parts, ignore_index=True)


def lab_untracked(members: Sequence[tuple[str, LabCloud]]) -> Floats | None:
    """Untracked IT MW of a lab over its clouds, (quarters, draws); NaN where its whole is unknown, None if always.

    Where the whole is known the cloud 'unknown' has a figure, even if it is nought.
    """
    whole = dict(members).get(UNKNOWN_CLOUD)
    if whole is None or whole.untracked_it_mw is None:
        return None
    total = sum((np.nan_to_num(c.untracked_it_mw) for _, c in members if c.untracked_it_mw is not None), np.zeros(()))
    return np.where(np.isnan(whole.untracked_it_mw), np.nan, total)


def _rows(level: str, key: tuple[str, str], members: list[LabCloud], untracked: Floats | None) -> pd.DataFrame:
    keys = pd.DataFrame({"level": [level], "lab": [key[0]], "cloud_provider": [key[1]]})
    draws = {measure: sum((m.mw[measure] for m in members), np.zeros(()))[None] for measure in MEASURES}
    if untracked is not None:
        draws |= {"untracked_it": untracked[None], "total_it": draws["it"] + untracked}
    frame = quantile_rows(keys, draws)
    frame["n_campuses"] = sum((m.n_campuses for m in members), np.zeros(()))
    for confidence in ("confident", "speculative"):
        part = sum((m.it_mw_by_confidence.get(confidence, np.zeros(len(QUARTERS))) for m in members), np.zeros(()))
        mean = frame["it_capacity_mw_mean"].to_numpy()
        share = np.divide(part, mean, out=np.full(len(mean), np.nan), where=mean > 0)
        # A sum of means can exceed the mean of the sum by a rounding error.
        frame[f"{confidence}_share"] = np.minimum(share, 1.0)
    return frame


def lab_draws(labs: LabClouds, n_draws: int) -> pd.DataFrame:
    """The joint draws behind `lab_rows`: lab, cloud_provider, quarter_start_date, draw_id and MW per measure.

    A lab, cloud and quarter that is zero in every draw and measure has no rows.
    """
    unknown = np.full((len(QUARTERS), n_draws), np.nan)
    tables: dict[tuple[str, str], dict[str, Floats]] = {}
    for key, cell in sorted(labs.items()):
        untracked = unknown if cell.untracked_it_mw is None else cell.untracked_it_mw
        tables[key] = cell.mw | {"untracked_it": untracked, "total_it": cell.mw["it"] + untracked}
    columns = pd.DataFrame({"lab": [lab for lab, _ in tables], "cloud_provider": [cloud for _, cloud in tables]})
    return _draw_rows(columns, list(tables.values()), n_draws, (*MEASURES, *UNTRACKED_MEASURES))


def campus_draws(campuses: Sequence[CampusDraws], n_draws: int) -> pd.DataFrame:
    """The joint draws of whole campuses: campus_id, quarter_start_date, draw_id and MW per measure.

    A campus and quarter that is zero in every draw and measure has no rows.
    """
    tables = [{name: mw.sum(axis=0) for name, mw in campus.draws.items()} for campus in campuses]
    columns = pd.DataFrame({"campus_id": [campus.campus_id for campus in campuses]})
    return _draw_rows(columns, tables, n_draws, MEASURES)


def _draw_rows(
    keys: pd.DataFrame, tables: Sequence[Mapping[str, Floats]], n_draws: int, measures: Sequence[str]
) -> pd.DataFrame:
    """One row per row of `keys`, quarter and draw, with a column per measure; arrays are (quarters, draws)."""
    starts = QUARTERS.start_time.to_numpy(dtype="datetime64[us]")
    live = [
        np.flatnonzero(np.any([(np.nan_to_num(mw[measure], nan=0.0) != 0).any(axis=1) for measure in measures], axis=0))
        for mw in tables
    ]
    rows_per_key = [len(quarters) * n_draws for quarters in live]
    none: Floats = np.empty(0)

    def names(values: list[str]) -> "pd.Categorical[str]":
        levels = sorted(set(values))
        # Millions of rows: category codes instead of a Python string per row.
        codes = np.repeat(np.array([levels.index(v) for v in values], dtype=np.int64), rows_per_key)
        return pd.Categorical.from_codes(codes, pd.Index(levels, dtype="str"))

    result: dict[str, object] = {str(column): names([str(v) for v in keys[column]]) for column in keys}
    result["quarter_start_date"] = np.repeat(
        np.concatenate([starts[:0], *(starts[quarters] for quarters in live)]), n_draws
    )
    result["draw_id"] = np.tile(np.arange(n_draws, dtype=np.int32), sum(len(quarters) for quarters in live))
    for measure in measures:
        result[f"{measure}_capacity_mw"] = np.concatenate(
            [none, *(mw[measure][quarters].ravel() for mw, quarters in zip(tables, live, strict=True))]
        )
    return pd.DataFrame(result)
