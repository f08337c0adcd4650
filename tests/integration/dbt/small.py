"""Models on small raw data: dbt as the house runs it, on a warehouse file per as-of date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from serve.build import run_dbt
from settings import Settings


def build(home: Path, as_of: str, command: str, *options: str) -> duckdb.DuckDBPyConnection:
    """Run dbt on `<home>/<as_of>.duckdb`, reading the raw store of `home`; returns the warehouse, open for reading."""
    warehouse = home / f"{as_of}.duckdb"
    done = run_dbt(
        command, *options, as_of=as_of, warehouse=warehouse, raw_db=Settings(home=home).raw_db,
        target=home / "target", logs=home / "logs",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return duckdb.connect(warehouse, read_only=True)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()
