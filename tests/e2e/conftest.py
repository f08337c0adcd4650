"""The whole refresh, run once the way a user runs it; every end-to-end test reads or varies its result."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from serve.build import run_dbt

REPO = Path(__file__).resolve().parents[2]


def refresh(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the one-process refresh (what `make run` runs) into `home`."""
    return subprocess.run(
        [sys.executable, "-m", "dags.run_refresh", *options],
        env=os.environ | {"GIGAWATCH_HOME": str(home), "PYTHONPATH": str(REPO)},
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=600,
    )


def dbt(home: Path, command: str, *selection: str) -> subprocess.CompletedProcess[str]:
    """Run one dbt command on the warehouse file of `home`, as of the bundle's newest day."""
    return run_dbt(
        command, *selection, as_of="2026-11-22", warehouse=home / "warehouse" / "build.duckdb",
        raw_db=home / "raw" / "raw.duckdb", target=home / "warehouse" / "dbt_target", logs=home / "reports" / "logs",
        timeout=300,
    )  # fmt: skip


def table_hashes(db: Path, schema: str = "marts") -> dict[str, str]:
    """Order-free fingerprint of every table of a schema: rows, xor and sum of row hashes (xor alone hides pairs)."""
    with duckdb.connect(str(db), read_only=True) as con:
        tables = con.execute(
            "select table_name from information_schema.tables where table_schema = ? order by 1", [schema]
        ).fetchall()
        return {
            name: str(
                con.execute(
                    f'select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from {schema}."{name}" t'
                ).fetchone()
            )
            for (name,) in tables
        }


@pytest.fixture(scope="session")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GIGAWATCH_HOME after one bundled refresh through Airflow, made once for all test workers."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home = shared / "gigawatch" / "data"
    with (shared / "refreshed.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (home / "stdout.txt").exists():
            done = refresh(home)
            assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
            (home / "stdout.txt").write_text(done.stdout)
    return home


@pytest.fixture
def copy_of(refreshed: Path, tmp_path: Path) -> Path:
    """A private copy of the refreshed home for tests that change it (without Airflow's own files)."""
    home = tmp_path / "data"
    shutil.copytree(refreshed, home, ignore=shutil.ignore_patterns("airflow", "releases", "stdout.txt"))
    return home


@pytest.fixture(scope="session")
def published(refreshed: Path):
    """SQL on the published file, opened as a reader opens it."""
    with duckdb.connect(str(refreshed / "serving" / "gigawatch.duckdb"), read_only=True) as con:
        yield con
