"""Runs that repeat, break off, come late or find damage: raw always ends as what a rebuild from the archive gives."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time

import duckdb
import pytest

from ingest import load, run
from ingest.archive import ArchiveError
from ingest.load import LoadFailed
from settings import REPO, settings
from tests.integration.ingest.tiny_world import GOOD, HEADER, World

MORE = GOOD + "e,2026-01-03,50,gpu\n"
LESS = GOOD.replace("a,2026-01-01,10,gpu\n", "")


def test_all_contracted_tables_and_the_catalogue_exist_after_the_first_load(world: World) -> None:
    world.contract()
    run.load_domain("construction", world.sources)  # a domain without any source
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(0,)]
    assert world.rows("SELECT resource, url, is_redistributable, freshness_sla_days FROM raw.sources ORDER BY 1") == [
        ("other", "http://127.0.0.1:9/other.csv", True, 7),
        ("table", "http://127.0.0.1:9/table.csv", True, 7),
    ]


def test_a_second_run_adds_nothing(world: World) -> None:
    world.ingest("2026-01-15", GOOD)
    world.ingest("2026-02-01", MORE)
    before = world.raw_state()
    world.fetch()
    assert world.load() == []
    assert world.raw_state() == before


def test_content_that_comes_again_is_stored_once_and_fetches_tell_when_it_was_valid(world: World) -> None:
    for day, content in (("2026-01-15", GOOD), ("2026-01-20", MORE)):
        world.ingest(day, content)
    world.bundle("2026-01-25", GOOD)
    world.fetch()
    assert world.load() == []
    assert world.rows("SELECT count(DISTINCT sha256), count(*) FROM raw.fetches WHERE resource = 'table'") == [(2, 3)]
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(9,)]


def test_row_loss_is_measured_against_what_was_valid_last_not_what_was_loaded_last(world: World) -> None:
    many = HEADER + "".join(f"s{n},2026-01-01,{n},gpu\n" for n in range(100))
    world.ingest("2026-01-10", GOOD)
    world.ingest("2026-01-15", many)
    world.bundle("2026-01-20", GOOD)  # back to the small table: stored already, valid again
    assert world.ingest("2026-01-25", MORE)["status"] == "loaded"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_backfill_in_any_order_ends_equal(world: World, order: tuple[int, ...]) -> None:
    """Includes a vintage that is a row loss after its predecessor, whichever of the two comes first."""
    big = HEADER + "".join(f"s{n},2026-01-01,{n},gpu\n" for n in range(100))
    vintages = [("2026-01-10", GOOD), ("2026-01-15", big), ("2026-01-20", MORE)]
    for index in order:
        world.contract()
        world.bundle(*vintages[index])
        world.fetch()
        world.load()
    state = world.raw_state()
    settings().raw_db.unlink()
    world.load()
    assert world.raw_state() == state
    assert world.rows("SELECT status FROM raw.loads WHERE resource = 'table' ORDER BY known_from") == [
        ("loaded",), ("loaded",), ("rejected",)
    ]  # fmt: skip


def test_content_first_seen_late_takes_its_earlier_date_once_that_is_known(world: World) -> None:
    world.ingest("2026-02-01", GOOD)
    world.ingest("2026-01-15", GOOD)
    assert world.rows("SELECT DISTINCT _known_from::DATE::VARCHAR FROM raw.tiny__table") == [("2026-01-15",)]
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(4,)]


def test_an_edited_bundle_with_the_same_sidecar_becomes_the_latest(world: World) -> None:
    """Whatever the hashes are: what is bundled now comes last."""
    for content in (GOOD, MORE, LESS, GOOD):
        world.contract()
        world.bundle("2026-02-01", content)
        world.fetch()
        world.load()
        latest = world.rows(
            "SELECT arg_max(rows_loaded, (f.known_from, f.attempted_at)) FROM raw.fetches f JOIN raw.loads l "
            "USING (source, resource, sha256) WHERE resource = 'table' AND status = 'loaded'"
        )
        assert latest == [(content.count("\n") - 1,)]


def test_a_repaired_contract_tries_rejected_content_and_quarantined_rows_again(world: World) -> None:
    narrow = [
        {"name": "id", "type": "varchar", "required": True},
        {"name": "megawatt", "type": "double", "required": True},
    ]
    columns = world.table["columns"]
    world.table["columns"] = narrow
    world.table |= {"key": ["id"], "rejects": []}
    assert world.ingest("2026-02-01", GOOD)["status"] == "rejected"
    world.contract(columns=[*columns[:2], columns[2] | {"max": 30}, columns[3]], key=["id", "day"])
    assert [(r["status"], r["rows_quarantined"]) for r in world.load()] == [("loaded", 1)]
    world.contract(columns=columns)
    assert [(r["status"], r["rows_quarantined"]) for r in world.load()] == [("loaded", 0)]
    assert world.rows("SELECT count(*) FROM raw.quarantine") == [(0,)]
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(4,)]
    assert world.rows("SELECT count(*), count(DISTINCT load_id) FROM raw.loads") == [(2, 2)]


def test_a_new_contracted_column_appears_in_an_old_raw_table(world: World) -> None:
    world.ingest("2026-01-15", GOOD)
    world.contract(columns=[*world.table["columns"], {"name": "cost (USD)", "type": "double"}])
    world.load()
    assert world.rows('SELECT DISTINCT "cost (USD)" FROM raw.tiny__table') == [(None,)]


def test_killed_between_archive_and_load(world: World) -> None:
    world.contract()
    world.bundle("2026-02-01", GOOD)
    world.fetch()  # and here the process dies
    assert [(r["resource"], r["status"]) for r in world.load()] == [("table", "loaded"), ("other", "loaded")]


def test_an_error_inside_the_transaction_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.contract()
    world.bundle("2026-02-01", GOOD)
    world.fetch()

    def out_of_disk(*_: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(load, "_write_ledger", out_of_disk)
        with pytest.raises(OSError, match="No space"):
            world.load()
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(0,)]
    assert world.rows("SELECT count(*) FROM raw.loads") == [(0,)]
    assert len(world.load()) == 2


def test_killed_in_the_middle_of_loading(world: World) -> None:
    """A real SIGKILL while the process loads many contents: the next run ends where an undisturbed one would."""
    world.contract(max_row_loss_pct=None)
    for day in range(1, 29):
        world.bundle(f"2026-01-{day:02}", GOOD + "".join(f"k{day}n{n},2026-01-01,1,gpu\n" for n in range(2000)))
    world.fetch()
    command = (
        f"from pathlib import Path; from ingest import run; run.load_domain('pricing', Path({str(world.sources)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", command], cwd=REPO, env=os.environ | {"PYTHONPATH": str(REPO)})
    ledger = settings().raw_db
    deadline = time.monotonic() + 60
    while process.poll() is None and not ledger.with_suffix(".duckdb.wal").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    world.load()
    state = world.raw_state()
    assert len(state["raw.loads"]) == 29
    ledger.unlink()
    ledger.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    world.load()
    assert world.raw_state() == state


def test_damaged_bytes_stop_only_themselves(world: World) -> None:
    world.contract()
    world.bundle("2026-02-01", GOOD)
    records = world.fetch()["records"]
    damaged = next(record for record in records if record["resource"] == "table")
    path = settings().archive_dir / "tiny/table/objects" / damaged["sha256"]
    path.write_bytes(b"x")
    with pytest.raises(LoadFailed, match=r"tiny\.table: archived bytes .* are damaged") as caught:
        world.load()
    assert [report["resource"] for report in caught.value.reports] == ["other"]
    world.fetch()  # the bundle has the same bytes: the archive repairs itself
    assert [report["resource"] for report in world.load()] == ["table"]


def test_missing_bytes_are_said(world: World) -> None:
    world.contract()
    world.bundle("2026-02-01", GOOD)
    world.fetch()
    for path in (settings().archive_dir / "tiny/table/objects").iterdir():
        path.unlink()
    with pytest.raises(LoadFailed, match=r"tiny\.table: archived bytes .* are missing"):
        world.load()
    assert issubclass(ArchiveError, Exception)


def test_a_busy_raw_store_is_said_in_words(world: World) -> None:
    world.contract()
    settings().raw_db.parent.mkdir(parents=True, exist_ok=True)
    hold = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    command = [sys.executable, "-c", hold, str(settings().raw_db)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if holder.stdout.readline() != "held\n":  # type: ignore[union-attr]
            pytest.fail("the other process did not open the file")
        with pytest.raises(run.RawStoreBusy, match="pool warehouse_writer"):
            world.load()
    finally:
        holder.communicate("\n")
    assert world.load() == []


def test_unknown_words_are_refused(world: World) -> None:
    world.contract()
    with pytest.raises(run.IngestError, match="domain is 'weather'"):
        run.sources_in("weather", world.sources)
    with pytest.raises(run.IngestError, match="mode is 'dead'"):
        world.fetch("dead")
    with pytest.raises(run.IngestError, match="no resource in domain 'shipments'"):
        run.fetch_source("tiny", "shipments", "bundled", world.sources)


def test_row_numbers_follow_the_file_on_many_threads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIGAWATCH_DUCKDB_THREADS", "4")
    world.contract(key=[], rejects=[])
    report = world.ingest("2026-02-01", HEADER + "".join(f"{n},2026-01-01,1,gpu\n" for n in range(1, 400_001)))
    assert report["rows_loaded"] == 400_000
    assert world.rows("SELECT count(*) FROM raw.tiny__table WHERE id::BIGINT <> _row") == [(0,)]


def test_the_raw_store_opens_with_its_schema_name_qualified(world: World) -> None:
    world.ingest("2026-02-01", GOOD)
    with duckdb.connect(settings().raw_db, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM raw.raw.tiny__table").fetchall() == [(4,)]


def test_ingest_run_imports_nothing_heavy() -> None:
    check = (
        "import sys, ingest.run; heavy = {'duckdb', 'pyarrow', 'pandas', 'numpy', 'httpx'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", check], cwd=REPO, env=os.environ | {"PYTHONPATH": str(REPO)}, check=True)
