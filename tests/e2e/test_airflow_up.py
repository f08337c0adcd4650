"""What `make up` starts, driven through Airflow's REST API: parallel fetches, assets, the build they start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import duckdb
import pytest

from ingest import contracts
from ingest.replay import ReplayServer, routes_of

REPO = Path(__file__).resolve().parents[2]
INGEST = ["ingest_shipments", "ingest_construction", "ingest_pricing"]
pytestmark = pytest.mark.e2e


class Feeds(ReplayServer):
    """All live sources, whose first answer to each waits until another source is being fetched at the same moment."""

    def __init__(self) -> None:
        self.sources = [source for source in contracts.load_all() if any(r.is_live for r in source.resources)]
        super().__init__({source.source: routes_of(source) for source in self.sources})
        self.met = threading.Event()
        self.sources_waiting: set[str] = set()

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.sources_waiting.add(target.split("/")[1])
        if len(self.sources_waiting) > 1:
            self.met.set()
        self.met.wait(timeout=50)
        return super().answer(method, target, headers, body)


def four_free_ports() -> int:
    """The first of four neighbouring free ports: two API servers and two log servers."""
    for first in range(18800, 28800, 10):
        with socket.socket() as a, socket.socket() as b, socket.socket() as c, socket.socket() as d:
            try:
                for offset, probe in enumerate((a, b, c, d)):
                    probe.bind(("127.0.0.1", first + offset))
            except OSError:
                continue
            return first
    pytest.fail("no four neighbouring ports are free")


class Api:
    """Airflow's REST API; without login, as `make up` serves it."""

    def __init__(self, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/api/v2"
        self.log = log

    def ask(self, path: str) -> Any:
        return self._answer(urllib.request.Request(f"{self.url}{path}"))

    def _answer(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.load(answer)
        except HTTPError as error:
            said = error.read().decode()[:1000]
            pytest.fail(f"{request.full_url} answered {error.code}: {said}; see {self.log}")

    def trigger(self, dag_id: str, **conf: str) -> str:
        """Start a run; returns its id."""
        body = json.dumps({"logical_date": None, "conf": conf}).encode()
        url, headers = f"{self.url}/dags/{dag_id}/dagRuns", {"Content-Type": "application/json"}
        run_id: str = self._answer(urllib.request.Request(url, body, headers))["dag_run_id"]
        return run_id

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask(f"/dags/{dag_id}/dagRuns/{run_id}")
        return answer


def wait_for(what: str, condition: Callable[[], Any], seconds: float, up: subprocess.Popen[str]) -> Any:
    """The first true value of `condition`; fails when it takes longer or `make up` ends."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert up.poll() is None, f"Airflow ended while waiting for {what}: {(up.stdout and up.stdout.read())!r}"
        assert time.monotonic() < deadline, f"no {what} after {seconds:.0f} s"
        time.sleep(2)
    return value


def session_members(home: Path) -> list[str]:
    """Command lines of the processes that work for this home, found by their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # ended meanwhile, or not ours
        if f"GIGAWATCH_HOME={home}\0".encode() in environment and int(process.name) != os.getpid():
            found.append(command)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "data"


@pytest.fixture(scope="module")
def feeds() -> Iterator[Feeds]:
    played = Feeds()
    with played.serving():
        yield played


@pytest.fixture(scope="module")
def up(home: Path, feeds: Feeds) -> Iterator[tuple[subprocess.Popen[str], Api]]:
    """`make up` on an empty home, ready; stopped afterwards whatever happened."""
    port = four_free_ports()
    process = subprocess.Popen(
        [sys.executable, "-m", "dags.run_airflow"],
        env=os.environ | {
            "GIGAWATCH_HOME": str(home), "GIGAWATCH_PORT": str(port), "GIGAWATCH_MODE": "bundled",
            "PYTHONPATH": str(REPO),
        } | feeds.environment(feeds.sources),
        cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("Airflow is up: "):
                break
        else:
            pytest.fail("Airflow ended before it was up")
        yield process, Api(port, home / "reports" / "logs" / "airflow-api-server.log")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        finally:
            process.kill()


@pytest.mark.slow
def test_triggered_ingests_fetch_in_parallel_and_their_assets_publish(
    up: tuple[subprocess.Popen[str], Api], home: Path, feeds: Feeds
) -> None:
    process, api = up

    def known() -> bool:
        return {version["dag_id"] for version in api.ask("/dags/~/dagVersions")["dag_versions"]} >= set(INGEST)

    wait_for("sight of the DAGs", known, 90, process)
    started: dict[str, str] = {}
    for dag_id in INGEST:
        started[dag_id] = api.trigger(dag_id, mode="live" if dag_id == "ingest_pricing" else "bundled")

    for dag_id, run_id in started.items():
        path = (dag_id, run_id)
        wait_for(f"end of {dag_id}", lambda p=path: api.run(*p)["state"] in ("success", "failed"), 400, process)
        assert api.run(*path)["state"] == "success", (home / "reports" / "failures.log").read_text()

    tasks = api.ask(f"/dags/ingest_pricing/dagRuns/{started['ingest_pricing']}/taskInstances")["task_instances"]
    fetches = [task for task in tasks if task["task_id"] == "fetch"]
    assert {task["rendered_map_index"] for task in fetches} == {
        source.source for source in contracts.load_all() if source.in_domain("pricing")
    }
    assert {task["state"] for task in fetches} == {"success"}
    assert feeds.met.is_set(), "two sources were never fetched at the same time"

    events = api.ask("/assets/events?limit=100")["asset_events"]
    assert {event["uri"] for event in events} == {f"gigawatch://raw/{dag.removeprefix('ingest_')}" for dag in INGEST}

    def build() -> dict[str, Any] | None:
        runs = api.ask("/dags/build_warehouse/dagRuns")["dag_runs"]
        done = [run for run in runs if run["run_type"] == "asset_triggered" and run["state"] in ("success", "failed")]
        return done[0] if done else None

    assert wait_for("build started by the assets", build, 500, process)["state"] == "success"
    with duckdb.connect(str(home / "serving" / "gigawatch.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) > 0 from marts.trainium_volumes_quarterly").fetchone() == (True,)


def test_stopping_leaves_no_process_behind(up: tuple[subprocess.Popen[str], Api], home: Path) -> None:
    """Not even the dbt of a running build, which is a grandchild of a worker."""
    process, api = up
    api.trigger("build_warehouse", as_of="2026-01-03")
    wait_for("running dbt", lambda: any("dbt.cli.main" in command for command in session_members(home)), 90, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    assert session_members(home) == []
