"""How fast the what-if macro answers on a table of the size that is published.

Run alone on an idle machine: pytest -m bench tests/bench/test_tco_what_if_speed.py
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from models.tco.centre import run_inputs
from tests.unit.models.tco.cases import AS_OF, GB200, SYSTEM, assumptions_as_of

pytestmark = pytest.mark.bench

MACROS = Path(__file__).parents[2] / "serve" / "macros" / "tco.sql"
MAX_SECONDS = 0.1


def test_an_answer_takes_less_than_a_tenth_of_a_second(tmp_path: Path) -> None:
    names = ["gb200-nvl72", *(f"system-{i}" for i in range(130))]
    rows = [
        {**SYSTEM, **GB200, "system_id": name, "assumption_vintage": vintage}
        for name in names
        for vintage in ("v2025", "v2026")
    ]
    inputs = run_inputs({"systems": pd.DataFrame(rows), "assumptions": assumptions_as_of(AS_OF)}, AS_OF)
    with duckdb.connect(str(tmp_path / "published.duckdb")) as writer:
        writer.register("inputs", inputs)
        writer.execute("create schema marts; create table marts.tco_inputs as select * from inputs")
        writer.execute(
            "create schema draws; create table draws.tco_by_system as select system_id, buyer_class, "
            "assumption_vintage, 0 as draw_id, capital_usd_per_chip_hour, operating_usd_per_chip_hour from inputs"
        )
        writer.execute(MACROS.read_text(encoding="utf-8"))
    seconds = []
    with duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as reader:
        for wacc in range(1, 31):
            start = time.perf_counter()
            rows_found = reader.execute(
                "from tco_what_if(sku := 'gb200-nvl72', wacc := $wacc, life_years := 5, pue := 1.3)",
                {"wacc": wacc / 100},
            ).fetchall()
            seconds.append(time.perf_counter() - start)
            assert len(rows_found) == 1
    print(f"median {statistics.median(seconds) * 1000:.1f} ms, slowest {max(seconds) * 1000:.1f} ms")
    assert statistics.median(seconds) < MAX_SECONDS
