"""Airflow on this machine: `make up`. Scheduler, DAG processor, triggerer and API server with UI, until Ctrl-C.

Everything stays under GIGAWATCH_HOME/airflow. Whoever reaches the port is admin without a password, so it listens on
this machine only; docker-compose.yml is the installation for more than one person.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psutil

from dags import _home
from settings import Settings, settings

# Two API servers, one for people and one for running tasks. In one process they lock each other out on SQLite: writing
# the audit log of a click blocks the event loop, which a task needs to end the transaction that the click waits for.
SERVICES = {
    "api-server": ["api-server", "--apps", "core"],
    "task-server": ["api-server", "--apps", "execution"],
    "scheduler": ["scheduler"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer"],
}
START_SECONDS = 180
STOP_SECONDS = 20


class ServiceDied(Exception):
    """One of the services ended by itself, or did not become healthy in time."""


def environment(port: int) -> dict[str, str]:
    """What the services need beyond `_home.environment`. Task and log servers take the three ports after `port`."""
    url = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        # Signs what the services say to one another; a new one each start, kept nowhere.
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port + 3}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # Enough for all fetches of a day at once, and a bound on memory.
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(port + 1),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(port + 2),
    }


def health(url: str) -> dict[str, Any]:
    """Airflow's own health report, {} as long as nobody answers."""
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 (our own address)
            report: dict[str, Any] = json.load(answer)
            return report
    except (URLError, OSError):
        return {}


def prepare(logs: Path) -> None:
    """Database and pool, in a process that ends: this one stays small and its terminal quiet. Raises ServiceDied."""
    log = logs / "airflow-prepare.log"
    with log.open("wb") as output:
        command = [sys.executable, "-c", "from dags._home import prepare; prepare()"]
        if subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False).returncode != 0:
            raise ServiceDied(f"Airflow's database could not be prepared: see {log}.")


def start(name: str, port: int, logs: Path) -> subprocess.Popen[bytes]:
    """Start one service in a session of its own: Ctrl-C reaches only this program, which then ends them in order."""
    command = [sys.executable, "-m", "airflow", *SERVICES[name]]
    if name == "task-server":
        command += ["--port", str(port + 3)]
    with (logs / f"airflow-{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def check_alive(services: dict[str, subprocess.Popen[bytes]], logs: Path) -> None:
    for name, process in services.items():
        if process.poll() is not None:
            log = logs / f"airflow-{name}.log"
            tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
            raise ServiceDied(f"Airflow's {name} ended (exit {process.returncode}). The end of {log}:\n{tail}")


def wait_until_healthy(url: str, services: dict[str, subprocess.Popen[bytes]], logs: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    waited_for = {"metadatabase", "scheduler", "dag_processor", "triggerer"}
    while waited_for:
        check_alive(services, logs)
        if time.monotonic() > deadline:
            raise ServiceDied(f"Not healthy after {START_SECONDS} s: {', '.join(sorted(waited_for))}. See {logs}.")
        time.sleep(1)
        report = health(url)
        waited_for = {part for part in waited_for if (report.get(part) or {}).get("status") != "healthy"}


def stop(services: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask every service to end, then end what it left behind: the scheduler may leave workers, and they their tasks."""
    offspring = []
    for process in services.values():
        with suppress(psutil.NoSuchProcess):
            offspring += psutil.Process(process.pid).children(recursive=True)
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in services.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        process.kill()
        process.wait()
    for left in offspring:
        with suppress(psutil.NoSuchProcess):
            left.kill()


def serve(house: Settings, port: int) -> None:
    """Start all services, say where the UI is, and keep them until a signal. Raises ServiceDied."""
    logs = house.reports_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    print(f"Starting Airflow on {house.home} (logs: {logs}) ...", flush=True)
    _home.enter(house)
    os.environ.update(environment(port))
    prepare(logs)
    services: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in SERVICES:
            services[name] = start(name, port, logs)
        wait_until_healthy(url, services, logs)
        print(f"Airflow is up: {url} (no login). Its DAGs are active and run daily; Ctrl-C stops it.", flush=True)
        while True:
            check_alive(services, logs)
            time.sleep(2)
    finally:
        print("Stopping Airflow ...", flush=True)
        stop(services)
        print("Airflow is stopped.", flush=True)


def _interrupt(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Serve until Ctrl-C or SIGTERM. The port is GIGAWATCH_PORT (8080). Returns the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    house = settings()
    try:
        with _home.locked(house):
            serve(house, int(os.environ.get("GIGAWATCH_PORT") or 8080))
    except KeyboardInterrupt:
        return 0
    except (_home.HomeInUse, ServiceDied) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
