"""The inbox of bills of lading: from a file somebody puts there to raw, and what is said of files that do not fit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import run
from settings import settings
from tests.bench.bill_of_lading_file import write_us_import

TABLE = "raw.bill_of_lading__lines"


@pytest.fixture
def inbox(home: Path) -> Path:
    path = home / "inbox" / "bill_of_lading"
    for vendor in ("us_import", "panjiva", "datamyne"):
        (path / vendor).mkdir(parents=True)
    return path


def take() -> list[dict[str, Any]]:
    """Fetch from the inbox; returns the records of this round."""
    records: list[dict[str, Any]] = run.fetch_source("bill_of_lading", "shipments", "live")["records"]
    return records


def load() -> list[dict[str, Any]]:
    return [report for report in run.load_domain("shipments") if report["source"] == "bill_of_lading"]


def rows(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{settings().raw_db}' AS rawdb (READ_ONLY)")
        con.execute("USE rawdb")
        return con.execute(sql).fetchall()


@pytest.mark.parametrize("kind", ["csv", "parquet", "zip"])
def test_thousands_of_lines_in_each_form(inbox: Path, kind: Any) -> None:
    write_us_import(inbox / "us_import" / f"export.{kind}", 5000, kind)
    (record,) = take()
    assert (record["outcome"], record["part"]) == ("fetched", "us_import")
    (report,) = load()
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("loaded", 5000, 5000)
    assert rows(f"select count(*), count(distinct _row), min(_part) from {TABLE}") == [(5000, 5000, "us_import")]
    assert rows(f"select bill_id, arrival_date, weight_kg from {TABLE} where _row = 5000") == [
        ("BILL000004999", "2025-05-14", "2721.10"),
    ]  # fmt: skip


def test_the_same_file_is_taken_and_loaded_once(inbox: Path) -> None:
    file = write_us_import(inbox / "us_import" / "export.csv", 10)
    take()
    load()
    assert take() == []
    shutil.copy(file, inbox / "us_import" / "export (1).csv")  # the same bytes under another name
    assert len(take()) == 1
    assert load() == []
    assert rows(f"select count(*) from {TABLE}") == [(10,)]


def test_files_add_up_and_vendors_stay_apart(inbox: Path) -> None:
    write_us_import(inbox / "us_import" / "a.csv", 10)
    write_us_import(inbox / "us_import" / "b.csv", 20)
    (inbox / "panjiva" / "c.csv").write_text(
        "billOfLadingNumber,arrivalDate,conName,shpName,shpmtOrigin,portOfLading,portOfUnlading,volumeTEU,weightKg\n"
        "B1,2026-02-03,ACME,MAKER,Taiwan,Kaohsiung,Los Angeles,1.5,1000\n",
        encoding="utf-8",
    )
    take()
    assert {report["status"] for report in load()} == {"loaded"}
    assert rows(f"select _part, count(*) from {TABLE} group by all order by all") == [("panjiva", 1), ("us_import", 30)]


def test_a_file_that_does_not_fit_stops_only_itself(inbox: Path) -> None:
    write_us_import(inbox / "us_import" / "good.csv", 10)
    (inbox / "panjiva" / "wrong.csv").write_text("Colour,Size\nred,3\n", encoding="utf-8")
    (inbox / "datamyne" / "unknown.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (inbox / "us_import" / "cut.csv").write_bytes((inbox / "us_import" / "good.csv").read_bytes()[:-200])
    take()
    reasons = {(report["part"], report["status"]): report["reason"] or "" for report in load()}
    assert reasons[("us_import", "loaded")] == ""
    assert "cannot be read" in reasons[("us_import", "rejected")]
    assert "vendors/panjiva.yml" in reasons[("panjiva", "rejected")]
    assert "['Colour', 'Size']" in reasons[("panjiva", "rejected")]
    assert "no mapping for the inbox folder 'datamyne'" in reasons[("datamyne", "rejected")]
    assert rows(f"select count(*) from {TABLE}") == [(10,)]


def test_lines_that_cannot_be_read_wait_in_quarantine(inbox: Path) -> None:
    lines = [
        "billOfLadingNumber,arrivalDate,conName,shpName,shpmtOrigin,portOfLading,portOfUnlading,volumeTEU,weightKg",
        "B1,2026-02-03,ACME,MAKER,Taiwan,Kaohsiung,Los Angeles,1.5,1000",
        "B2,soon,ACME,MAKER,Taiwan,Kaohsiung,Los Angeles,1.5,1000",
        "B3,,ACME,MAKER,Taiwan,Kaohsiung,Los Angeles,1.5,1000",
        "B4,2026-02-03,ACME,MAKER,Taiwan,Kaohsiung,Los Angeles,1.5,heavy",
        ",2026-02-03,,,,,,,",
        "B6,2026-02-03,ACME,MAKER,Taiwan,Kaohsiung,Los Angeles,1.5,-1000",
    ]
    (inbox / "panjiva" / "x.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    take()
    (report,) = load()
    assert (report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (6, 2, 4)
    assert rows("select \"row\", rule from raw.quarantine order by 1") == [
        (2, "type:arrival_date"), (3, "not_null:arrival_date"), (4, "type:weight_kg"), (5, "empty_line"),
    ]  # fmt: skip


def test_a_workbook_is_refused_in_words(inbox: Path) -> None:
    from tests.unit.ingest.sources.eia_860m_workbook import synthetic

    (inbox / "us_import" / "export.xlsx").write_bytes(synthetic())
    take()
    (report,) = load()
    assert report["status"] == "rejected"
    assert "no file in the zip matches" in report["reason"]
