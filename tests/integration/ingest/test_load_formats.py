"""Whatever the bytes are packed and written as: the same rows, the same rules, the same refusals."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import packed
from ingest.archive import Archive
from ingest.load import LoadFailed
from settings import settings
from tests.integration.ingest.tiny_world import COLUMNS, GOOD, HEADER, World

ROWS = 'SELECT id, day, "IT power (MW)", kind FROM raw.tiny__table ORDER BY _row'
GOOD_ROWS = [
    ("a", "2026-01-01", "10", "gpu"),
    ("b", "2026-01-01", "20.5", "asic"),
    ("c", "2026-01-02", None, None),
    ("d", "2026-01-02", "40", "gpu"),
]


def many(n: int, **odd: str) -> str:
    """A good file of `n` rows r1, r2, ...; `odd` puts other lines in place of some of them."""
    return HEADER + "".join(odd.get(f"r{i}", f"r{i},2026-01-01,{i % 1000},gpu") + "\n" for i in range(1, n + 1))


# --- lines that cannot be read


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("r150,2026-01-01", "Expected Number of Columns: 4 Found: 2"),
        ("r150,2026-01-01,5,gpu,more,and more", "Expected Number of Columns: 4 Found: 5"),
        ('r150,"2026"-01-01,5,gpu', "unterminated quote"),
    ],
)
def test_a_malformed_line_among_many_goes_to_quarantine(world: World, line: str, why: str) -> None:
    report = world.ingest("2026-02-01", many(300, r150=line, r200="r200,yesterday,5,gpu"))
    assert (report["status"], report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (
        "loaded", 300, 298, 2
    )  # fmt: skip
    assert report["reason"] == "rows in quarantine: malformed_row 1, type:day 1"
    held = world.rows('SELECT "row", rule, value, message, row_json FROM raw.quarantine ORDER BY 1')
    assert [row[:3] for row in held] == [(150, "malformed_row", line), (200, "type:day", "yesterday")]
    assert why in held[0][3]
    assert held[0][4].startswith('{"line":')
    assert world.rows("SELECT count(*) FROM raw.tiny__table WHERE id <> 'r' || _row") == [(0,)]


def test_bytes_that_are_no_text_are_one_malformed_line(world: World) -> None:
    report = world.ingest("2026-02-01", many(300).encode().replace(b"r150,", b"\xff\xfe,"))
    assert (report["rows_loaded"], report["rows_quarantined"]) == (299, 1)
    assert world.rows('SELECT "row", rule FROM raw.quarantine') == [(150, "malformed_row")]


@pytest.mark.parametrize(
    "content",
    {
        "too many": many(300, **{f"r{i}": "x" for i in range(100, 104)}),
        "the last one is cut off": many(300)[:-8],
        "cut off in quotes": many(300) + 'r301,"2026-01',
        "cut off in a letter": (many(300) + "r301,2026-01-01,5,營").encode()[:-1],
        "a quote that swallows the rest": many(300, r10='r10,"2026-01-01,5,gpu'),
        "a quote that swallows very much": many(900, r10='r10,"2026-01-01,5,gpu', r800='r800,"2026-01-01",5,gpu'),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_file_that_is_cut_off_or_mostly_unreadable_is_refused(world: World, content: tuple[str, Any]) -> None:
    report = world.ingest("2026-02-01", content[1])
    assert report["status"] == "rejected"
    assert "wrong_content: the file cannot be read as CSV in UTF-8 to its end" in report["reason"]
    assert world.rows("SELECT rule FROM raw.quarantine") == [("wrong_content",)]


def test_a_footer_is_a_malformed_line_not_a_cut(world: World) -> None:
    report = world.ingest("2026-02-01", many(300) + "Total: 300\n")
    assert (report["status"], report["rows_loaded"], report["rows_quarantined"]) == ("loaded", 300, 1)


def test_malformed_lines_are_found_on_many_threads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.contract(key=[], rejects=[])
    bad = {f"r{i}": f"r{i},too,few" for i in (7, 70_000, 140_001, 399_999)}
    report = world.ingest("2026-02-01", many(400_000, **bad))
    assert (report["rows_in"], report["rows_loaded"]) == (400_000, 399_996)
    assert world.rows("SELECT count(*) FROM raw.tiny__table WHERE id <> 'r' || _row") == [(0,)]
    assert world.rows('SELECT list("row" ORDER BY "row") FROM raw.quarantine') == [([7, 70_000, 140_001, 399_999],)]


def test_a_full_disk_is_no_verdict_on_the_content(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory and of temp space: the load fails, and the next one does it."""
    from ingest import load

    world.contract(key=[], rejects=[])
    world.bundle("2026-02-01", many(300_000))
    world.fetch()
    connect = load.connect

    def narrow(home: Any) -> duckdb.DuckDBPyConnection:
        con = connect(home)
        con.execute("SET memory_limit = '20MB'; SET max_temp_directory_size = '0KiB'")
        return con

    with monkeypatch.context() as patch:
        patch.setattr(load, "connect", narrow)
        with pytest.raises(duckdb.OutOfMemoryException):
            world.load()
    assert world.rows("SELECT count(*) FROM raw.loads WHERE resource = 'table'") == [(0,)]
    assert [r["status"] for r in world.load() if r["resource"] == "table"] == ["loaded"]


