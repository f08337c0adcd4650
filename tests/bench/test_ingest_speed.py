"""How much the guarded path from a file to raw costs over bare DuckDB, as a ratio within one run."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from tests.integration.ingest.tiny_world import HEADER, World

ROWS = 1_000_000


@pytest.mark.bench
def test_bulk_csv_to_raw_against_bare_duckdb(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bulk.csv"
    with duckdb.connect() as con:
        con.execute(
            f"""copy (select 'site-' || i as id, '2026-01-01' as day, (i % 5000)::varchar as "IT power (MW)",
                             case i % 2 when 0 then 'gpu' else 'asic' end as kind from range({ROWS}) t(i))
                to '{file}' (header)"""
        )
    assert file.read_text(encoding="utf-8")[: len(HEADER)].lower() == HEADER.lower()
    world = World(tmp_path)
    world.contract(max_row_loss_pct=None)
    world.bundle("2026-02-01", file.read_bytes())
    world.fetch()

    began = time.perf_counter()
    with duckdb.connect(str(tmp_path / "bare.duckdb")) as con:
        con.execute(f"create table bulk as from read_csv('{file}', all_varchar = true)")
    bare_s = time.perf_counter() - began
    began = time.perf_counter()
    reports = world.load()
    ours_s = time.perf_counter() - began

    assert max(report["rows_loaded"] for report in reports) == ROWS
    ratio = ours_s / bare_s
    with capsys.disabled():
        print(f"\n{ROWS:,} rows: bare DuckDB {bare_s:.2f} s, archive to raw {ours_s:.2f} s, ratio {ratio:.2f}")
    assert ratio < 10, "the loader has left DuckDB's pace: is a row handled in Python?"
