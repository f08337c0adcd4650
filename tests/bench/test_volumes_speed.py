"""How long the volumes engine takes: inference and simulation of all SKUs, end to end.

Run alone on an idle machine: pytest -m bench tests/bench/test_volumes_speed.py
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
from tests.bench.volumes_world import frames
from models.volumes.run import run_posterior, run_volumes

n_draws = int(sys.argv[1])
world = frames()
start = time.perf_counter()
posterior = run_posterior(world, date(2026, 11, 22), 1, n_draws)
volumes = run_volumes({**world, "posterior": posterior})
print(json.dumps({
    "seconds": time.perf_counter() - start,
    "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    "rows": len(volumes),
    "skus": int(volumes["sku_id"].nunique()),
    "hash": str(int(volumes["package_units"].sum())),
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


def test_twenty_thousand_draws_of_all_skus() -> None:
    small, large = measure(5_000), measure(20_000)
    print(small, large)
    assert large["skus"] >= 14
    assert large["rows"] == large["skus"] * 24 * 20_000
    assert large["seconds"] < MAX_SECONDS
    assert large["gb"] < MAX_GB
    # Linear in draws: four times the draws take no more than five times as long, and no less work is hidden.
    assert large["seconds"] < 5 * small["seconds"] + 5