# --- names that change


ALIASED = [*COLUMNS[:2], COLUMNS[2] | {"aliases": ["Power", "MW"], "required": True}, COLUMNS[3]]


def test_an_alias_brings_the_rows_under_the_contracted_name(world: World) -> None:
    world.contract(columns=ALIASED)
    world.ingest("2026-01-15", GOOD)
    for day, name in (("2026-01-20", "Power"), ("2026-01-25", "MW")):
        report = world.ingest(day, GOOD.replace("IT power (MW)", name).replace(",10,", f",{len(name)},"))
        assert (report["status"], report["reason"]) == ("loaded", None)
    assert world.rows('SELECT _known_from::DATE::VARCHAR, list("IT power (MW)" ORDER BY _row)[:2] FROM raw.tiny__table '
                      "GROUP BY 1 ORDER BY 1") == [
        ("2026-01-15", ["10", "20.5"]),
        ("2026-01-20", ["5", "20.5"]),
        ("2026-01-25", ["2", "20.5"]),
    ]  # fmt: skip
    held = world.ingest("2026-01-30", GOOD.replace("IT power (MW)", "MW").replace("20.5", "-1"))
    assert held["reason"] == "rows in quarantine: min:IT power (MW) 1"
    assert '"IT power (MW)":"-1"' in world.rows("SELECT row_json FROM raw.quarantine")[0][0]


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("id,day,IT power (MW),Power", "unexpected_header: columns 'IT power (MW)' and 'Power' are one column"),
        ("id,day,MW,Power", "unexpected_header: columns 'MW' and 'Power' are one column"),
        ("id,day,megawatts,kind", "missing_column:IT power (MW)"),
        ("id,day,mw,kind", "missing_column:IT power (MW)"),
    ],
)
def test_two_forms_at_once_or_an_unknown_one_are_refused(world: World, header: str, rule: str) -> None:
    world.contract(columns=ALIASED)
    report = world.ingest("2026-01-15", GOOD.replace(HEADER.strip(), header))
    assert report["status"] == "rejected"
    assert rule in report["reason"]


# --- zips and gzip


def zipped(**members: str) -> bytes:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in members.items():
            file.writestr(name.replace("__", "/").replace("_", "."), text)
    return book.getvalue()


def test_a_member_of_a_zip_is_read_as_if_it_had_come_alone(world: World) -> None:
    world.contract(member="*.csv")
    assert world.ingest("2026-01-15", zipped(readme_txt="hi", data__table_csv=GOOD))["status"] == "loaded"
    assert world.rows(ROWS) == GOOD_ROWS
    plain = world.ingest("2026-01-20", GOOD + "e,2026-01-03,1,gpu\n")
    assert plain["rows_loaded"] == 5, "a plain file is read as it is"
    assert list(settings().raw_db.with_suffix(".tmp").glob("*")) == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (zipped(readme_txt="hi"), "no_such_member"),
        (zipped(a_csv=GOOD, b_csv=GOOD), "several_members"),
        (zipped(a_csv=GOOD)[:-30], "damaged_archive"),
        (zipped(a_csv=GOOD[:60]), "wrong_content"),
    ],
)
def test_a_zip_that_is_not_what_it_must_be_is_refused(world: World, content: bytes, rule: str) -> None:
    world.contract(member="*.csv")
    report = world.ingest("2026-01-15", content)
    assert report["status"] == "rejected"
    assert f"2026-01-15: {rule}" in report["reason"]
    assert list(settings().raw_db.with_suffix(".tmp").glob("*")) == []


