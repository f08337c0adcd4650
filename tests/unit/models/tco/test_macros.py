"""The SQL macros of the published file agree with the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from models.tco import cost
from models.tco.centre import run_inputs
from models.tco.run import KEY, run, run_draws
from tests.unit.models.tco.cases import AS_OF

MACROS = Path(__file__).parents[4] / "serve" / "macros" / "tco.sql"


@pytest.fixture
def published(frames: dict[str, pd.DataFrame]) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    draws = run_draws(frames, AS_OF, 7, 500)
    connection.register("engine_draws", draws)
    connection.execute("create schema draws; create table draws.tco_by_system as select * from engine_draws")
    connection.register("engine_inputs", run_inputs(frames, AS_OF))
    connection.execute("create schema marts; create table marts.tco_inputs as select * from engine_inputs")
    connection.execute(MACROS.read_text(encoding="utf-8"))
    yield connection
    connection.close()


def test_annuity_equals_the_engine(published: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(0)
    inputs = pd.DataFrame(
        {
            "capex": rng.uniform(1e3, 2e5, 500),
            "wacc": np.where(rng.random(500) < 0.05, 0.0, rng.uniform(0.001, 0.25, 500)),
            "life_years": rng.uniform(1, 15, 500),
            "residual_share": rng.uniform(0, 0.5, 500),
        }
    )
    published.register("inputs", inputs)
    sql = published.execute(
        "select annuity_usd_per_hour(capex, wacc, life_years, residual_share := residual_share) from inputs"
    ).fetchnumpy()
    engine = cost.capital_usd_per_hour(*(inputs[c].to_numpy() for c in inputs))
    np.testing.assert_allclose(next(iter(sql.values())), engine, rtol=1e-9, atol=1e-9)
    assert published.execute("select annuity_usd_per_hour(31250, 0.06, 4)").fetchone() == (
        pytest.approx(float(cost.capital_usd_per_hour(31250, 0.06, 4)), abs=1e-9),
    )


def test_interval_equals_the_estimates(published: duckdb.DuckDBPyConnection, frames: dict[str, pd.DataFrame]) -> None:
    rows = run(frames, AS_OF, 7, 500).set_index(KEY)
    for buyer in ("hyperscaler", "neocloud_giant"):
        row = published.execute(
            "select tco_usd_per_chip_hour_p05, tco_usd_per_chip_hour_p50, tco_usd_per_chip_hour_p95, n_draws "
            "from tco_interval('gb200-nvl72', buyer := $buyer)",
            {"buyer": buyer},
        ).fetchall()
        ours = rows.loc[("gb200-nvl72", buyer, "v2026")]
        assert len(row) == 1
        assert row[0] == pytest.approx([*(ours[f"tco_usd_per_chip_hour_{q}"] for q in ("p05", "p50", "p95")), 500])


def test_probability_is_paired(published: duckdb.DuckDBPyConnection) -> None:
    row = published.execute("from tco_probability_cheaper('trn2-ultraserver', 'gb200-nvl72')").fetchone()
    assert row is not None
    probability, p05, p50, p95, n_draws = row
    assert probability == 1.0
    assert p05 < p50 < p95 < 1
    assert n_draws == 500
    same = published.execute("from tco_probability_cheaper('gb200-nvl72', 'gb200-nvl72')").fetchone()
    assert same == (0.5, 1.0, 1.0, 1.0, 500)
