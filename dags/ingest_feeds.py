"""ingest_shipments, ingest_construction, ingest_pricing: bytes into the archive, archive into raw, raw checked.

sources -> fetch (one task per source, in parallel) -> load -> validate_raw, which updates the asset of the domain.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, TriggerRule, task

from dags._common import DEFAULT_ARGS, DEFAULT_MODE, DOMAINS, FETCH_RETRIES, MODES, POOL, asset, verdict


@task
def sources(domain: str) -> list[str]:
    from ingest.run import sources_in

    return sources_in(domain)


# Only files are written here, so sources need no pool; the network deserves more patience than our own disk.
@task(
    retries=FETCH_RETRIES,
    execution_timeout=timedelta(minutes=60),
    map_index_template="{{ task.op_kwargs['source'] }}",
)
def fetch(source: str, domain: str, mode: str) -> dict[str, Any]:
    from ingest.run import fetch_source

    fetched = fetch_source(source, domain, mode)
    return {"source": source, "mode": mode, "records": len(fetched["records"])}


# ALL_DONE: a source that could not be fetched must not keep the others out. It belongs on this task only: on the next
# one it would announce raw data although the load had failed.
@task(pool=POOL, trigger_rule=TriggerRule.ALL_DONE)
def load(domain: str) -> list[dict[str, Any]]:
    from ingest.run import load_domain

    return load_domain(domain)


@task(pool=POOL)
def validate_raw(domain: str) -> None:
    from expectations.validate import ValidationFailed, validate

    with verdict(ValidationFailed):
        validate("raw", domain=domain)


for domain, minute in DOMAINS.items():
    with DAG(
        dag_id=f"ingest_{domain}",
        description=f"Fetch, load and check the raw data of {domain}",
        doc_md=__doc__,
        # The first start of Airflow fills the house at once; then daily, and a missed day is caught up with one run.
        schedule=CronTriggerTimetable(f"{minute} 5 * * *", timezone="UTC", run_immediately=True),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        params={"mode": Param(DEFAULT_MODE, enum=MODES, description="live fetches over the network on top")},
        tags=["gigawatch", "ingest"],
    ):
        fetched = fetch.partial(domain=domain, mode="{{ params.mode }}").expand(source=sources(domain))
        fetched >> load(domain) >> validate_raw.override(outlets=[asset(domain)])(domain)
