"""The daily refresh in one process: `make run`, `make live` and `make asof`. No Airflow service need be running.

    python -m dags.run_refresh --mode bundled
    python -m dags.run_refresh --as-of 2026-01-03

The same DAGs as under the scheduler, run by Airflow's own `dag.test()` in the order in which their assets would start
them. It runs mapped tasks one after the other and knows neither pools nor assets; `make up` does.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from datetime import date
from typing import Any, TextIO

from dags import _home
from settings import Settings, settings


class Progress:
    """Airflow listener: one line per finished task on the terminal, and what failed for the closing words."""

    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal
        self.began = time.monotonic()
        self.task_began = self.began
        self.errors: list[str] = []

    def say(self, words: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {words}", file=self.terminal, flush=True)

    def _finished(self, task: Any, how: str) -> None:
        label = getattr(task, "rendered_map_index", None) or (task.map_index if task.map_index >= 0 else "")
        took = time.monotonic() - self.task_began
        self.say(f"{task.dag_id:<20} {f'{task.task_id} {label}':<34} {how} ({took:.1f} s)")

    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        self.task_began = time.monotonic()

    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        self._finished(task_instance, "done")

    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        self._finished(task_instance, "skipped: nothing has changed")

    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        from airflow.sdk import TaskInstanceState

        first_line = str(error).partition("\n")[0]
        if task_instance.state == TaskInstanceState.UP_FOR_RETRY:
            self._finished(task_instance, f"failed, will be tried again: {first_line}")
        else:
            self._finished(task_instance, f"FAILED: {first_line}")
            self.errors.append(f"{task_instance.dag_id}.{task_instance.task_id}: {error}")


def refresh(progress: Progress, mode: str, as_of: date | None) -> bool:
    """Run the three ingest DAGs and, when none failed, the build; with `as_of` only the build.

    Returns whether all succeeded. Needs `_home.environment` in os.environ. Raises RuntimeError for a broken DAG file.
    """
    os.environ.setdefault("GIGAWATCH_FETCH_RETRIES", "0")  # somebody is watching: say at once what cannot be fetched

    from airflow.dag_processing.dagbag import DagBag
    from airflow.listeners import hookimpl
    from airflow.sdk.listener import get_listener_manager
    from airflow.utils.state import DagRunState

    from dags._common import DOMAINS

    for name in ("running", "success", "skipped", "failed"):
        hook = f"on_task_instance_{name}"
        setattr(Progress, hook, hookimpl(getattr(Progress, hook)))
    get_listener_manager().add_listener(progress)

    _home.prepare()
    progress.say("Airflow is ready: database migrated, pool created")
    bag = DagBag()
    if bag.import_errors:
        raise RuntimeError(f"DAG files that do not load: {bag.import_errors}")

    def succeeds(dag_id: str, conf: dict[str, str]) -> bool:
        return bag.dags[dag_id].test(run_conf=conf).state == DagRunState.SUCCESS

    if as_of:
        return succeeds("build_warehouse", {"as_of": as_of.isoformat()})
    # All three are run even when one fails, so that one start shows all that is wrong.
    ingested = [succeeds(f"ingest_{domain}", {"mode": mode}) for domain in DOMAINS]
    return all(ingested) and succeeds("build_warehouse", {})


def main(argv: list[str] | None = None) -> int:
    """Run the refresh, show its progress, close with the summary. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Run the daily refresh through Airflow in this process.")
    parser.add_argument("--mode", choices=["bundled", "live"], default="bundled")
    parser.add_argument("--as-of", type=date.fromisoformat, metavar="YYYY-MM-DD",
                        help="only build the warehouse, as it was known at the end of that day (UTC)")
    options = parser.parse_args(argv)
    house = settings()
    try:
        with _home.locked(house):
            return _run(house, options)
    except _home.HomeInUse as busy:
        print(busy, file=sys.stderr)
        return 1


def _run(house: Settings, options: argparse.Namespace) -> int:
    log_file = house.reports_dir / "logs" / "refresh.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    _home.enter(house)
    # Airflow, dbt and GX write thousands of lines: they go to the log, by descriptor because dbt is a child process.
    terminal = os.fdopen(os.dup(1), "w", encoding="utf-8")
    keep_out, keep_err = os.dup(1), os.dup(2)
    with log_file.open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    progress = Progress(terminal)
    print(f"Refresh on {house.home}; the whole log: {log_file}", file=terminal, flush=True)
    try:
        succeeded = refresh(progress, options.mode, options.as_of)
    except Exception as error:
        traceback.print_exc()
        progress.errors.append(f"{type(error).__name__}: {error}")
        succeeded = False
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(keep_out, 1)
        os.dup2(keep_err, 2)
    if not succeeded:
        print("\nThe refresh failed; the last good release is still the one being served.", file=sys.stderr)
        for line in progress.errors:
            print(f"  {line}", file=sys.stderr)
        print(f"What to do: {house.reports_dir / 'failures.log'}; the whole log: {log_file}", file=sys.stderr)
        return 1
    from serve.summary import summarise

    print(f"\n{summarise(house.for_as_of(options.as_of.isoformat()) if options.as_of else house)}")
    if progress.errors:
        print("\nSome sources could not be fetched; their last good bytes were used:")
        for line in progress.errors:
            print(f"  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
