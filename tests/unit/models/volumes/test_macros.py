"""The SQL macros over the published draws, on draws small enough to check by hand."""

from pathlib import Path

import duckdb
import pytest

MACROS = Path(__file__).parents[4] / "serve" / "macros" / "volumes.sql"


@pytest.fixture
def published() -> duckdb.DuckDBPyConnection:
    """A published file with two SKUs that move against each other, and the macros in schema main."""
    file = duckdb.connect()
    file.execute("create schema draws")
    file.execute("""
        create table draws.trainium_volumes_quarterly as
        select * from (values
            ('a', 'Trainium2', '2025Q3', 0, 10.0, 1.0, 5.0), ('b', 'Trainium2', '2025Q3', 0, 90.0, 1.0, 5.0),
            ('a', 'Trainium2', '2025Q3', 1, 90.0, 1.0, 5.0), ('b', 'Trainium2', '2025Q3', 1, 10.0, 1.0, 5.0),
            ('a', 'Trainium2', '2025Q4', 0, 20.0, 2.0, 6.0), ('b', 'Trainium2', '2025Q4', 0, 130.0, 2.0, 6.0),
            ('a', 'Trainium2', '2025Q4', 1, 130.0, 2.0, 6.0), ('b', 'Trainium2', '2025Q4', 1, 20.0, 2.0, 6.0),
            ('c', 'Trainium3', '2025Q4', 0, 7.0, 1.0, 1.0), ('c', 'Trainium3', '2025Q4', 1, 7.0, 1.0, 1.0),
            ('c', 'Trainium3', '2025Q3', 0, 0.0, 0.0, 0.0), ('c', 'Trainium3', '2025Q3', 1, 0.0, 0.0, 0.0)
        ) as t (sku_id, generation, calendar_quarter, draw_id, package_units, rack_units, installed_chip_units)
    """)
    file.execute(MACROS.read_text())
    return file


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("trainium_packages(generation := 'Trainium2', through_quarter := '2025Q4')", (250, 250, 250)),
        ("trainium_packages()", (250, 250, 250)),
        ("trainium_packages(through_quarter := '2025Q3')", (100, 100, 100)),
        ("trainium_packages(from_quarter := '2025Q4', generation := 'all')", (157, 157, 157)),
        ("trainium_racks()", (6, 6, 6)),
        ("trainium_installed_chips(generation := 'Trainium3')", (1, 1, 1)),
    ],
)
def test_sums_are_taken_within_a_draw(
    published: duckdb.DuckDBPyConnection, call: str, expected: tuple[float, float, float]
) -> None:
    assert published.sql(f"from {call}").fetchall() == [expected]


def test_growth_is_of_the_quarter_before_and_absent_after_nothing(published: duckdb.DuckDBPyConnection) -> None:
    assert published.sql("from trainium_package_growth(generation := 'Trainium2')").fetchall() == [
        ("2025Q4", 50.0, 50.0, 50.0)
    ]
    assert published.sql("from trainium_package_growth(generation := 'Trainium3')").fetchall() == []


def test_growth_works_when_columns_are_selected_by_name(published: duckdb.DuckDBPyConnection) -> None:
    rows = published.sql(
        "select qoq_pct_p50 from trainium_package_growth() where calendar_quarter = '2025Q4'"
    ).fetchall()
    assert rows == [(50.0,)]
