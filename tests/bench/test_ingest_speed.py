"""What the guarded path from a file to raw costs: against bare DuckDB, against dlt, in memory, and for nothing new.

Each figure is a ratio within one run on one machine, the best of interleaved rounds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from settings import REPO, settings
from tests.integration.ingest.tiny_world import World

ROUNDS = 3

# A price catalogue: what a cloud's price list looks like, one row per SKU, region and term.
CATALOGUE = """
    SELECT 'SKU' || lpad((i * 7919 % 10000019)::VARCHAR, 12, '0') AS sku, 'eastus' || (i % 37) AS region,
           'Virtual Machines' AS service, 'Standard_ND' || (i % 960) || 'isr_v5' AS instance,
           CASE i % 3 WHEN 0 THEN 'OnDemand' WHEN 1 THEN 'Spot' ELSE 'Reserved' END AS term,
           ((i % 98321) / 1000.0)::DECIMAL(18, 6) AS price, 'USD' AS currency, '1 Hour' AS unit,
           DATE '2024-01-01' + (i % 700)::INT AS effective, (i % 8)::INT AS gpus,
           'https://example.org/prices/' || i AS url, CASE WHEN i % 5 > 0 THEN 'note ' || (i % 1000) END AS note
    FROM range({rows}) t(i)
"""
CATALOGUE_COLUMNS: list[dict[str, Any]] = [
    {"name": "sku", "required": True, "not_null": True},
    {"name": "region", "required": True, "not_null": True},
    {"name": "service"},
    {"name": "instance", "not_null": True},
    {"name": "term", "allowed": ["OnDemand", "Spot", "Reserved"]},
    {"name": "price", "type": "double", "required": True, "not_null": True, "min": 0, "max": 1000},
    {"name": "currency", "allowed": ["USD"]},
    {"name": "unit"},
    {"name": "effective", "type": "date", "not_null": True},
    {"name": "gpus", "type": "bigint", "min": 0, "max": 64},
    {"name": "url"},
    {"name": "note"},
]
CATALOGUE_CONTRACT: dict[str, Any] = {
    "columns": CATALOGUE_COLUMNS, "key": ["sku", "region", "term"], "max_row_loss_pct": None,
    "rejects": [{"rule": "future_price", "when": "effective > _known_from", "message": "effective later than known"}],
}  # fmt: skip

# Bill-of-lading lines, as wide as the real ones.
LADING = """
    SELECT 'MEDU' || lpad((i * 7919 % 100000007)::VARCHAR, 9, '0') AS bill_of_lading, i % 7 AS line_number,
           DATE '2020-01-01' + (i % 2000)::INT AS arrival_date, 'SHIPPER ' || (i % 40009) || ' CO LTD' AS shipper_name,
           (i % 900) || ' INDUSTRIAL ROAD SECTION ' || (i % 13) AS shipper_address, 'TAOYUAN' AS shipper_city,
           'TW' AS shipper_country, 'CONSIGNEE ' || (i % 9001) || ' INC' AS consignee_name,
           (i % 7000) || ' DATA CENTER BLVD' AS consignee_address, 'NEW ALBANY' AS consignee_city,
           'OH' AS consignee_state, 'US' AS consignee_country,
           CASE WHEN i % 4 > 0 THEN 'FORWARDER ' || (i % 301) END AS notify_party, 'MAERSK' AS carrier,
           'VESSEL ' || (i % 503) AS vessel, (i % 999) || 'W' AS voyage, 'KAOHSIUNG' AS port_of_lading,
           'LOS ANGELES' AS port_of_unlading, 'TGHU' || (i * 31 % 9999991) AS container, '847150' AS hs_code,
           'SERVER RACK PARTS AND ACCESSORIES HS CODE 847330 PO ' || (i * 17 % 1000003) AS goods_description,
           i % 88 AS packages, ((i * 13 % 9000000) / 100.0)::DECIMAL(12, 2) AS gross_weight_kg, i % 60 AS volume_m3,
           'https://example.org/bol/' || i AS source_url
    FROM range({rows}) t(i)
