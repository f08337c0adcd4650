"""Bad input, one row each: it ends in quarantine or is rejected by name, and nothing else is disturbed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.ingest.tiny_world import COLUMNS, GOOD, HEADER, World

LINES = GOOD.splitlines(keepends=True)[1:]


def with_line(line: str) -> str:
    return GOOD + line + "\n"


QUARANTINED: dict[str, tuple[str, str, str | None]] = {
    "negative MW": ("e,2026-01-03,-5,gpu", "min:IT power (MW)", "-5"),
    "too many MW": ("e,2026-01-03,50000,gpu", "max:IT power (MW)", "50000"),
    "currency text in a number": ('e,2026-01-03,"$1,200",gpu', "type:IT power (MW)", "$1,200"),
    "thousands separator": ('e,2026-01-03,"1,200",gpu', "type:IT power (MW)", "1,200"),
    "NaN string": ("e,2026-01-03,NaN,gpu", "type:IT power (MW)", "NaN"),
    "infinite": ("e,2026-01-03,inf,gpu", "type:IT power (MW)", "inf"),
    "US date": ("e,1/3/2026,5,gpu", "type:day", "1/3/2026"),
    "sloppy date": ("e,2026-1-3,5,gpu", "type:day", "2026-1-3"),
    "timestamp for a date": ("e,2026-01-03 10:00:00,5,gpu", "type:day", "2026-01-03 10:00:00"),
    "30 February": ("e,2026-02-30,5,gpu", "type:day", "2026-02-30"),
    "infinite date": ("e,infinity,5,gpu", "type:day", "infinity"),
    "ROC year": ("e,0115-01-03,5,tpu", "allowed:kind", "tpu"),
    "empty id": (",2026-01-03,5,gpu", "not_null:id", None),
    "empty quoted id": ('"",2026-01-03,5,gpu', "not_null:id", None),
    "unknown kind": ("e,2026-01-03,5,cpu", "allowed:kind", "cpu"),
    "future observation": ("e,2026-02-02,5,gpu", "future_observation", None),
    "same row twice": ("d,2026-01-02,40,gpu", "duplicate_row", None),
}


@pytest.mark.parametrize("case", QUARANTINED)
def test_a_bad_row_goes_to_quarantine_and_the_rest_goes_on(world: World, case: str) -> None:
    line, rule, value = QUARANTINED[case]
    report = world.ingest("2026-02-01", with_line(line))
    assert (report["status"], report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (
        "loaded",
        5,
        4,
        1,
    )
    assert rule in report["reason"]
    ((row, found_rule, found_value, row_json),) = world.rows('SELECT "row", rule, value, row_json FROM raw.quarantine')
    assert (row, found_rule, found_value) == (5, rule, value)
    assert '"kind":' in row_json
    assert world.rows("SELECT id, _row FROM raw.tiny__table ORDER BY _row") == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]


HTML = "<!DOCTYPE html><html><body>Please log in</body></html>"
REJECTED: dict[str, tuple[str | bytes, str]] = {
    "HTML with status 200": (HTML, "wrong_content: the file is a web page"),
    "HTML after blank lines": ("\n\n  " + HTML, "wrong_content: the file is a web page"),
    "nothing": ("", "wrong_content: the file is empty"),
    "only a BOM": (b"\xef\xbb\xbf", "wrong_content: the file is empty"),
    "cp950 bytes": (GOOD.replace("gpu", "營收").encode("cp950"), "wrong_content"),
    "UTF-16": (GOOD.encode("utf-16"), "wrong_content"),
    "cut inside a row": (GOOD[: GOOD.index("20.5")], "wrong_content: the file cannot be read as CSV"),
    "cut inside quotes": (HEADER + LINES[0] + 'b,2026-01-01,"20', "wrong_content: the file cannot be read as CSV"),
    "a row too long": (with_line("e,2026-01-03,5,gpu,extra"), "wrong_content: the file cannot be read as CSV"),
    "cp950 after a good start": (GOOD.encode() + b"e,2026-01-03,5," + "營".encode("cp950"), "wrong_content"),
    "JSON in place of CSV": ('{"error": "quota exceeded"}', "missing_column:id"),
    "wrong header": (GOOD.replace("id,day", "key,date"), "missing_column:id"),
    "no header": ("".join(LINES), "missing_column:id"),
    "header in other case": (GOOD.replace("IT power (MW)", "IT Power (MW)"), "unexpected_header"),
    "column twice": (GOOD.replace("kind", "day"), "unexpected_header"),
    "nameless column": (GOOD.replace("kind", ""), "unexpected_header"),
    "our own column": (GOOD.replace("kind", "_row"), "unexpected_header"),
    "header only": (HEADER, "too_few_rows: 0 good rows, at least 2 expected"),
    "one row": (HEADER + LINES[0], "too_few_rows: 1 good rows"),
    "one key, two values": (with_line("a,2026-01-01,11,gpu"), "duplicate_key: 1 keys have rows that differ"),
    "all rows bad": (
        HEADER + "a,2026-01-01,-1,gpu\nb,2026-01-01,-1,gpu\nc,2026-01-01,-1,gpu\n",
        "too_few_rows: 0 good",
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_bad_file_is_rejected_whole_and_the_last_good_one_stays(world: World, case: str) -> None:
    content, reason = REJECTED[case]
    good = world.ingest("2026-01-15", GOOD)
    before = world.rows("SELECT * FROM raw.tiny__table ORDER BY ALL")
    report = world.ingest("2026-02-01", content)
    assert (report["status"], report["rows_loaded"]) == ("rejected", 0)
    assert report["rows_in"] == report["rows_quarantined"]
    assert report["reason"].startswith(f"tiny.table known from 2026-02-01: {reason}")
    assert "last good content stays in use" in report["reason"]
    assert world.rows("SELECT * FROM raw.tiny__table ORDER BY ALL") == before
    assert world.rows('SELECT resource, "row", load_id FROM raw.quarantine') == [("table", None, report["load_id"])]
    # what is valid = the latest fetch whose content is loaded
    assert world.rows(
        "SELECT arg_max(sha256, (f.known_from, f.attempted_at)) FROM raw.fetches f JOIN raw.loads l "
        "USING (source, resource, sha256) WHERE resource = 'table' AND status = 'loaded'"
    ) == [(good["sha256"],)]
    assert world.rows("SELECT count(*) FROM raw.tiny__other") == [(4,)]
    assert world.load() == [], "a rejected content is not tried again under the same contract"


def test_half_a_file_cut_between_rows_is_a_row_loss(world: World) -> None:
    many = HEADER + "".join(f"s{n},2026-01-01,{n},gpu\n" for n in range(100))
    half = HEADER + "".join(f"s{n},2026-01-01,{n},gpu\n" for n in range(49))
    world.ingest("2026-01-15", many)
    report = world.ingest("2026-02-01", half)
    assert report["status"] == "rejected"
    assert "row_loss: 49 good rows, the content known from 2026-01-15 had 100" in report["reason"]
    assert report["rows_in"] == 49


def test_row_loss_names_the_rows_that_were_held_back(world: World) -> None:
    many = HEADER + "".join(f"s{n},2026-01-01,{n},gpu\n" for n in range(100))
    world.ingest("2026-01-15", many)
    report = world.ingest("2026-02-01", many.replace(",gpu", ",cpu"))
    assert "row_loss" in report["reason"] or "too_few_rows" in report["reason"]
    assert "100 came; held back: allowed:kind 100" in report["reason"]


def test_row_loss_is_judged_within_one_scope(world: World) -> None:
    """A partial vintage is small by nature: it is neither rejected for it nor the measure of the next full one."""
    many = HEADER + "".join(f"s{n},2026-01-01,{n},gpu\n" for n in range(100))
    world.ingest("2026-01-15", many)
    assert world.ingest("2026-01-20", HEADER + "".join(LINES[:2]), vintage_scope="partial")["status"] == "loaded"
    assert world.ingest("2026-02-01", many.replace("s1,", "s1x,"))["status"] == "loaded"


@pytest.mark.parametrize(
    "content",
    {
        "BOM": b"\xef\xbb\xbf" + GOOD.encode(),
        "CRLF": GOOD.replace("\n", "\r\n").encode(),
        "all quoted, BOM, CRLF": b"\xef\xbb\xbf"
        + "".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) + "\r\n" for line in GOOD.splitlines()
        ).encode(),
        "no newline at the end": GOOD.rstrip("\n").encode(),
        "blank line at the end": GOOD.encode() + b"\n\n",
    }.items(),
    ids=lambda item: item[0],
)  # fmt: skip
def test_harmless_forms_give_the_same_rows(world: World, content: tuple[str, bytes]) -> None:
    report = world.ingest("2026-02-01", content[1])
    assert (report["status"], report["rows_loaded"], report["reason"]) == ("loaded", 4, None)
    assert world.rows('SELECT id, day, "IT power (MW)", kind FROM raw.tiny__table ORDER BY _row') == [
        ("a", "2026-01-01", "10", "gpu"),
        ("b", "2026-01-01", "20.5", "asic"),
        ("c", "2026-01-02", None, None),
        ("d", "2026-01-02", "40", "gpu"),
    ]


def test_quotes_commas_newlines_and_foreign_scripts_survive(world: World) -> None:
    world.table["columns"] = [
        *COLUMNS,
        {"name": "公司名稱", "type": "varchar"},
        {"name": 'say "hi"', "type": "varchar"},
    ]
    text = (
        'id,day,IT power (MW),kind,公司名稱,"say ""hi"""\n'
        'a,2026-01-01,10,gpu,"世芯-KY, 台北","two\nlines"\n'
        "b,2026-01-01,10,gpu,緯穎,'single'\n"
    )
    assert world.ingest("2026-02-01", text)["reason"] is None
    assert world.rows('SELECT "公司名稱", "say ""hi""" FROM raw.tiny__table ORDER BY _row') == [
        ("世芯-KY, 台北", "two\nlines"),
        ("緯穎", "'single'"),
    ]


