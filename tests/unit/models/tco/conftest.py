"""Small frames in the shape the warehouse hands to the engine, with the real assumption rows."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from tests.unit.models.tco.cases import AS_OF, GB200, SYSTEM, TRAINIUM2, assumptions_as_of


@pytest.fixture
def assumptions() -> pd.DataFrame:
    return assumptions_as_of(AS_OF)


@pytest.fixture
def systems() -> pd.DataFrame:
    """H100, GB200 and Trainium2 in both vintages."""
    rows = [{**SYSTEM, **chip, "assumption_vintage": v} for chip in ({}, GB200, TRAINIUM2) for v in ("v2025", "v2026")]
    return pd.DataFrame(rows)


@pytest.fixture
def benchmarks() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": ["T1", "T2", "T3"],
            "accelerator_id": ["gb200", "gb200", "h100-sxm"],
            "framework_family": "sglang",
            "is_disaggregated": True,
            "interactivity_tok_per_s_user": [30.0, 70.0, 40.0],
            "output_tok_per_s_chip": [1000.0, 500.0, 100.0],
            "known_from": pd.to_datetime(["2025-12-05", "2025-12-05", "2026-02-08"]),
        }
    )


@pytest.fixture
def markets() -> pd.DataFrame:
    """Two states, one dearer and one cheaper than the country."""
    return pd.DataFrame(
        {
            "market": ["California", "Texas"],
            "price_to_us_ratio": [2.31, 0.78],
            "known_from": pd.to_datetime(["2023-12-31", "2023-12-31"]),
        }
    )


@pytest.fixture
def frames(
    systems: pd.DataFrame, benchmarks: pd.DataFrame, markets: pd.DataFrame, assumptions: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    return {"systems": systems, "benchmarks": benchmarks, "markets": markets, "assumptions": assumptions}


@pytest.fixture
def set_assumption(assumptions: pd.DataFrame) -> Callable[[str, str, float], pd.DataFrame]:
    """A copy of the assumptions with one value changed and its range moved along."""

    def change(subject: str, parameter: str, value: float) -> pd.DataFrame:
        changed = assumptions.copy()
        row = (changed["subject"] == subject) & (changed["parameter"] == parameter)
        assert row.sum() == 1
        shift = value - changed.loc[row, "value"]
        for column in ("value", "low", "high"):
            changed.loc[row, column] += shift
        return changed

    return change
