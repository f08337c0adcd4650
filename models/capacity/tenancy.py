"""Who uses a campus: sampled, time-valid shares of its MW, the rest unassigned (methods: capacity 3e)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.capacity.days import to_days
from models.capacity.parameters import CONFIDENCES, Parameters
from models.capacity.quarters import MEASURES
from models.capacity.randomness import Floats, uniforms
from models.capacity.simulate import CampusDraws

UNASSIGNED = "Unassigned"


@dataclass
class LabCloud:
    """One lab on one cloud: MW per measure of shape (quarters, draws), and what it rests on, shape (quarters,)."""

    mw: dict[str, Floats]
    n_campuses: Floats
    it_mw_by_confidence: dict[str, Floats] = field(default_factory=dict)
    untracked_it_mw: Floats | None = None
    """IT MW beyond the listed campuses, (quarters, draws); NaN in quarters, None if no total is published at all."""

    def add(self, mw: Mapping[str, Floats], share: Floats, confidence: str | None) -> None:
        """Add a share, (quarters, draws), of one campus's MW."""
        for measure in MEASURES:
            self.mw[measure] += mw[measure] * share
        self.n_campuses += (mw["facility"] * share).any(axis=1)
        if confidence is not None:
            before = self.it_mw_by_confidence.get(confidence, np.zeros(len(share)))
            self.it_mw_by_confidence[confidence] = before + (mw["it"] * share).mean(axis=1)


def campus_shares(
    tenancies: pd.DataFrame, parameters: Parameters, quarter_ends: Floats, seed: int, n_draws: int
) -> Floats:
    """Shares of one campus per tenancy, shape (tenancies, quarters, draws), 0 outside the validity, sum at most 1.

    A tenancy counts at a quarter end that lies within valid_from..valid_to, both included, either open. One share is
    drawn per tenancy and kept over time. Tenancies that claim more than the campus are scaled down together.
    Raises ValueError on an unknown confidence or a share range outside 0..1.
    """
    shares = np.empty((len(tenancies), n_draws))
    stated = tenancies[["share_low", "share_high"]].to_numpy(dtype=np.float64)
    names = zip(tenancies["tenancy_id"].astype(str), tenancies["confidence"].astype(str), strict=True)
    for i, (tenancy_id, confidence) in enumerate(names):
        if confidence not in CONFIDENCES:
            raise ValueError(f"tenancy {tenancy_id}: confidence {confidence!r} is none of {CONFIDENCES}")
        low, high = parameters.tenancy_share[confidence] if np.isnan(stated[i]).any() else stated[i]
        if not 0 <= low <= high <= 1:
            raise ValueError(f"tenancy {tenancy_id}: share {low}..{high} is not a range within 0..1")
        shares[i] = low + (high - low) * uniforms(seed, "tenancy", tenancy_id, n_draws)
    start = np.nan_to_num(to_days(tenancies["valid_from"]), nan=-np.inf)
    end = np.nan_to_num(to_days(tenancies["valid_to"]), nan=np.inf)
    valid = (start[:, None] <= quarter_ends) & (quarter_ends <= end[:, None])
    weights = shares[:, None, :] * valid[:, :, None]
    return np.asarray(weights / np.maximum(weights.sum(axis=0), 1.0), dtype=np.float64)


def allocate(
    campuses: Iterable[CampusDraws],
    tenancies: pd.DataFrame,
    parameters: Parameters,
    quarter_ends: Floats,
    seed: int,
    n_draws: int,
) -> dict[tuple[str, str], LabCloud]:
    """Split every campus over labs: {(lab, cloud_provider): LabCloud}, with the rest under lab 'Unassigned'.

    In every draw and quarter the labs and 'Unassigned' add up to the campuses.
    """
    shape = (len(quarter_ends), n_draws)
    result: dict[tuple[str, str], LabCloud] = {}

    def cell(lab: str, cloud_provider: str) -> LabCloud:
        none = {measure: np.zeros(shape) for measure in MEASURES}
        return result.setdefault((lab, cloud_provider), LabCloud(none, np.zeros(len(quarter_ends))))

    by_campus = {str(name): rows for name, rows in tenancies.sort_values("tenancy_id").groupby("campus_id")}
    for campus in campuses:
        mw = {measure: draws.sum(axis=0) for measure, draws in campus.draws.items()}
        rest = np.ones(shape)
        if campus.campus_id in by_campus:
            rows = by_campus[campus.campus_id]
            shares = campus_shares(rows, parameters, quarter_ends, seed, n_draws)
            rest = np.clip(1 - shares.sum(axis=0), 0.0, 1.0)
            clouds = rows["cloud_provider"].fillna(campus.cloud_provider)
            for share, lab, cloud_provider, confidence in zip(
                shares, rows["lab"], clouds, rows["confidence"], strict=True
            ):
                cell(lab, cloud_provider).add(mw, share, confidence)
        cell(UNASSIGNED, campus.cloud_provider).add(mw, rest, None)
    return result