"""
LADING_CONTRACT: dict[str, Any] = {
    "columns": [
        {"name": "bill_of_lading", "required": True, "not_null": True},
        {"name": "line_number", "type": "bigint", "required": True, "not_null": True},
        {"name": "arrival_date", "type": "date", "required": True, "not_null": True},
        {"name": "gross_weight_kg", "type": "double", "min": 0, "max": 1_000_000},
        {"name": "packages", "type": "bigint", "min": 0},
    ],
    "key": ["bill_of_lading", "line_number"], "max_row_loss_pct": 50,
    "rejects": [{"rule": "future_arrival", "when": "arrival_date > _known_from", "message": "arrives too late"}],
}  # fmt: skip


def write(query: str, rows: int, file: Path) -> None:
    kind = "(FORMAT parquet)" if file.suffix == ".parquet" else "(HEADER)"
    with duckdb.connect(config={"memory_limit": "1GB"}) as con:
        con.execute(f"COPY ({query.format(rows=rows)}) TO '{file}' {kind}")


def archived(root: Path, monkeypatch: pytest.MonkeyPatch, file: Path, contract: dict[str, Any]) -> World:
    """A world that has fetched `file` (moved) as its table under test, and loaded nothing."""
    monkeypatch.setenv("GIGAWATCH_HOME", str(root / "home"))
    world = World(root)
    name = f"table{file.suffix}"
    world.contract(**contract, bundled=f"sample/*/{name}", format=file.suffix[1:])
    shutil.move(file, world.bundle("2026-02-01", b"", name=name))
    world.fetch()
    return world


def seconds(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def forget(*databases: Path) -> None:
    for database in databases:
        database.unlink(missing_ok=True)
        database.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        print(f"\n{text}")


@pytest.mark.bench
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_bulk_to_raw_against_bare_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    rows, file = 1_000_000, tmp_path / f"catalogue{suffix}"
    write(CATALOGUE, rows, file)
    world = archived(tmp_path, monkeypatch, file, CATALOGUE_CONTRACT)
    (source,) = world.folder.glob(f"sample/*/table{suffix}")
    reader = f"read_csv('{source}', all_varchar = true)" if suffix == ".csv" else f"read_parquet('{source}')"
    bare_db = tmp_path / "bare.duckdb"

    def bare() -> None:
        with duckdb.connect(str(bare_db)) as con:  # all its threads, as the loader
            con.execute(f"CREATE TABLE bulk AS SELECT * FROM {reader}")

    bare_s, ours_s = [], []
    for _ in range(ROUNDS):
        forget(bare_db, settings().raw_db)
        bare_s.append(seconds(bare))
        ours_s.append(seconds(world.load))
    assert world.rows("SELECT rows_loaded, rows_quarantined FROM raw.loads WHERE resource = 'table'") == [(rows, 0)]
    ratio = min(ours_s) / min(bare_s)
    say(capsys, f"{rows:,} rows of {suffix[1:]}: bare DuckDB {min(bare_s):.2f} s, archive to raw {min(ours_s):.2f} s, "
                f"ratio {ratio:.2f}")  # fmt: skip
    assert ratio <= 1.5


@pytest.mark.bench
def test_unchanged_bytes_cost_no_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "catalogue.csv"
    write(CATALOGUE, 1_000_000, file)
    world = archived(tmp_path, monkeypatch, file, CATALOGUE_CONTRACT)
    first_s = seconds(world.load)
    world.fetch()
    again_s = seconds(lambda: world.load() == [] or pytest.fail("unchanged bytes were loaded again"))
    say(capsys, f"first load {first_s:.2f} s, the same bytes fetched again {again_s:.2f} s")
    assert again_s < first_s / 5


DLT = """
import json, sys, time
import dlt

rows = json.load(open(sys.argv[1]))
pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(sys.argv[2]), dataset_name="raw")
began = time.perf_counter()
pipeline.run(rows, table_name="prices", write_disposition="append")
print(time.perf_counter() - began)
"""


@pytest.mark.bench
def test_three_times_as_fast_as_dlt_on_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """dlt 1.31.0 as it comes: row dicts, its own file format, its DuckDB destination."""
    environment = Path(request.config.cache.mkdir("dlt_1_31_0"))  # type: ignore[union-attr]
    python = environment / "bin/python"
    if not (environment / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        installed = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--no-input", "--retries", "1", "--timeout", "15",
             "dlt[duckdb]==1.31.0", f"duckdb=={duckdb.__version__}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if installed.returncode != 0:
            pytest.skip(f"dlt 1.31.0 could not be installed from the package index: {installed.stderr.strip()[-300:]}")
        (environment / "ready").touch()
    rows, file = 50_000, tmp_path / "catalogue.csv"
    write(CATALOGUE, rows, file)
    with duckdb.connect() as con:
        table = con.execute(f"SELECT * FROM read_csv('{file}', all_varchar = true)").to_arrow_table()
    (tmp_path / "rows.json").write_text(json.dumps(table.to_pylist()), encoding="utf-8")
    (tmp_path / "run_dlt.py").write_text(DLT, encoding="utf-8")
    world = archived(tmp_path, monkeypatch, file, CATALOGUE_CONTRACT)

    theirs_s, ours_s = [], []
    for number in range(ROUNDS):
        ran = subprocess.run(
            [python, tmp_path / "run_dlt.py", tmp_path / "rows.json", tmp_path / f"dlt{number}.duckdb"],
            env={**os.environ, "DLT_DATA_DIR": str(tmp_path / f"dlt{number}"), "RUNTIME__DLTHUB_TELEMETRY": "false"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr[-2000:]
        theirs_s.append(float(ran.stdout.split()[-1]))
        forget(settings().raw_db)
        ours_s.append(seconds(world.load))
    ratio = min(theirs_s) / min(ours_s)
    say(capsys, f"{rows:,} rows: dlt {min(theirs_s):.2f} s, archive to raw {min(ours_s):.2f} s, {ratio:.1f} x as fast")
    assert ratio >= 3


LOAD = r"""
import re, sys, time
from pathlib import Path
from ingest import run

began = time.perf_counter()
reports = run.load_domain("pricing", Path(sys.argv[1]))
taken = time.perf_counter() - began
(report,) = [report for report in reports if report["resource"] == "table"]
# not getrusage: its peak includes that of the process this one was forked from
peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
print(report["status"], report["rows_loaded"], taken, peak)
"""


@pytest.mark.bench
def test_ten_million_bill_of_lading_lines_under_2_gb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, file = 10_000_000, tmp_path / "lading.csv"
    write(LADING, rows, file)
    size = file.stat().st_size
    world = archived(tmp_path, monkeypatch, file, LADING_CONTRACT)
    ran = subprocess.run(
        [sys.executable, "-c", LOAD, str(world.sources)],
        cwd=REPO, env={**os.environ, "PYTHONPATH": str(REPO)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.count("\n") == 1, ran.stdout
    status, loaded, taken, peak = ran.stdout.split()
    say(capsys, f"{rows:,} lines, {size / 1e9:.1f} GB of CSV: {float(taken):.0f} s, peak {int(peak) / 1e9:.2f} GB")
    assert (status, int(loaded)) == ("loaded", rows)
    assert int(peak) < 2e9
