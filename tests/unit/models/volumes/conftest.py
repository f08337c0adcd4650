"""A small world for the volumes engine: the repository's own assumptions, made-up evidence, few draws."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.volumes.assumptions import Assumptions, Beliefs
from models.volumes.engine import latent_names

ASSUMPTIONS = Path(__file__).parents[4] / "models" / "assumptions" / "volumes.csv"
AS_OF = date(2026, 11, 22)


@pytest.fixture(scope="session")
def assumptions_on() -> Callable[[date], pd.DataFrame]:
    """The rows valid on a day, with fewer prior draws and moves so that a run takes a second or two."""

    def on(day: date) -> pd.DataFrame:
        rows = pd.read_csv(ASSUMPTIONS, dtype={"subject": str}, parse_dates=["known_from"])
        rows = rows[rows["known_from"].isna() | (rows["known_from"] <= pd.Timestamp(day))]
        rows = rows.sort_values("known_from", na_position="first")
        rows = rows.drop_duplicates(["subject", "parameter"], keep="last")
        for parameter, value in {"prior_draws": 4000, "moves_per_step": 3, "final_moves": 8}.items():
            rows.loc[rows["parameter"] == parameter, "value"] = value
        return rows.reset_index(drop=True)

    return on


@pytest.fixture(scope="session")
def assumptions(assumptions_on: Callable[[date], pd.DataFrame]) -> pd.DataFrame:
    """The rows valid on AS_OF."""
    return assumptions_on(AS_OF)


@pytest.fixture(scope="session")
def skus() -> pd.DataFrame:
    """Two SKUs in the generations that have several, one in the others."""
    return pd.DataFrame(
        [
            ("trn1-32xlarge", "Trainium1"),
            ("trn2-48xlarge", "Trainium2"),
            ("trn2-ultraserver", "Trainium2"),
            ("trn3-gen1-ultraserver", "Trainium3"),
            ("trn3-gen2-ultraserver", "Trainium3"),
            ("trn4-ualink", "Trainium4"),
        ],
        columns=["sku_id", "generation"],
    )


@pytest.fixture(scope="session")
def landed() -> pd.DataFrame:
    """One disclosure: 1.4 million Trainium2 chips landed by the end of 2025."""
    return pd.DataFrame(
        [("landed", "disclosure", "Trainium2", "2024-01-01", "2025-12-31", 1_400_000.0, "amazon", "2026-02-05")],
        columns=[
            "estimate_id",
            "evidence_kind",
            "generation",
            "period_start",
            "period_end",
            "value_units",
            "root_id",
            "known_from",
        ],
    )


@pytest.fixture(scope="session")
def accton() -> pd.DataFrame:
    """Accton's revenue: flat base in 2023, boards on top of it from mid-2024 (billion TWD a month)."""
    months = pd.period_range("2023-01", "2025-12", freq="M")
    billion = np.where(months < pd.Period("2024-04", "M"), 7.0, np.linspace(2, 25, len(months)))
    return pd.DataFrame(
        {
            "ticker": "2345",
            "revenue_month": months.astype(str),
            "revenue_twd_thousand": billion * 1e6,
            "known_from": [(m + 1).to_timestamp() + pd.Timedelta(days=9) for m in months],
        }
    )


@pytest.fixture(scope="session")
def nvidia() -> pd.DataFrame:
    """Control series: Nvidia's monthly revenue, growing ninefold over the three years of the made-up suppliers."""
    months = pd.period_range("2023-01", "2025-12", freq="M")
    return pd.DataFrame(
        {
            "series": "NVDA",
            "revenue_month": months.astype(str),
            "value": 2000 * 9 ** (np.arange(len(months)) / 35),
            "known_from": [(m + 1).to_timestamp() + pd.Timedelta(days=34) for m in months],
        }
    )


@pytest.fixture(scope="session")
def power() -> pd.DataFrame:
    """Site power: 0.9 GW of IT power at the Trainium campuses at the end of 2025."""
    return pd.DataFrame(
        [("seen", "2025-12-31", 900.0, "satellite", "2026-01-03")],
        columns=["observation_id", "observed_date", "it_power_mw", "root_id", "known_from"],
    )


@pytest.fixture
def prior(assumptions: pd.DataFrame) -> Callable[[int], Beliefs]:
    """Prior beliefs: n draws of every latent."""

    def draw(n_draws: int) -> Beliefs:
        table = Assumptions(assumptions)
        names = latent_names(table)
        return Beliefs(table, names, np.random.default_rng(1).standard_normal((n_draws, len(names))))

    return draw
