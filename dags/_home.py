"""The Airflow installation under GIGAWATCH_HOME: its environment, database, pool, and the lock on the whole home.

Used by the two programs that start Airflow here, run_refresh.py (one process) and run_airflow.py (its services).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from settings import Settings


class HomeInUse(Exception):
    """Another `make run` or `make up` works on the same GIGAWATCH_HOME."""


def environment(house: Settings) -> dict[str, str]:
    """AIRFLOW__* and other variables of an Airflow that keeps all it has under the home and phones nobody."""
    home = house.airflow_home
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(house.repo / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # All services write one file: on a busy machine they may have to wait for one another longer than SQLite's 5 s.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=15",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "GIGAWATCH_HOME": str(house.home),
        # Tasks find ingest, models, serve through it: Airflow itself puts only the DAG folder on their path.
        "PYTHONPATH": str(house.repo),
        # Equal draws on any number of cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


@contextmanager
def locked(house: Settings) -> Iterator[None]:
    """Hold the home for this process. Raises HomeInUse when another one holds it; a dead process holds nothing."""
    house.airflow_home.mkdir(parents=True, exist_ok=True)
    with (house.airflow_home / "in_use.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(
                f"Another `make run`, `make live`, `make asof` or `make up` is working on {house.home}. "
                "Wait for it or stop it; if Airflow is up, trigger the DAGs there."
            ) from None
        yield


def prepare() -> None:
    """Create or migrate Airflow's database and create the pool; needs `environment` in os.environ.

    Without the pool its tasks would wait for ever in the state `scheduled`.
    """
    from airflow.models.pool import Pool
    from airflow.utils.db import upgradedb

    from dags._common import POOL

    upgradedb()
    Pool.create_or_update_pool(
        POOL, slots=1, description="Whoever opens the raw or the warehouse file: one at a time", include_deferred=False
    )


def enter(house: Settings) -> None:
    """Put `environment` into os.environ. Must come before the first import of airflow, which reads it once."""
    os.environ.update(environment(house))
