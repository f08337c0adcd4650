"""SQLAlchemy dialect `duckdb+eager`: results are read in full when a statement is executed.

great-expectations fetches a result after it has given the connection back to the pool, and DuckDB drops an open result
at the rollback that follows (`IndexError: list index out of range`). duckdb-engine has no switch for this, so its
cursor is wrapped. The private names used here are those of duckdb-engine 0.17.0, which pyproject.toml pins.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import duckdb_engine
from sqlalchemy.dialects import registry

PINNED_DUCKDB_ENGINE = "0.17.0"


class EagerCursor(duckdb_engine.CursorWrapper):
    """Cursor that holds `description` and all rows of the last statement itself."""

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        super().execute(statement, parameters, context)
        wrapped = self._CursorWrapper__c
        self.description = wrapped.description
        self._rows = deque(wrapped.fetchall() if self.description else ())

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [self._rows.popleft() for _ in range(min(size or 1, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        return rows


class EagerConnection(duckdb_engine.ConnectionWrapper):
    """Connection whose cursors are `EagerCursor`."""

    def cursor(self) -> EagerCursor:
        return EagerCursor(self._ConnectionWrapper__c, self)


class EagerDialect(duckdb_engine.Dialect):
    """`duckdb+eager:///<file>`; everything else is duckdb-engine's own dialect."""

    driver = "eager"
    supports_statement_cache = False

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        return EagerConnection(super().connect(*cargs, **cparams)._ConnectionWrapper__c)


def register() -> None:
    """Make `duckdb+eager://` known to SQLAlchemy; raises RuntimeError on an untested duckdb-engine."""
    if duckdb_engine.__version__ != PINNED_DUCKDB_ENGINE:
        raise RuntimeError(
            f"duckdb-engine {duckdb_engine.__version__} is installed, expectations/duckdb_dialect.py is tested with "
            f"{PINNED_DUCKDB_ENGINE} only: run `make` again, or test the dialect with the new version and move the pin."
        )
    registry.register("duckdb.eager", __name__, "EagerDialect")
