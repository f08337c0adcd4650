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
    file.execute("create schema marts")
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
    file.execute("""
        create table marts.accelerator_purchases_quarterly as
        select * from (values
            ('TPU', 'Google', 'tpu-v6e', '2025Q3', 90.0, 100.0, 110.0, false),
            ('TPU', 'Google', 'tpu-v7', '2025Q3', 45.0, 50.0, 55.0, false),
            ('TPU', 'Google', 'tpu-v7', '2025Q4', 80.0, 100.0, 130.0, true),
            ('Nvidia GPU', 'Google', 'h100', '2025Q3', 900.0, 1000.0, 1100.0, false),
            ('TPU', 'unallocated', 'tpu-v7', '2025Q3', 0.0, 0.0, 0.0, false)
        ) as t (
            accelerator_family, buyer, accelerator, calendar_quarter, units_p05, units_p50, units_p95, is_incomplete
        )
    """)
    file.execute("""
        create table draws.component_demand_quarterly as
        select
            generation, calendar_quarter, draw_id,
            hbm_gb / 24 as hbm_stack_units, hbm_gb, hbm_gb / 96 as package_start_units,
            hbm_gb / 1600 as cowos_wafer_units, switches as scale_up_switch_tray_units,
            null::double as scale_up_switch_chip_units
        from (values
            ('Trainium2', '2025Q3', 0, 960.0, 0.0), ('Trainium2', '2025Q3', 1, 1920.0, 0.0),
            ('Trainium3', '2025Q3', 0, 1920.0, 8.0), ('Trainium3', '2025Q3', 1, 960.0, 4.0),
            ('Trainium2', '2025Q4', 0, null, null), ('Trainium2', '2025Q4', 1, 96.0, 0.0)
        ) as t (generation, calendar_quarter, draw_id, hbm_gb, switches)
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


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("component_demand(through_quarter := '2025Q3')", (2880, 2880, 2880)),
        ("component_demand(component := 'hbm_stacks', through_quarter := '2025Q3')", (120, 120, 120)),
        ("component_demand('scale_up_switch_trays', 'Trainium3', through_quarter := '2025Q3')", (4.2, 6, 7.8)),
        ("component_demand(component := 'cowos_wafers', generation := 'Trainium2')", (None, None, None)),
        ("component_demand(component := 'scale_up_switch_chips')", (None, None, None)),
        ("component_demand(component := 'umbrellas')", (None, None, None)),
    ],
)
def test_component_sums_are_taken_within_a_draw_and_unknown_with_an_unknown_part(
    published: duckdb.DuckDBPyConnection, call: str, expected: tuple[float | None, float | None, float | None]
) -> None:
    assert published.sql(f"from {call}").fetchone() == tuple(
        None if value is None else pytest.approx(value) for value in expected
    )


def test_the_share_against_tpus_holds_their_published_band(published: duckdb.DuckDBPyConnection) -> None:
    """Trainium is 100 in every draw; with many draws the share must run over the band of the published sum."""
    published.execute("""
        create or replace table draws.trainium_volumes_quarterly as
        select 'a' as sku_id, 'Trainium2' as generation, '2025Q3' as calendar_quarter, range::integer as draw_id,
            100.0 as package_units, 1.0 as rack_units, 1.0 as installed_chip_units
        from range(2000)
    """)
    call = "trainium_share_of_trainium_and_tpu(from_quarter := '2025Q3', through_quarter := '2025Q3')"
    low, mid, high = published.sql(f"from {call}").fetchone() or ()
    assert (low, mid, high) == pytest.approx((100 / 265, 100 / 250, 100 / 235), rel=2e-3), "135-150-165 TPUs of 2 kinds"
    assert published.sql(f"from {call}").fetchone() == (low, mid, high), "the sequence is fixed"


def test_a_quarter_without_a_complete_tpu_figure_has_no_share(published: duckdb.DuckDBPyConnection) -> None:
    call = "trainium_share_of_trainium_and_tpu(from_quarter := '2025Q3', through_quarter := '2025Q4')"
    assert published.sql(f"from {call}").fetchall() == [(None, None, None)]
    published.execute("update marts.accelerator_purchases_quarterly set is_incomplete = false")
    low, mid, high = published.sql(f"from {call}").fetchone() or ()
    assert 0 < low < mid < high < 1
    published.execute("delete from marts.accelerator_purchases_quarterly where calendar_quarter = '2025Q3'")
    assert published.sql(f"from {call}").fetchall() == [(None, None, None)]


def test_scores_of_the_tpu_series_are_not_tied_to_the_draws(published: duckdb.DuckDBPyConnection) -> None:
    """Draws sorted by size must not meet sorted TPU scores: the share then is as wide as for shuffled draws."""

    def width(expression: str) -> float:
        published.execute(f"""
            create or replace table draws.trainium_volumes_quarterly as
            select 'a' as sku_id, 'Trainium2' as generation, '2025Q3' as calendar_quarter, range::integer as draw_id,
                {expression} as package_units, 1.0 as rack_units, 1.0 as installed_chip_units
            from range(2000)
        """)
        call = "trainium_share_of_trainium_and_tpu(from_quarter := '2025Q3', through_quarter := '2025Q3')"
        low, _, high = published.sql(f"from {call}").fetchone() or ()
        return high - low

    assert width("50 + range * 0.05") == pytest.approx(width("50 + (range * 7919 % 2000) * 0.05"), rel=0.02)
