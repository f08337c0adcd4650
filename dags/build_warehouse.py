"""build_warehouse: raw -> staging -> marts -> a new release, with great-expectations between the layers.

Starts when all three raw assets were updated, and daily as well: on a day when one ingest failed the others still
reach the readers. When inputs, code and as_of are those of the release being served, plan skips the rest.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import and_
from typing import Any

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, Param, chain, task
from airflow.sdk.exceptions import AirflowSkipException

from dags._common import DEFAULT_ARGS, DOMAINS, POOL, asset, verdict


# run_after, not logical_date: the latter is None in runs started by assets or through the REST API. In the pool because
# it reads the raw file, which nobody can open while an ingest DAG writes it.
@task(pool=POOL)
def plan(as_of: str | None, run_after: str) -> dict[str, Any]:
    from serve.build import BuildFailed, plan_build

    with verdict(BuildFailed, ValueError):
        planned = plan_build(as_of or None, run_after)
    if planned["skip"]:
        raise AirflowSkipException(planned["reason"])
    return planned


@task(pool=POOL, execution_timeout=timedelta(minutes=60))
def build(layer: str, plan: dict[str, Any]) -> None:
    from serve.build import BuildFailed, dbt_build

    with verdict(BuildFailed):
        dbt_build(layer, plan)


@task(pool=POOL)
def validate(stage: str, plan: dict[str, Any]) -> None:
    from expectations.validate import ValidationFailed
    from expectations.validate import validate as check

    with verdict(ValidationFailed):
        check(stage, home=plan["home"])


@task(pool=POOL)
def publish(plan: dict[str, Any]) -> str:
    from expectations.validate import ValidationFailed
    from serve.publish import PublishFailed
    from serve.publish import publish as publish_release

    with verdict(PublishFailed, ValidationFailed):
        return publish_release(plan)["release_id"]


with DAG(
    dag_id="build_warehouse",
    description="Build, check and publish the marts",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 7 * * *", timezone="UTC", run_immediately=timedelta(0)),
        assets=reduce(and_, map(asset, DOMAINS)),
    ),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            description="build as known at the end of that day (UTC), into its own folder; empty: today's knowledge",
        )
    },
    tags=["gigawatch", "build"],
):
    # The plan goes to every task as it is: it says which home, as_of and release this run is about.
    planned = plan("{{ params.as_of or '' }}", "{{ dag_run.run_after.isoformat() }}")
    steps = [
        build.override(task_id="build_staging")("staging", planned),
        validate.override(task_id="validate_staging")("staging", planned),
        build.override(task_id="build_marts")("marts", planned),
        validate.override(task_id="validate_marts")("marts", planned),
        publish(planned),
    ]
    chain(*steps)
