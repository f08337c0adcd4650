"""A resource that comes in parts: each is fetched, judged, superseded and dated by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

from ingest.archive import Archive, Fetch
from settings import REPO, settings
from tests.integration.ingest.tiny_world import GOOD, HEADER, World

PARTS = {"parts": {"east": {"region": "e"}, "west": {"region": "w"}}, "bundled": "sample/*/table*.csv"}


def rows(n: int) -> str:
    return HEADER + "".join(f"s{i},2026-01-01,{i},gpu\n" for i in range(n))


def bundle(world: World, day: str, part: str, content: str) -> None:
    world.bundle(day, content, name=f"table-{part}.csv", part=part, retrieved_at=f"{day}T06:00:0{len(part) % 2}Z")


@pytest.fixture
def parted(world: World) -> World:
    """Two parts of very different size, at two dates."""
    world.contract(**PARTS)
    for day, n in (("2026-01-15", 100), ("2026-02-01", 99)):
        bundle(world, day, "east", rows(n))
        bundle(world, day, "west", rows(n // 10))
    world.fetch()
    world.load()
    return world


def test_each_part_is_its_own_content_and_size_is_judged_within_it(parted: World) -> None:
    loads = "SELECT part, known_from::DATE::VARCHAR, status, rows_loaded FROM raw.loads WHERE resource = 'table'"
    assert parted.rows(f"{loads} ORDER BY ALL") == [
        ("east", "2026-01-15", "loaded", 100), ("east", "2026-02-01", "loaded", 99),
        ("west", "2026-01-15", "loaded", 10), ("west", "2026-02-01", "loaded", 9),
    ]  # fmt: skip
    by_part = "SELECT _part, count(*) FROM raw.tiny__table GROUP BY 1 ORDER BY 1"
    assert parted.rows(by_part) == [("east", 199), ("west", 19)]
    bundle(parted, "2026-02-10", "east", rows(20))
    parted.fetch()
    (report,) = parted.load()
    assert (report["part"], report["status"]) == ("east", "rejected")
    assert report["reason"].startswith("tiny.table (east) known from 2026-02-10: row_loss: 20 good rows, the content")
    assert parted.rows("SELECT part, rule FROM raw.quarantine") == [("east", "row_loss")]
    assert parted.rows("SELECT count(*) FROM raw.tiny__other WHERE _part = ''") == [(4,)]


def test_the_same_bytes_in_two_parts_are_two_contents(world: World) -> None:
    world.contract(**PARTS)
    for part in ("east", "west"):
        bundle(world, "2026-01-15", part, GOOD)
    world.fetch()
    world.load()
    assert world.rows("SELECT count(DISTINCT sha256), count(*) FROM raw.loads WHERE resource = 'table'") == [(1, 2)]
    assert world.rows("SELECT _part, count(*) FROM raw.tiny__table GROUP BY 1 ORDER BY 1") == [("east", 4), ("west", 4)]
    assert world.load() == []


def test_a_backfill_of_one_part_leaves_the_other_alone(parted: World) -> None:
    untouched = "SELECT load_id FROM raw.loads WHERE part = 'west' ORDER BY 1"
    before = parted.rows(untouched)
    bundle(parted, "2026-01-01", "east", rows(101))
    parted.fetch()
    assert [(report["part"], f"{report['known_from']:.10}") for report in parted.load()] == [
        ("east", "2026-01-01"), ("east", "2026-01-15")
    ], "the new one, and the one whose predecessor it now is"  # fmt: skip
    assert parted.rows(untouched) == before
    state = parted.raw_state()
    settings().raw_db.unlink()
    parted.load()
    assert parted.raw_state() == state


def test_a_skipped_fetch_is_on_record(world: World) -> None:
    world.contract()
    archive = Archive(settings().archive_dir)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    archive.record(Fetch(source="tiny", resource="table", url=None, attempted_at=moment, outcome="skipped",
                         vintage_kind="live", error="no key in GIGAWATCH_KEY_TINY"))  # fmt: skip
    world.load()
    assert world.load() == []
    assert world.rows("SELECT outcome, sha256, error, part FROM raw.fetches WHERE resource = 'table'") == [
        ("skipped", None, "no key in GIGAWATCH_KEY_TINY", "")
    ]


def test_a_raw_store_of_before_parts_is_upgraded(world: World) -> None:
    """The file as earlier code left it: no part columns, no drift table, another storage version."""
    world.ingest("2026-01-15", GOOD)
    world.ingest("2026-02-01", GOOD + "e,2026-01-03,50,gpu\n")
    state = world.raw_state()
    new = settings().raw_db
    old = new.with_name("old.duckdb")
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{new}' AS new; ATTACH '{old}' AS old (STORAGE_VERSION 'v1.0.0')")
        con.execute("COPY FROM DATABASE new TO old")
        con.execute("DROP TABLE old.raw.drift")
        for table in ("fetches", "loads", "quarantine"):
            con.execute(f"ALTER TABLE old.raw.{table} DROP COLUMN part")
        for table in ("tiny__table", "tiny__other"):
            con.execute(f"ALTER TABLE old.raw.{table} DROP COLUMN _part")
        for column in ("compared_sha256", "compared_known_from"):
            con.execute(f"ALTER TABLE old.raw.loads DROP COLUMN {column}")
    old.replace(new)
    assert [report["resource"] for report in world.load()] == ["table"], "what has a predecessor is judged again"
    assert world.raw_state() == state
    assert world.load() == []


# --- the SQL the warehouse picks contents with


def picked(world: World, macro: str, as_of: str = "2026-12-31") -> list[tuple[Any, ...]]:
    """The result of a macro of dbt/macros/contents.sql over the raw store, as dbt would run it."""
    macros = Environment().from_string((REPO / "dbt/macros/contents.sql").read_text(encoding="utf-8"))
    module: Any = macros.make_module({
        "source": lambda schema, table: f"{schema}.{table}",
        "known_by_as_of": lambda: f"known_from < DATE '{as_of}' + INTERVAL 1 DAY",
    })  # fmt: skip
    sql = getattr(module, macro)("tiny", "table")
    return world.rows(
        f"SELECT chosen.part, loads.rows_loaded, chosen.* EXCLUDE (part, sha256) FROM ({sql}) AS chosen "
        "JOIN raw.loads ON loads.part = chosen.part AND loads.sha256 = chosen.sha256 ORDER BY ALL"
    )


def test_the_macros_choose_within_each_part(parted: World) -> None:
    assert picked(parted, "latest_content") == [("east", 99), ("west", 9)]
    assert [row[:3] for row in picked(parted, "vintages")] == [
        ("east", 99, datetime(2026, 2, 1).date()), ("east", 100, datetime(2026, 1, 15).date()),
        ("west", 9, datetime(2026, 2, 1).date()), ("west", 10, datetime(2026, 1, 15).date()),
    ]  # fmt: skip
    assert [row[:2] for row in picked(parted, "vintages", "2026-01-20")] == [("east", 100), ("west", 10)]
    assert [row[:2] for row in picked(parted, "known_contents", "2026-01-20")] == [("east", 100), ("west", 10)]


def test_an_older_vintage_that_comes_late_changes_nothing_about_newer_ones(parted: World) -> None:
    before = {macro: picked(parted, macro) for macro in ("latest_content", "vintages", "known_contents")}
    world = parted
    world.bundle("2026-01-01", rows(98), name="table-east.csv", part="east", retrieved_at="2026-11-22T00:00:00Z")
    world.fetch()
    world.load()
    assert picked(world, "latest_content") == before["latest_content"]
    for macro in ("vintages", "known_contents"):
        after = picked(world, macro)
        assert [row for row in after if row in before[macro]] == before[macro]
        assert len(after) == len(before[macro]) + 1
