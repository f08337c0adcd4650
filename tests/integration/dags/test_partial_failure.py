"""One ingest DAG through Airflow itself: what a broken source, load or validation does to the rest and to the asset."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[3]

# One process for all cases: starting Airflow costs more than running the DAG.
RUN = """
import json, os, sqlite3

os.environ["GIGAWATCH_BASE_URL_EPOCH_DATA_CENTERS"] = "http://127.0.0.1:9"  # nobody listens there
from settings import settings
from dags import _home

_home.enter(settings())
_home.prepare()
from airflow.dag_processing.dagbag import DagBag
import expectations.validate
import ingest.run

dag = DagBag().dags["ingest_construction"]
for task in dag.tasks:
    task.retries = 0

def asset_events():
    with sqlite3.connect(settings().airflow_home / "airflow.db") as database:
        return database.execute("select count(*) from asset_event").fetchone()[0]

def run(**conf):
    before = asset_events()
    finished = dag.test(run_conf=conf)
    states = {}
    for task in finished.get_task_instances():
        states.setdefault(task.task_id, []).append(str(task.state))
    return {"run": str(finished.state), "tasks": {name: sorted(s) for name, s in states.items()},
            "asset_events": asset_events() - before}

def broken(*args, **kwargs):
    raise expectations.validate.ValidationFailed("raw.x: 3 rows against it", {})

def no_load(*args, **kwargs):
    raise ingest.run.RawStoreBusy("raw.duckdb cannot be opened")

def checked(*args, **kwargs):
    return {}

real_load = ingest.run.load_domain
cases = {}
expectations.validate.validate = checked
cases["one source down"] = run(mode="live")
ingest.run.load_domain = no_load
cases["load fails"] = run(mode="bundled")
ingest.run.load_domain = real_load
expectations.validate.validate = broken
cases["validation fails"] = run(mode="bundled")
print(json.dumps(cases))
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Outcome of each case, and the home they ran in."""
    home = tmp_path_factory.mktemp("home")
    # The other sources are played. Airflow's retries are off, those of the HTTP client take seconds.
    done = subprocess.run(
        [sys.executable, "-m", "ingest.replay", "--", sys.executable, "-c", RUN],
        env=os.environ | {"GIGAWATCH_HOME": str(home), "PYTHONPATH": str(REPO)},
        cwd=home, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (cases,) = [line for line in done.stdout.splitlines() if line.startswith('{"one source down"')]
    return json.loads(cases), home


def test_a_source_that_is_down_does_not_stop_the_others(finished: tuple[dict[str, Any], Path]) -> None:
    case = finished[0]["one source down"]
    assert case["tasks"]["fetch"] == ["failed"] + ["success"] * 6
    assert case["tasks"]["load"] == case["tasks"]["validate_raw"] == ["success"]
    assert (case["run"], case["asset_events"]) == ("success", 1)


def test_a_failed_load_announces_nothing(finished: tuple[dict[str, Any], Path]) -> None:
    case = finished[0]["load fails"]
    assert case["tasks"]["load"] == ["failed"]
    assert case["tasks"]["validate_raw"] == ["upstream_failed"]
    assert (case["run"], case["asset_events"]) == ("failed", 0)


def test_a_failed_validation_announces_nothing(finished: tuple[dict[str, Any], Path]) -> None:
    case = finished[0]["validation fails"]
    assert case["tasks"]["load"] == ["success"]
    assert case["tasks"]["validate_raw"] == ["failed"]
    assert (case["run"], case["asset_events"]) == ("failed", 0)


def test_each_failure_is_told_in_words(finished: tuple[dict[str, Any], Path]) -> None:
    words = (finished[1] / "reports" / "failures.log").read_text()
    assert "ingest_construction.fetch (epoch_data_centers) failed" in words
    assert "127.0.0.1:9" in words
    assert "What broke: RawStoreBusy: raw.duckdb cannot be opened" in words
    assert "What broke: ValidationFailed: raw.x: 3 rows against it" in words
    assert words.count("What to do:") == 3
