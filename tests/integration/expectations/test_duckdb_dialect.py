"""The eager dialect: results outlive the connection, which is what great-expectations needs of it."""

from __future__ import annotations

import duckdb
import duckdb_engine
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from expectations import duckdb_dialect


@pytest.fixture
def engine(tmp_path):
    path = tmp_path / "some.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table numbers as select range::bigint as n from range(5)")
    duckdb_dialect.register()
    engine = sa.create_engine(f"duckdb+eager:///{path}", connect_args={"read_only": True}, poolclass=NullPool)
    yield engine
    engine.dispose()


def test_a_result_can_be_read_after_the_rollback(engine):
    with engine.connect() as connection:
        result = connection.execute(sa.text("select n from numbers order by n"))
        connection.rollback()
        assert [row.n for row in result] == [0, 1, 2, 3, 4]


def test_the_fetch_methods_share_one_place(engine):
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("select n from numbers order by n")
    assert cursor.description[0][0] == "n"
    assert cursor.fetchone() == (0,)
    assert cursor.fetchmany(2) == [(1,), (2,)]
    assert cursor.fetchmany() == [(3,)]
    assert cursor.fetchall() == [(4,)]
    assert (cursor.fetchone(), cursor.fetchmany(3), cursor.fetchall()) == (None, [], [])


def test_columns_are_reflected(engine):
    assert [column["name"] for column in sa.inspect(engine).get_columns("numbers")] == ["n"]


def test_the_file_is_free_after_dispose(engine):
    with engine.connect() as connection:
        connection.execute(sa.text("select 1")).all()
    engine.dispose()
    with duckdb.connect(engine.url.database) as writer:
        writer.execute("insert into numbers values (5)")


def test_an_untested_version_is_refused(monkeypatch):
    assert duckdb_engine.__version__ == duckdb_dialect.PINNED_DUCKDB_ENGINE
    monkeypatch.setattr(duckdb_engine, "__version__", "0.18.0")
    with pytest.raises(RuntimeError, match=r"0\.18\.0 is installed"):
        duckdb_dialect.register()
