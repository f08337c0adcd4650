"""EIA-860M: which workbook is asked for, and what its two sheets become."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import contracts
from ingest.wire import Answer, Request
from tests.unit.ingest.sources.eia_860m_workbook import (
    HEADERS,
    NOTE,
    REPLAYED,
    generator,
    sheet,
    synthetic,
    workbook,
)

SOURCE = contracts.load_source("eia_860m")
CONNECTOR = contracts.connector(SOURCE)
PLANNED = generator(Planned_Operation_Month=6, Planned_Operation_Year=2027)
RUNS = generator(Status="(OP) Operating", Operating_Month=1, Operating_Year=2001)
XLS = "/electricity/data/eia860m/xls"
PAGE = b"<!DOCTYPE html><title>Electricity</title>"


def book(planned: Any = (PLANNED,), month: str = "August 2026", **changes: str | None) -> bytes:
    return workbook(
        {"Operating": sheet("Operating", [RUNS], month), "Planned": sheet("Planned", planned, month, **changes)}
    )


def parse(data: bytes) -> list[dict[str, str | None]]:
    rows: list[dict[str, str | None]] = CONNECTOR.parse(data, "generators").to_pylist()
    return rows


def planned(data: bytes) -> list[dict[str, str | None]]:
    return [row for row in parse(data) if row["sheet"] == "Planned"]


def converse(tmp_path: Path, index: str, there: dict[str, bytes], now: str = "2026-11-23") -> list[Request]:
    """What the connector asks, when these workbooks are there and any other link gives a web page."""
    asked: list[Request] = []
    requests = CONNECTOR.requests("generators", {}, datetime.fromisoformat(now).replace(tzinfo=UTC))
    request = next(requests)
    while True:
        asked.append(request)
        body = tmp_path / f"{len(asked)}"
        body.write_bytes(index.encode() if request.path == CONNECTOR.INDEX else there.get(request.path, PAGE))
        try:
            request = requests.send(Answer(request.path, body, None, {}))
        except StopIteration:
            return asked


def links(*names: str) -> str:
    return "".join(f'<a href="{name}">x</a>' for name in names)


# --- which workbook


def test_the_newest_workbook_that_is_there_is_kept(tmp_path: Path) -> None:
    index = links("xls/december_generator2026.xlsx", "xls/july_generator2026.xlsx", "xls/october_generator2026.xlsx",
                  f"https://www.eia.gov{XLS}/august_generator2026.xlsx")  # fmt: skip
    newest = f"https://www.eia.gov{XLS}/august_generator2026.xlsx"
    asked = converse(tmp_path, index, {newest: b"PK\x03\x04..."})
    assert [request.path for request in asked] == [CONNECTOR.INDEX, f"{XLS}/october_generator2026.xlsx", newest, newest]
    assert [request.is_kept for request in asked] == [False, False, False, True]


def test_january_looks_back_to_december(tmp_path: Path) -> None:
    months = ("january_generator2027", "november_generator2026", "december_generator2026")
    index = links(*(f"xls/{month}.xlsx" for month in months))
    asked = converse(tmp_path, index, {f"{XLS}/december_generator2026.xlsx": b"PK\x03\x04"}, now="2027-01-28")
    assert asked[-1].path == f"{XLS}/december_generator2026.xlsx"


def test_the_archive_is_left_alone(tmp_path: Path) -> None:
    index = links("archive/xls/july_generator2026.xlsx", f"{CONNECTOR.INDEX}archive/xls/june_generator2026.xlsx")
    with pytest.raises(ValueError, match=r"no <month>_generator<year>\.xlsx"):
        converse(tmp_path, index, {})


def test_an_end_to_the_search(tmp_path: Path) -> None:
    index = links(*(f"xls/{month}_generator2026.xlsx" for month in CONNECTOR.MONTHS))
    with pytest.raises(ValueError, match="none of the newest workbooks"):
        converse(tmp_path, index, {})


def test_an_answer_that_is_neither(tmp_path: Path) -> None:
    index = links("xls/july_generator2026.xlsx")
    with pytest.raises(ValueError, match="neither a workbook nor the web page"):
        converse(tmp_path, index, {f"{XLS}/july_generator2026.xlsx": b"{}"})


def test_a_page_without_links(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the page links no"):
        converse(tmp_path, "<html>moved</html>", {})


# --- what becomes of the sheets


def test_the_replayed_workbook_is_the_synthetic_one() -> None:
    assert REPLAYED.read_bytes() == synthetic()


def test_the_table_has_the_contracted_columns() -> None:
    (resource,) = SOURCE.resources
    table = CONNECTOR.parse(synthetic(), "generators")
    assert {column.name for column in resource.columns} == set(table.column_names)
    assert table.column_names == list(CONNECTOR.COLUMNS)
    assert [row["sheet"] for row in table.to_pylist()] == ["Operating"] * 2 + ["Planned"] * 4


def test_cells_are_text_as_written() -> None:
    (row,) = planned(book([PLANNED | {"Generator ID": 1, "Latitude": " ", "County": "  St.  Joseph "}]))
    assert (row["Plant ID"], row["Generator ID"], row["Planned Operation Month"]) == ("99901", "1", "6")
    assert (row["Nameplate Capacity (MW)"], row["Net Summer Capacity (MW)"]) == ("120.5", "110")
    assert (row["Latitude"], row["Unit Code"], row["County"]) == (None, None, "St. Joseph")
    assert row["Status"] == "(V) Under construction, more than 50 percent complete"
    assert row["title"] == "Inventory of Planned Generators as of August 2026"
    assert row["Operating Month"] is None
    assert "Google Map" not in row


def test_notes_and_blank_rows_are_no_generators() -> None:
    grid = sheet("Planned", [PLANNED])
    assert grid[-1] == [NOTE]
    assert len(planned(book())) == 1


def test_a_row_without_a_plant_id_is_left_for_the_contract_to_judge() -> None:
    assert [row["Plant ID"] for row in planned(book([PLANNED, PLANNED | {"Plant ID": None}]))] == ["99901", None]


def test_one_title_row_as_until_2020() -> None:
    grid = sheet("Planned", [PLANNED], "July 2018")
    data = workbook({"Operating": sheet("Operating", [RUNS], "July 2018"), "Planned": [grid[0], *grid[2:]]})
    assert len(planned(data)) == 1


@pytest.mark.parametrize("column", ["Unit_Code", "County", "Nameplate_Capacity_(MW)"])
def test_a_column_that_came_later_may_lack_in_an_old_workbook_only(column: str) -> None:
    lacking: dict[str, Any] = {column: None}
    name = column.replace("_", " ")
    old = workbook({
        "Operating": sheet("Operating", [RUNS], "October 2015", **lacking),
        "Planned": sheet("Planned", [PLANNED], "October 2015", **lacking),
    })  # fmt: skip
    assert [row[name] for row in parse(old)] == [None, None]
    with pytest.raises(ValueError, match=r"Planned of 2026-08: columns .* are missing"):
        parse(book(**lacking))


def test_a_renamed_column_stops_the_workbook() -> None:
    with pytest.raises(ValueError, match=r"\['Planned Operation Year'\] are missing"):
        parse(book(Planned_Operation_Year="Planned Year"))


def test_a_new_column_is_kept() -> None:
    grid = sheet("Planned", [PLANNED])
    grid[2].append("Colour")
    grid[3].append("green")
    table = CONNECTOR.parse(workbook({"Operating": sheet("Operating", [RUNS]), "Planned": grid}), "generators")
    assert table.column_names[-1] == "Colour"
    assert table["Colour"].to_pylist() == [None, "green"]


def test_a_column_there_twice() -> None:
    grid = sheet("Planned", [PLANNED])
    grid[2].append("County")
    with pytest.raises(ValueError, match=r"columns are there twice: \['County'\]"):
        parse(workbook({"Operating": sheet("Operating", [RUNS]), "Planned": grid}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PAGE, "not an .xlsx workbook"),
        (b"", "not an .xlsx workbook"),
        (b"PK\x03\x04 cut off", "cannot be read"),
        (synthetic()[:2000], "cannot be read"),
        (workbook({"Planned": sheet("Planned", [PLANNED])}), "cannot be read"),
        (workbook({"Operating": [["nothing"]], "Planned": []}), "sheet Operating: none of its first rows is a header"),
        (book(month="the past"), "does not say of which month"),
    ],
)
def test_bytes_that_are_no_inventory(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(data)


def test_the_forms_here_are_those_of_the_contract() -> None:
    (resource,) = SOURCE.resources
    named = {column.name for column in resource.columns}
    assert {name for header in HEADERS.values() for name in header} - named == set(CONNECTOR.DROPPED)
