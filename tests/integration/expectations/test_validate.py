"""Validation on small DuckDB files: what fails, what warns, what the report says, and that nothing stays locked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import expectations.validate
from expectations.validate import SuiteError, ValidationFailed, validate

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(tmp_path, monkeypatch):
    home = tmp_path / "data"
    monkeypatch.setenv("GIGAWATCH_HOME", str(home))
    monkeypatch.setattr(expectations.validate, "SUITES", tmp_path / "suites")
    (home / "warehouse").mkdir(parents=True)
    with duckdb.connect(str(home / "warehouse" / "build.duckdb")) as con:
        con.execute(
            """create schema marts;
            create table marts.campuses as
              select 'c' || range as campus_id, 100.0::double * range as it_capacity_mw, date '2026-01-01' as seen_date,
                     case when range = 3 then null else 'AWS' end as "cloud provider"
              from range(10);
            create table marts.unguarded (n bigint);
            """
        )
    return home


def write(home: Path, *checks: str, table: str = "marts.campuses", stage: str = "marts") -> None:
    folder = home.parent / "suites" / stage
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"  - {check}\n" for check in checks)
    (folder / f"{table.partition('.')[2]}.yml").write_text(f"table: {table}\nexpectations:\n{lines}")


ROWS = (
    "{expect: ExpectTableRowCountToBeBetween, kwargs: {min_value: 5}, severity: fail, reason: there are more campuses}"
)
RANGE = (
    "{expect: ExpectColumnValuesToBeBetween, kwargs: {column: it_capacity_mw, max_value: 700}, severity: SEVERITY, "
    "reason: no campus is that large}"
)
SQL = (
    "{expect: UnexpectedRowsExpectation, "
    "kwargs: {unexpected_rows_query: 'select * from {batch} where it_capacity_mw > 850'}, "
    "severity: SEVERITY, reason: no campus is that large}"
)
NULLS = (
    "{expect: ExpectColumnValuesToNotBeNull, kwargs: {column: cloud provider}, severity: SEVERITY, "
    "reason: sites have owners}"
)


def test_a_warning_is_reported_but_lets_the_line_run(home):
    write(
        home,
        ROWS,
        RANGE.replace("SEVERITY", "warn"),
        SQL.replace("SEVERITY", "warn"),
        NULLS.replace("SEVERITY", "warn"),
    )
    report = validate("marts")
    assert (report["is_successful"], report["n_expectations"], report["n_failed"], report["n_warned"]) == (
        True,
        4,
        0,
        3,
    )
    assert report["unguarded_tables"] == ["marts.unguarded"]
    assert [r["unexpected_count"] for r in report["results"]] == [0, 2, 1, 1]
    assert report["results"][3] == {
        "stage": "marts",
        "table_name": "marts.campuses",
        "check_number": 3,
        "expectation": "ExpectColumnValuesToNotBeNull",
        "column_name": "cloud provider",
        "arguments_json": '{"column": "cloud provider"}',
        "severity": "warn",
        "reason": "sites have owners",
        "is_successful": False,
        "unexpected_count": 1,
        "observed_value": None,
    }


def test_a_fail_names_table_expectation_count_and_sample(home):
    write(home, ROWS, RANGE.replace("SEVERITY", "fail"), SQL.replace("SEVERITY", "fail"))
    with pytest.raises(ValidationFailed) as failure:
        validate("marts")
    words = str(failure.value)
    assert "2 of 3 expectations failed at stage marts" in words
    assert "marts.campuses: ExpectColumnValuesToBeBetween on it_capacity_mw: 2 row(s)" in words
    assert "no campus is that large" in words and "800.0" in words and '"campus_id": "c9"' in words
    assert failure.value.report["n_failed"] == 2
    assert json.loads((home / "reports" / "validation" / "marts.json").read_text()) == failure.value.report


@pytest.mark.parametrize(
    "check",
    [
        "{expect: ExpectColumnValuesToNotBeNull, kwargs: {column: no_such}, severity: warn, reason: r}",
        "{expect: UnexpectedRowsExpectation, severity: warn, reason: r, "
        "kwargs: {unexpected_rows_query: 'select no_such from {batch}'}}",
    ],
)
def test_a_check_that_cannot_run_fails_whatever_its_severity(home, check):
    write(home, check, ROWS)
    with pytest.raises(ValidationFailed, match=r"(?s)1 of 2 .*could not be checked.*no_such"):
        validate("marts")


def test_a_table_that_is_missing_fails(home):
    write(home, ROWS.replace("fail", "warn"), table="marts.gone")
    with pytest.raises(ValidationFailed, match=r"marts\.gone.*table does not exist"):
        validate("marts")


def test_a_suite_that_gx_does_not_understand_is_named(home):
    write(home, "{expect: ExpectTheBest, severity: fail, reason: r}")
    with pytest.raises(SuiteError, match=r"campuses\.yml.*no ExpectTheBest"):
        validate("marts")
    write(home, "{expect: ExpectTableRowCountToBeBetween, kwargs: {at_least: 1}, severity: fail, reason: r}")
    with pytest.raises(SuiteError, match=r"campuses\.yml.*does not accept"):
        validate("marts")


def test_equal_data_give_an_equal_report_and_data_docs(home):
    write(home, ROWS, RANGE.replace("SEVERITY", "warn"))
    validate("marts")
    first = (home / "reports" / "validation" / "marts.json").read_bytes()
    validate("marts")
    assert (home / "reports" / "validation" / "marts.json").read_bytes() == first
    docs = home / "reports" / "data_docs"
    pages = list((docs / "marts" / "validations").rglob("*.html"))
    index = (docs / "index.html").read_text()
    assert f'href="{pages[0].relative_to(docs)}"' in index
    assert "<tr class=bad>" in index and "warn: " in index
    assert len(pages) == 1 and "it_capacity_mw" in pages[0].read_text()


def test_the_file_can_be_written_right_after(home):
    write(home, ROWS)
    validate("marts")
    write_it = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table main.next (n bigint)')"
    subprocess.run([sys.executable, "-c", write_it, str(home / "warehouse" / "build.duckdb")], check=True)


def test_a_domain_sees_its_own_resources_and_its_part_of_the_ledgers(home):
    raw = home / "raw" / "raw.duckdb"
    raw.parent.mkdir()
    with duckdb.connect(str(raw)) as con:
        con.execute(
            """create schema raw.raw;
            create table raw.raw.sources as select * from (values ('epoch', 'sites', 'construction'),
              ('clouds', 'prices', 'pricing')) as t (source, resource, domain);
            create table raw.raw.loads as select * from (values ('epoch', 'sites', 4), ('clouds', 'prices', -1))
              as t (source, resource, rows_in);
            create table raw.raw.epoch__sites as select 1 as n;
            create table raw.raw.clouds__prices as select -1 as n;
            """
        )
    positive = (
        "{expect: UnexpectedRowsExpectation, "
        "kwargs: {unexpected_rows_query: 'select * from {batch} where COLUMN < 0'}, "
        "severity: fail, reason: counts are not negative}"
    )
    for table, column in (("raw.epoch__sites", "n"), ("raw.clouds__prices", "n"), ("raw.loads", "rows_in")):
        write(home, positive.replace("COLUMN", column), table=table, stage="raw")
    report = validate("raw", domain="construction")
    assert [r["table_name"] for r in report["results"]] == ["raw.epoch__sites", "raw.loads"]
    assert (home / "reports" / "validation" / "raw_construction.json").exists()
    with pytest.raises(ValidationFailed, match=r"(?s)2 of 2 .*raw\.clouds__prices.*raw\.loads"):
        validate("raw", domain="pricing")
    with pytest.raises(ValidationFailed, match="2 of 3"):
        validate("raw")
    with pytest.raises(ValueError, match="knows no resource of domain 'shipments'"):
        validate("raw", domain="shipments")


def test_the_command_line_says_how_it_went(home, capsys):
    write(home, ROWS, RANGE.replace("SEVERITY", "warn"))
    assert expectations.validate.main(["marts"]) == 0
    assert "2 expectations, 1 warning(s)" in capsys.readouterr().out
    write(home, RANGE.replace("SEVERITY", "fail"))
    assert expectations.validate.main(["marts"]) == 1
    assert "no campus is that large" in capsys.readouterr().err


def test_importing_the_module_does_not_import_great_expectations():
    light = (
        "import sys, expectations.validate; sys.exit('great_expectations' in sys.modules or 'duckdb' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", light], cwd=REPO, check=True)