def test_a_new_column_is_kept_and_named_and_old_rows_have_null(world: World) -> None:
    world.ingest("2026-01-15", GOOD)
    lines = GOOD.splitlines()
    report = world.ingest("2026-02-01", "".join([lines[0], ",new one\n", *[f"{line},x\n" for line in lines[1:]]]))
    assert (report["status"], report["reason"]) == ("loaded", "columns not in the contract, kept: new one")
    assert world.rows(
        'SELECT _known_from::DATE::VARCHAR, "new one", count(*) FROM raw.tiny__table GROUP BY ALL ORDER BY 1'
    ) == [("2026-01-15", None, 4), ("2026-02-01", "x", 4)]


def test_a_missing_optional_column_is_null(world: World) -> None:
    report = world.ingest("2026-02-01", "id,day\na,2026-01-01\nb,2026-01-01\n")
    assert (report["status"], report["rows_loaded"]) == ("loaded", 2)
    assert world.rows('SELECT DISTINCT "IT power (MW)", kind FROM raw.tiny__table') == [(None, None)]


def test_rows_with_own_dates_of_knowledge(world: World) -> None:
    world.contract(known_from={"column": "day"}, rejects=[])
    world.ingest("2026-02-01", with_line("e,,5,gpu"))
    assert world.rows("SELECT id, _known_from::VARCHAR FROM raw.tiny__table ORDER BY id LIMIT 1") == [
        ("a", "2026-01-01 00:00:00")
    ]
    assert world.rows("SELECT rule, known_from::DATE::VARCHAR FROM raw.quarantine") == [("not_null:day", "2026-02-01")]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("bigint", ["1", "11.0", "-3"], ["11.5", "1e400", "nan", "NT$5", "99999999999999999999"]),
        ("double", ["1", "1e3", " 2 ", "-0.5"], ["nan", "inf", "1,5", "\uff11\uff12"]),
        ("month", ["2026-01"], ["2026-13", "2026-1", "11407", "2026-01-01"]),
        ("date", ["2026-01-31"], ["2026-02-30", "31.01.2026", "20260131"]),
        ("boolean", ["true", "False"], ["maybe"]),
        ("timestamp", ["2026-01-31 10:00:00", "2026-01-31T10:00:00Z"], ["yesterday"]),
    ],
)
def test_types_are_strict(world: World, kind: str, good: list[str], bad: list[str]) -> None:
    columns: list[dict[str, Any]] = [{"name": "id", "type": "varchar"}, {"name": "x", "type": kind}]
    world.contract(columns=columns, key=["id"], min_rows=1, rejects=[])
    report = world.ingest("2026-02-01", "id,x\n" + "".join(f'{n},"{x}"\n' for n, x in enumerate([*good, *bad])))
    assert report["rows_loaded"] == len(good)
    assert [value for (value,) in world.rows('SELECT value FROM raw.quarantine ORDER BY "row"')] == bad
    cast = "try_cast(x || '-01' AS DATE)" if kind == "month" else f"CAST(x AS {kind})"
    assert world.rows(f"SELECT count({cast}) FROM raw.tiny__table") == [(len(good),)]


def test_a_rule_that_is_no_sql_is_the_contract_s_fault_and_the_others_are_loaded(world: World) -> None:
    from ingest.load import LoadFailed

    world.contract(rejects=[{"rule": "typo", "when": "powr > 1", "message": "m"}])
    world.bundle("2026-02-01", GOOD)
    world.fetch()
    with pytest.raises(LoadFailed, match=r"(?s)tiny\.table: a rejects rule .*powr"):
        world.load()
    assert world.rows("SELECT resource, status FROM raw.loads") == [("other", "loaded")]
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(0,)]
    world.contract(rejects=[])
    assert [report["status"] for report in world.load()] == ["loaded"]