def keep_packed(world: World) -> None:
    """Compress what the archive holds of the table under test, as `at_rest: gzip` does."""
    archive = Archive(settings().archive_dir)
    for path in (settings().archive_dir / "tiny/table/objects").iterdir():
        data = path.read_bytes()
        path.unlink()
        archive.put("tiny", "table", [data], is_packed=True)
        assert archive.object_path("tiny", "table", path.name).suffix == ".gz"


PARSE = """
import io, csv
import pyarrow as pa

def parse(data, resource):
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    return pa.Table.from_pylist(rows, pa.schema(dict.fromkeys(rows[0], pa.string())))
"""
RELATION = """
def relation(path, resource, part):
    if path.suffix != ".gz" and path.read_bytes()[:1] == b"<":
        raise ValueError("a web page")
    zipped = "gzip" if path.suffix == ".gz" else "none"
    rows = f"read_csv('{path}', all_varchar = true, compression = '{zipped}')"
    return f"SELECT * REPLACE (lower(kind) AS kind) FROM {rows}"
"""


@pytest.mark.parametrize("kind", ["csv", "custom", "relation"])
@pytest.mark.parametrize("member", [None, "*.csv"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_every_reader_reads_every_packing(world: World, kind: str, member: str | None, is_packed: bool) -> None:
    world.contract(format=kind, **({"member": member} if member else {}))
    (world.folder / "connector.py").write_text(PARSE + RELATION, encoding="utf-8")
    world.bundle("2026-01-15", zipped(table_csv=GOOD) if member else GOOD)
    world.fetch()
    if is_packed:
        keep_packed(world)
    (report,) = [report for report in world.load() if report["resource"] == "table"]
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("loaded", 4, 4)
    assert world.rows(ROWS) == GOOD_ROWS


def test_a_gzip_bomb_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.contract(format="custom")
    (world.folder / "connector.py").write_text(PARSE, encoding="utf-8")
    world.bundle("2026-01-15", GOOD)
    world.fetch()
    keep_packed(world)
    monkeypatch.setattr(packed, "MAX_BYTES", 50)
    monkeypatch.setattr(packed, "MAX_READ_BYTES", 50)
    (report,) = [report for report in world.load() if report["resource"] == "table"]
    assert report["status"] == "rejected"
    assert "archive_too_large" in report["reason"]


# --- the connector's own SQL


def related(world: World, body: str) -> None:
    world.contract(format="relation")
    (world.folder / "connector.py").write_text(f"def relation(path, resource, part):\n    {body}\n", encoding="utf-8")


def test_bytes_a_relation_refuses_are_rejected(world: World) -> None:
    world.contract(format="relation")
    (world.folder / "connector.py").write_text(RELATION, encoding="utf-8")
    report = world.ingest("2026-01-15", "<html>")
    assert "wrong_content: the connector's relation cannot read the bytes: ValueError('a web page')" in report["reason"]
    cut = world.ingest("2026-01-20", GOOD[: GOOD.index("20.5")])
    assert (cut["status"], "wrong_content" in cut["reason"]) == ("rejected", True)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return 'SELECT 1 AS id'", "must give VARCHAR columns only, not .'id INTEGER'"),
        ("return None", "wrong_content"),
        ("return 'SELEC 1'", "wrong_content"),
    ],
)
def test_a_relation_that_breaks_its_own_contract_is_said(world: World, body: str, says: str) -> None:
    related(world, body)
    world.bundle("2026-02-01", GOOD)
    world.fetch()
    if says == "wrong_content":
        (report,) = [report for report in world.load() if report["resource"] == "table"]
        assert says in report["reason"]
    else:
        with pytest.raises(LoadFailed, match=says):
            world.load()


