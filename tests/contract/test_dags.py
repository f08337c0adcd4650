"""The DAG files: they load without the heavy libraries, and are wired as the house says."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]
INGEST = {"ingest_shipments", "ingest_construction", "ingest_pricing"}
BUILD_STEPS = ["plan", "build_staging", "validate_staging", "build_marts", "validate_marts", "publish"]
# Tasks that open no DuckDB file; every other one must be in the writer's pool.
OUTSIDE_THE_POOL = {"sources", "fetch"}

DESCRIBE = """
import json, sys
from pathlib import Path

class Blocked:
    names = {"pandas", "numpy", "duckdb", "great_expectations", "pyarrow", "dbt"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ImportError(f"{name} is imported while a DAG file is parsed")

sys.meta_path.insert(0, Blocked())
from settings import settings
from dags import _home
_home.enter(settings())
from airflow.dag_processing.dagbag import DagBag

bag = DagBag()
def schedule(dag):
    table = dag.timetable
    cron = getattr(table, "timetable", table)
    condition = getattr(table, "asset_condition", None)
    return {"cron": cron.expression, "catches_up_at_start": cron.run_immediately is True,
            "assets": sorted(asset.uri for asset in condition.objects) if condition else [],
            "needs": type(condition).__name__ if condition else None}
def callbacks(found):  # a mapped operator keeps what it was given, the others make a list of it
    return [callback.__name__ for callback in (found if isinstance(found, list) else [found])]
print(json.dumps({"errors": bag.import_errors, "dags": {
    dag.dag_id: {
        "schedule": schedule(dag), "catchup": dag.catchup, "max_active_runs": dag.max_active_runs,
        "file": Path(dag.fileloc).name, "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "defaults": dag.params.dump(),
        "tasks": {task.task_id: {
            "retries": task.retries, "backoff": bool(task.retry_exponential_backoff), "pool": task.pool,
            "timeout_s": task.execution_timeout.total_seconds() if task.execution_timeout else None,
            "rule": task.trigger_rule.value, "mapped": type(task).__name__.endswith("MappedOperator"),
            "upstream": sorted(task.upstream_task_ids), "outlets": [asset.uri for asset in task.outlets or []],
            "callbacks": callbacks(task.on_failure_callback),
        } for task in dag.tasks},
    } for dag in bag.dags.values()}}))
"""


def run_python(code: str, home: Path, **environment: str) -> str:
    """Output of `code` in a new process with an empty GIGAWATCH_HOME."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"GIGAWATCH_HOME": str(home), "PYTHONPATH": str(REPO)} | environment,
        cwd=home, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def described(home: Path, **environment: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run_python(DESCRIBE, home, **environment).splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return described(tmp_path_factory.mktemp("home"), GIGAWATCH_MODE="")


def test_exactly_the_four_dags_load_without_heavy_libraries(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert set(bag["dags"]) == INGEST | {"build_warehouse"}
    assert {dag["file"] for dag in bag["dags"].values()} == {"ingest_feeds.py", "build_warehouse.py"}


def test_every_task_has_retries_a_timeout_and_a_voice(bag: dict[str, Any]) -> None:
    for dag_id, dag in bag["dags"].items():
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1), dag_id
        for task_id, task in dag["tasks"].items():
            where = f"{dag_id}.{task_id}"
            assert task["retries"] >= (2 if task_id == "fetch" else 1), where
            assert task["backoff"], where
            assert task["timeout_s"], where
            assert task["callbacks"] == ["report_failure"], where
            assert task["pool"] == ("default_pool" if task_id in OUTSIDE_THE_POOL else "warehouse_writer"), where


def test_ingest_goes_on_after_a_failed_fetch_but_announces_only_checked_data(bag: dict[str, Any]) -> None:
    for dag_id in INGEST:
        tasks = bag["dags"][dag_id]["tasks"]
        assert {name: task["upstream"] for name, task in tasks.items()} == {
            "sources": [], "fetch": ["sources"], "load": ["fetch"], "validate_raw": ["load"],
        }  # fmt: skip
        assert tasks["fetch"]["mapped"]
        assert tasks["load"]["rule"] == "all_done"
        # With any other rule the asset would be updated although the load or the validation had failed.
        assert tasks["validate_raw"]["rule"] == "all_success"
        assert tasks["validate_raw"]["outlets"] == [f"gigawatch://raw/{dag_id.removeprefix('ingest_')}"]
        assert not any(task["outlets"] for name, task in tasks.items() if name != "validate_raw")


def test_build_runs_one_step_after_the_other(bag: dict[str, Any]) -> None:
    tasks = bag["dags"]["build_warehouse"]["tasks"]
    assert list(tasks) == BUILD_STEPS
    for earlier, later in itertools.pairwise(BUILD_STEPS):
        assert earlier in tasks[later]["upstream"]
        assert tasks[later]["rule"] == "all_success"


def test_schedules(bag: dict[str, Any]) -> None:
    crons = {dag_id: dag["schedule"]["cron"] for dag_id, dag in bag["dags"].items()}
    assert len(set(crons.values())) == 4, "staggered"
    assert all(cron.endswith("* * *") for cron in crons.values()), "daily"
    build = bag["dags"]["build_warehouse"]["schedule"]
    assert build["assets"] == ["gigawatch://raw/construction", "gigawatch://raw/pricing", "gigawatch://raw/shipments"]
    assert build["needs"] == "AssetAll"
    # At the first start of Airflow the ingests begin at once, and their assets start the first build.
    assert not build["catches_up_at_start"]
    assert all(bag["dags"][dag_id]["schedule"]["catches_up_at_start"] for dag_id in INGEST)


def test_params(bag: dict[str, Any], tmp_path: Path) -> None:
    for dag_id in INGEST:
        assert bag["dags"][dag_id]["params"]["mode"]["enum"] == ["bundled", "live"]
        assert bag["dags"][dag_id]["defaults"] == {"mode": "bundled"}
    assert bag["dags"]["build_warehouse"]["defaults"] == {"as_of": None}
    live = described(tmp_path, GIGAWATCH_MODE="live")
    assert live["dags"]["ingest_pricing"]["defaults"] == {"mode": "live"}


def test_the_common_start_makes_the_pool(tmp_path: Path) -> None:
    """`make run` and `make up` both prepare the home with it; without the pool tasks wait for ever."""
    run_python("from settings import settings; from dags._home import *; enter(settings()); prepare()", tmp_path)
    with sqlite3.connect(tmp_path / "airflow" / "airflow.db") as database:
        slots = database.execute("select slots from slot_pool where pool = 'warehouse_writer'").fetchall()
    assert slots == [(1,)]


def test_two_programs_cannot_work_on_one_home(tmp_path: Path) -> None:
    holding = """
import subprocess, sys
from settings import settings
from dags import _home
with _home.locked(settings()):
    second = subprocess.run([sys.executable, "-m", "dags.run_refresh"], capture_output=True, text=True)
print(second.returncode, second.stderr)
"""
    answer = run_python(holding, tmp_path)
    assert answer.startswith("1 Another `make run`")
    assert str(tmp_path) in answer


@pytest.mark.parametrize(
    ("error", "what"),
    [
        ("ValueError('no such unit: GW')", "ValueError: no such unit: GW"),
        ("AirflowFailException('ValidationFailed: 3 rows')", "What broke: ValidationFailed: 3 rows"),
        ("None", "its process ended without an error of its own"),
    ],
)
def test_a_failure_is_told_in_words(tmp_path: Path, error: str, what: str) -> None:
    run_python(
        f"""
from types import SimpleNamespace
from airflow.sdk.exceptions import AirflowFailException
from dags._common import report_failure
task = SimpleNamespace(dag_id="ingest_pricing", task_id="validate_raw", map_index=-1, try_number=1, run_id="r")
report_failure({{"task_instance": task, "exception": {error}}})
""",
        tmp_path,
        AIRFLOW_HOME=str(tmp_path / "airflow"),
    )
    words = (tmp_path / "reports" / "failures.log").read_text()
    assert "ingest_pricing.validate_raw failed" in words
    assert what in words
    assert "What stands: nothing has been published yet" in words
    assert "What to do:" in words


def test_every_task_has_advice(bag: dict[str, Any], tmp_path: Path) -> None:
    code = "import json; from dags._common import ADVICE; print(json.dumps(list(ADVICE)))"
    advised = set(json.loads(run_python(code, tmp_path, AIRFLOW_HOME=str(tmp_path)).splitlines()[-1]))
    assert {task.partition("_")[0] for dag in bag["dags"].values() for task in dag["tasks"]} == advised
