"""The SQL prompt: what counts as one input, what it prints, how a pipe ends."""

from __future__ import annotations

import io
import sys

import duckdb
import pytest

from serve import sql


@pytest.fixture
def published(tmp_path, monkeypatch):
    monkeypatch.setenv("GIGAWATCH_HOME", str(tmp_path))
    path = tmp_path / "serving" / "gigawatch.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as con:
        con.execute(
            """create schema marts;
            create table marts.campuses as select 'abilene' as campus_id, 1200.0::double as it_mw;
            comment on column marts.campuses.it_mw is 'IT power, MW';
            create macro double_of(mw) as table select 2 * mw as doubled_mw;"""
        )
    return path


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["select 1;"], ["select 1;"]),
        (["select", "  1;", "", "select 2"], ["select\n  1;", "select 2"]),
        ([".tables", "select 1;", ".quit"], [".tables", "select 1;", ".quit"]),
        (["select '", ".tables", "';"], ["select '\n.tables\n';"]),
        (["", "  "], []),
    ],
)
def test_inputs(lines, expected):
    assert list(sql.inputs(line + "\n" for line in lines)) == expected


def test_results_are_tables(published):
    assert "abilene" in sql.run(published, "from marts.campuses;")
    assert "2400" in sql.run(published, "select it_mw from marts.campuses; from double_of(1200);")
    tables = sql.run(published, ".tables")
    assert "marts.campuses" in tables and "double_of(mw)" in tables
    assert "IT power, MW" in sql.run(published, ".columns marts.campuses")
    assert ".tables" in sql.run(published, ".help")


def test_the_file_cannot_be_written_and_is_not_held(published):
    with pytest.raises(duckdb.Error, match="read-only"):
        sql.run(published, "delete from marts.campuses;")
    sql.run(published, "from marts.campuses;")
    with duckdb.connect(str(published)) as writer:
        writer.execute("insert into marts.campuses values ('memphis', 300)")


@pytest.mark.parametrize(
    ("text", "status", "printed", "error"),
    [
        ("from marts.campuses", 0, "abilene", ""),
        ("from marts.nothing;\nfrom marts.campuses;", 1, "", "nothing does not exist"),
        (".quit\nfrom marts.nothing;", 0, "", ""),
    ],
)
def test_a_pipe_is_run_to_the_first_error(published, monkeypatch, capsys, text, status, printed, error):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert sql.main() == status
    captured = capsys.readouterr()
    assert printed in captured.out and error in captured.err
    assert (captured.err == "") == (error == "")


def test_without_a_release_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GIGAWATCH_HOME", str(tmp_path))
    assert sql.main() == 1
    assert "make run" in capsys.readouterr().err