# --- Parquet


def parquet(folder: Path, query: str) -> bytes:
    file = folder / "made.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    return file.read_bytes()


TYPED = """
    SELECT * FROM (VALUES
        ('a', DATE '2026-01-01', 10::DOUBLE, 'gpu', 1), ('b', DATE '2026-01-01', 20.5, 'asic', 2),
        ('c', DATE '2026-01-02', NULL, NULL, 3), ('d', DATE '2026-02-02', 40, 'gpu', 4),
        ('e', DATE '2026-01-02', 'nan', 'gpu', 5), ('f', DATE '2026-01-02', -1, 'gpu', 6),
        ('g', DATE '2026-01-02', 1, 'cpu', 7), ('a', DATE '2026-01-01', 10, 'gpu', 1),
        (NULL, DATE 'infinity', 1, 'gpu', 8), ('h', DATE 'infinity', 1, 'gpu', 9)
    ) AS t (id, "day", "IT power (MW)", kind, extra)
"""


def test_parquet_keeps_its_types_and_is_held_to_the_same_rules(world: World, tmp_path: Path) -> None:
    world.contract(format="parquet")
    report = world.ingest("2026-02-01", parquet(tmp_path, TYPED))
    assert (report["status"], report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (
        "loaded", 10, 3, 7
    )  # fmt: skip
    assert report["reason"].startswith("columns not in the contract, kept: extra; ")
    assert world.rows('SELECT id, day::VARCHAR, "IT power (MW)", extra, _row FROM raw.tiny__table ORDER BY _row') == [
        ("a", "2026-01-01", 10.0, "1", 1), ("b", "2026-01-01", 20.5, "2", 2), ("c", "2026-01-02", None, "3", 3)
    ]  # fmt: skip
    assert world.rows('SELECT "row", rule, value FROM raw.quarantine ORDER BY 1') == [
        (4, "future_observation", None),
        (5, "type:IT power (MW)", "nan"),
        (6, "min:IT power (MW)", "-1.0"),
        (7, "allowed:kind", "cpu"),
        (8, "duplicate_row", None),
        (9, "not_null:id", None),
        (10, "type:day", "infinity"),
    ]


def test_parquet_of_texts_is_cast_to_the_contract(world: World, tmp_path: Path) -> None:
    world.contract(format="parquet")
    texts = TYPED.replace("SELECT *", "SELECT COLUMNS(*)::VARCHAR")
    assert world.ingest("2026-02-01", parquet(tmp_path, texts))["rows_loaded"] == 3
    assert world.rows('SELECT sum("IT power (MW)"), max(typeof(day)) FROM raw.tiny__table') == [(30.5, "DATE")]


def test_a_table_changes_its_types_with_its_contract(world: World, tmp_path: Path) -> None:
    world.ingest("2026-01-15", GOOD)
    world.contract(format="parquet")
    world.load()  # the CSV is no Parquet: refused now, and no longer in raw
    assert world.ingest("2026-02-01", parquet(tmp_path, TYPED))["rows_loaded"] == 3
    world.contract(format="csv")
    world.load()
    assert world.rows(ROWS) == GOOD_ROWS


@pytest.mark.parametrize("damage", ["html", "cut", "head only", "garbage inside"])
def test_damaged_parquet_is_refused_whole(world: World, tmp_path: Path, damage: str) -> None:
    world.contract(format="parquet", key=[], rejects=[])
    good = parquet(
        tmp_path,
        """SELECT 's' || i AS id, DATE '2026-01-01' AS "day", i::DOUBLE / 7 AS "IT power (MW)" FROM range(4000) t(i)""",
    )
    content = {
        "html": b"<html>login</html>", "cut": good[:-100], "head only": good[:4],
        "garbage inside": good[:2000] + os.urandom(8000) + good[10_000:],
    }[damage]  # fmt: skip
    report = world.ingest("2026-02-01", content)
    assert report["status"] == "rejected"
    assert "wrong_content: the file cannot be read as Parquet" in report["reason"]
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(0,)]
