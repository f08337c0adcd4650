"""How long the capacity engine takes: fits, all buildings, all quarters, all levels, end to end.

Run alone on an idle machine: pytest -m bench tests/bench/test_capacity_speed.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench

REPO = Path(__file__).parents[2]
MAX_SECONDS = 30
MAX_GB = 2

# A process of its own: its peak memory is the engine's, and numpy sees one thread as in a build.
RUN = """
import json, resource, sys, time
from datetime import date
from tests.bench.capacity_world import frames
from models.capacity.run import run

world = frames(n_campuses=160, buildings_per_campus=4)
start = time.perf_counter()
result = run(world, date(2026, 11, 22), 1, int(sys.argv[1]))
print(json.dumps({
    "seconds": time.perf_counter() - start,
    "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    "buildings": int(result["building_id"].nunique()),
    "quarters": int(result["quarter_start_date"].nunique()),
}))
"""


def measure(n_draws: int) -> dict[str, float]:
    """One run in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(n_draws)],
        cwd=REPO,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_two_thousand_draws_of_all_buildings() -> None:
    found = measure(2_000)
    print(found)
    assert found["buildings"] >= 600  # the bundled data hold some 440
    assert found["quarters"] == 24
    assert found["seconds"] < MAX_SECONDS
    assert found["gb"] < MAX_GB
