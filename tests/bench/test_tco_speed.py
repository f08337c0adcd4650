"""How long the cost engine takes: every table it makes, for more systems than the evidence has, at 10,000 draws.

Run alone on an idle machine: pytest -m bench tests/bench/test_tco_speed.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench

REPO = Path(__file__).parents[2]
MAX_SECONDS = 20
MAX_GB = 2

# A process of its own: its peak memory is the engine's, and numpy sees one thread as in a build. Seconds are those of
# the processor, which on an idle machine are the clock's: neighbours do not count against the engine.
RUN = """
import json, resource, sys, time
import pandas as pd
from models.tco.breakdown import SCENARIO_SYSTEMS, run_components, run_scenarios
from models.tco.run import run, run_draws
from tests.unit.models.tco.cases import AS_OF, GB200, SYSTEM, TRAINIUM2, assumptions_as_of

n_draws = int(sys.argv[1])
chips = ({}, GB200, TRAINIUM2)
rows = [
    {**SYSTEM, **chips[i % 3], "system_id": name, "accelerator_id": f"chip-{i % 60}", "assumption_vintage": v}
    for i, name in enumerate([*SCENARIO_SYSTEMS, *(f"system-{i}" for i in range(122))]) for v in ("v2025", "v2026")
]
benchmarks = pd.DataFrame({
    "record_id": ["T1", "T2"], "accelerator_id": ["gb200", "gb200"], "interactivity_tok_per_s_user": [30.0, 70.0],
    "framework_family": "sglang", "is_disaggregated": True, "output_tok_per_s_chip": [1000.0, 500.0],
    "known_from": pd.to_datetime(["2025-12-05"] * 2),
})
markets = pd.DataFrame({
    "market": [f"state-{i}" for i in range(51)], "price_to_us_ratio": [0.5 + i / 50 for i in range(51)],
})
frames = {
    "systems": pd.DataFrame(rows), "benchmarks": benchmarks, "markets": markets,
    "assumptions": assumptions_as_of(AS_OF),
}
start, started = time.perf_counter(), time.process_time()
seconds, tables = {}, {}
for function, draws in ((run, n_draws), (run_components, n_draws), (run_scenarios, n_draws), (run_draws, n_draws // 5)):
    before = time.perf_counter()
    tables[function.__name__] = function(frames, AS_OF, 1, draws)
    seconds[function.__name__] = round(time.perf_counter() - before, 2)
print(json.dumps({
    "wall_seconds": time.perf_counter() - start,
    "seconds": time.process_time() - started,
    "by_table": seconds,
    "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    "systems": int(tables["run"]["system_id"].nunique()),
    "hash": str(sum(int(pd.util.hash_pandas_object(t).sum()) for t in tables.values())),
}))
"""


def measure(n_draws: int) -> dict[str, float | str]:
    """One run in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(n_draws)],
        cwd=REPO,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float | str] = json.loads(done.stdout)
    return found


def test_ten_thousand_draws_of_all_systems() -> None:
    found = measure(10_000)
    print(found)
    assert found["systems"] == 133
    assert float(found["seconds"]) < MAX_SECONDS
    assert float(found["gb"]) < MAX_GB


def test_two_processes_make_the_same_bytes() -> None:
    assert measure(1_000)["hash"] == measure(1_000)["hash"]
