"""A tiny world: one source with two tables, its own sources folder, its own home."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ingest import run
from settings import settings

COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "varchar", "required": True, "not_null": True},
    {"name": "day", "type": "date", "required": True, "not_null": True},
    {"name": "IT power (MW)", "type": "double", "min": 0, "max": 5000},
    {"name": "kind", "type": "varchar", "allowed": ["gpu", "asic"]},
]
REJECTS = [{"rule": "future_observation", "when": "day > _known_from", "message": "observed after it was known"}]
HEADER = "id,day,IT power (MW),kind\n"
GOOD = HEADER + "a,2026-01-01,10,gpu\nb,2026-01-01,20.5,asic\nc,2026-01-02,,\nd,2026-01-02,40,gpu\n"


class World:
    """A source `tiny` with resources `table` (under test) and `other` (which must never be disturbed)."""

    def __init__(self, root: Path) -> None:
        self.sources = root / "sources"
        self.folder = self.sources / "tiny"
        self.home = settings().home
        table = {
            "resource": "table", "domain": "pricing", "path": "/table.csv", "bundled": "sample/*/table.csv",
            "freshness_sla_days": 7, "key": ["id", "day"], "min_rows": 2, "max_row_loss_pct": 50,
            "columns": deepcopy(COLUMNS), "rejects": deepcopy(REJECTS),
        }  # fmt: skip
        self.table: dict[str, Any] = table
        self.other: dict[str, Any] = table | {
            "resource": "other", "path": "/other.csv", "bundled": "sample/*/other.csv"
        }  # fmt: skip
        self.source: dict[str, Any] = {}
        self.bundle("2026-02-01", GOOD, "other")

    def contract(self, **changes: Any) -> None:
        """Write source.yml, with `changes` to the table under test kept, and what `self.source` says of the source."""
        self.table |= changes
        document = {
            "source": "tiny", "title": "Tiny", "publisher": "Nobody", "landing_page": None,
            "base_url": "http://127.0.0.1:9", "cadence": "daily", "robots": "allowed",
            "licence": {"name": "CC0", "url": None, "redistributable": True, "attribution": ""},
            "resources": [self.table, self.other],
        } | self.source  # fmt: skip
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "source.yml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")

    def bundle(
        self, known_from: str, content: str | bytes, resource: str = "table", name: str | None = None, **sidecar: Any
    ) -> Path:
        """Put a bundled file with its sidecar in place, known from that day and retrieved then; returns the file."""
        name = name or f"{resource}.csv"
        folder = self.folder / "sample" / f"v{known_from}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        facts = {
            "retrieved_at": f"{known_from}T06:00:00Z", "known_from": known_from, "known_from_basis": "publication",
            "vintage_kind": "bundled", "vintage_scope": "full", "url": None, "note": "",
        }  # fmt: skip
        (folder / f"{name}.meta.json").write_text(json.dumps(facts | sidecar), encoding="utf-8")
        return folder / name

    def fetch(self, mode: str = "bundled") -> dict[str, Any]:
        return run.fetch_source("tiny", "pricing", mode, self.sources)

    def load(self) -> list[dict[str, Any]]:
        return run.load_domain("pricing", self.sources)

    def ingest(self, known_from: str, content: str | bytes, **sidecar: Any) -> dict[str, Any]:
        """Bundle, fetch and load one content of the table under test; returns its load report."""
        self.contract()
        self.bundle(known_from, content, **sidecar)
        self.fetch()
        (report,) = [report for report in self.load() if report["resource"] == "table"]
        return report

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Query the raw store, attached as the warehouse does."""
        with duckdb.connect() as con:
            con.execute(f"ATTACH '{self.home / 'raw/raw.duckdb'}' AS rawdb (READ_ONLY)")
            con.execute("USE rawdb")
            return con.execute(sql, list(parameters)).fetchall()

    def raw_state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in raw but the load sequence, in a defined order."""
        tables = {
            'raw."tiny__table"': "* EXCLUDE (_load_id)",
            'raw."tiny__other"': "* EXCLUDE (_load_id)",
            "raw.fetches": "*",
            "raw.loads": "* EXCLUDE (load_id)",
            "raw.quarantine": "* EXCLUDE (load_id)",
            "raw.drift": "* EXCLUDE (load_id)",
            "raw.sources": "*",
        }
        state = {}
        for table, columns in tables.items():
            names = sorted(row[0] for row in self.rows(f"DESCRIBE SELECT {columns} FROM {table}"))
            listed = ", ".join(f'"{name}"' for name in names)
            state[table] = self.rows(f"SELECT {listed} FROM {table} ORDER BY ALL")
        return state
