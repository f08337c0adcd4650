"""What the four DAGs share: the domains and their assets, the writer's pool, retries, and what a failure says.

Nothing heavy is imported when a DAG file is parsed: pandas, DuckDB, great-expectations, dbt are met inside tasks only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

# What an ingest DAG brings in, and the minute after 05:00 UTC at which it starts. `make run` keeps this order.
DOMAINS = {"shipments": 0, "construction": 10, "pricing": 20}
# One slot: DuckDB lets one process write a file. Everything that opens the raw or the warehouse file runs in it.
POOL = "warehouse_writer"
MODES = ["bundled", "live"]
# The client itself tries again within seconds; these come minutes later, for hosts that are down for a while.
FETCH_RETRIES = int(os.environ.get("GIGAWATCH_FETCH_RETRIES") or 2)
DEFAULT_MODE = os.environ.get("GIGAWATCH_MODE") or "bundled"

# By task id without its stage, so that one line serves validate_raw, validate_staging and validate_marts.
ADVICE = {
    "sources": "Correct the source.yml that the message names.",
    "fetch": "The run goes on with the last good bytes of this source, and source_freshness shows their age. If it "
    "persists, open the URL by hand and compare it with the source's source.yml.",
    "load": "Read the message: another process may hold the raw file (close it), or a source.yml may be wrong. "
    "The archive is untouched, so the next run loads what is missing.",
    "validate": "Open reports/data_docs or reports/validation, look at the rows named, then correct the source, "
    "the model, or, if the world has changed, the suite and its reason.",
    "plan": "Check the as_of date (YYYY-MM-DD) and that the three ingest DAGs have run once.",
    "build": "Run the failing dbt node again by hand after correcting it; the message names it.",
    "publish": "The new file stayed aside. Free disk space, or correct what the published check names, and run again.",
}


def asset(domain: str) -> Asset:
    """The Airflow asset that says: the raw data of this domain was loaded and holds what its suites demand."""
    return Asset(name=f"raw_{domain}", uri=f"gigawatch://raw/{domain}")


@contextmanager
def verdict(*errors: type[Exception]) -> Iterator[None]:
    """Fail the task at once on these errors: data that is wrong, or a model that is, stays wrong at a second try."""
    try:
        yield
    except errors as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


def standing() -> str:
    """In words: which release readers see at this moment."""
    from serve.publish import current_release

    try:
        release = current_release()
    except Exception as error:  # the words about the first failure must come out, whatever else is broken
        return f"the served file could not be read: {error}"
    if release is None:
        return "nothing has been published yet, so there is no release to fall back on."
    return f"release {release['release_id']} (as of {release['as_of']}) is still served, unchanged."


def describe_failure(context: Mapping[str, Any]) -> str:
    """A task's failure in plain words: what broke, what still stands, what to do. Takes Airflow's callback context."""
    task = context["task_instance"]
    source = f" ({task.rendered_map_index or task.map_index})" if task.map_index >= 0 else ""
    error = context.get("exception")
    if error is None:  # then Airflow speaks for the task
        what = "its process ended without an error of its own (killed, or out of memory?): see the task's log."
    elif isinstance(error, AirflowFailException):  # carries the name of the error it stands for
        what = str(error)
    else:
        what = f"{type(error).__name__}: {error}"
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {task.dag_id}.{task.task_id}{source} failed "
        f"at try {task.try_number}, run {task.run_id}\n"
        f"  What broke: {what}\n"
        f"  What stands: {standing()}\n"
        f"  What to do: {ADVICE[task.task_id.partition('_')[0]]}\n"
    )


def report_failure(context: Mapping[str, Any]) -> None:
    """Airflow's on_failure_callback: say the failure in the task's log and append it to reports/failures.log."""
    import logging

    from settings import settings

    words = describe_failure(context)
    logging.getLogger("gigawatch").error(words)
    reports = settings().reports_dir
    reports.mkdir(parents=True, exist_ok=True)
    with (reports / "failures.log").open("a", encoding="utf-8") as log:
        log.write(words)


# Every step starts over from what is on disk, so a step whose process died may be tried again.
DEFAULT_ARGS = {
    "owner": "gigawatch",
    "retries": 1,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=20),
    "on_failure_callback": report_failure,
}
