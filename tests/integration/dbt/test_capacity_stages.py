"""What the rules of dbt/macros/status_text.sql read out of sentences of our own, in DuckDB without dbt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).resolve().parents[3] / "dbt" / "macros" / "status_text.sql"
LAND, FOUNDATION, STRUCTURE, ROOF, COOLING, ENERGISED, RUNNING = range(3, 10)


@pytest.fixture(scope="module")
def macros() -> Any:
    return jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(MACROS.read_text()).module


def looks(macros: Any, text: str) -> list[tuple[Any, ...]]:
    """(building numbers, stage seen, stage denied) of each clause that says anything."""
    con = duckdb.connect()
    con.execute(
        "create table texts as select 'c' as campus_id, date '2026-01-01' as observed_date,"
        " date '2026-02-01' as vintage_date, ? as status_text",
        [text],
    )
    return con.execute(
        f"select building_numbers, stage_number_seen, stage_number_denied from ({macros.status_looks('texts')})"
        " where stage_number_seen is not null or stage_number_denied is not null order by clause_number"
    ).fetchall()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Land clearing begins.", [("", LAND, FOUNDATION)]),
        ("Land clearing starts for Building 2.", [("2", LAND, FOUNDATION)]),
        ("Buildings 1-5 are operational.", [("1-5", RUNNING, None)]),
        ("Buildings 3, 4 and 6 are operational.", [("3,4,6", RUNNING, None)]),
        ("Buildings 10,11 and 12 have foundations.", [("10,11,12", FOUNDATION, STRUCTURE)]),
        ("Both buildings are operational.", [("1-2", RUNNING, None)]),
        ("All four buildings are operational.", [("all", RUNNING, None)]),
        ("Building 2 is not yet operational.", [("2", None, RUNNING)]),
        ("No buildings operational yet.", [("", None, RUNNING)]),
        ("Building 4 is expected to be operational in spring.", []),
        ("Building 3 should come online later this year.", []),
        ("Roof complete on building 16. Generators are being installed for buildings 8-15.",
         [("16", ROOF, COOLING), ("8-15", ROOF, COOLING)]),
        ("Building 3's roof is almost complete.", [("3", STRUCTURE, ROOF)]),
        ("Building 3 has a half-finished roof.", [("3", STRUCTURE, ROOF)]),
        ("Building 5 roof is complete but still lacks cooling equipment.",
         [("5", ROOF, COOLING), ("5", None, COOLING)]),
        ("Building 1 has all cooling towers installed.", [("1", COOLING, None)]),
        ("Building 1 cooling towers are still being installed.", [("1", ROOF, COOLING)]),
        ("80% of chillers are installed at Building 4.", [("4", ROOF, COOLING)]),
        ("Building 2 looks complete.", [("2", COOLING, None)]),
        ("The substation looks complete.", []),
        ("Steel framing is underway for Buildings 1-3.", [("1-3", STRUCTURE, ROOF)]),
        ("No building foundations are visible at Buildings 19-32.", [("19-32", None, FOUNDATION)]),
        ("Building 3 has not started construction.", [("3", None, LAND)]),
        ("Building 1 has been energized.", [("1", ENERGISED, None)]),
        ("Building 1 is not yet energized.", [("1", None, ENERGISED)]),
        ("Building 2 is in a similar state to Building 1 in May.", []),
        ("Foundations are visible just north of Building 4.", [("", FOUNDATION, STRUCTURE)]),
        ("Building 7 is roofed, and Building 8 has only a foundation.",
         [("7", ROOF, COOLING), ("8", FOUNDATION, STRUCTURE)]),
        ("Based on how long Building 1 took from roof complete to operational.", []),
        ("Several cooling units are operating.", [("", ROOF, COOLING)]),
    ],
)  # fmt: skip
def test_a_sentence_is_read_for_the_building_it_speaks_of(macros: Any, text: str, expected: list[Any]) -> None:
    assert looks(macros, text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The image shows a full car park.", "satellite"),
        ("The company announced that the hall is in service.", "company_statement"),
        ("TDLR lists a completion date.", "permit"),
        ("Estimated from the pace of the first building.", "estimate"),
        ("Local news reported it.", "press"),
    ],
)
def test_what_a_text_rests_on(macros: Any, text: str, kind: str) -> None:
    con = duckdb.connect()
    con.execute("create table t as select ? as x", [text])
    assert con.execute(f"select {macros.status_evidence_kind('x')} from t").fetchone() == (kind,)


@pytest.mark.parametrize(("numbers", "expected"), [("1-3,7", [1, 2, 3, 7]), ("4", [4]), ("", []), ("all", [])])
def test_numbers_as_written(macros: Any, numbers: str, expected: list[int]) -> None:
    con = duckdb.connect()
    con.execute("create table t as select ? as x", [numbers])
    assert sorted(con.execute(f"select {macros.building_number_list('x')} from t").fetchone()[0]) == expected  # type: ignore[index]
