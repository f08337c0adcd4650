"""Bills of lading and generators from raw on: flags, units, files that are added, and what is near a campus."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import run
from ingest.contracts import load_source
from ingest.replay import ReplayServer, routes_of
from serve.build import run_dbt
from settings import settings

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[3]
MODELS = [
    "stg_bill_of_lading__lines", "stg_eia_860m__generators", "stg_evidence__campuses", "int_generators_near_campus"
]  # fmt: skip
LINES = "staging.stg_bill_of_lading__lines"
GENERATORS = "staging.stg_eia_860m__generators"
HEADER = (
    "billOfLadingNumber,masterBillOfLadingNumber,billOfLadingType,arrivalDate,conName,shpName,shpmtOrigin,portOfLading,"
    "portOfUnlading,volumeTEU,weightKg,hsCode,containerNumbers"
)
FIRST = [
    'H1,M1,House,2026-02-03,ACME,MAKER,Taiwan,Kaohsiung,"2704, LOS ANGELES, CA",1.5,900,8471.50; 8473.30,"A1, A1 A2"',
    'M1,,Master,2026-02-03,TO THE ORDER OF A BANK,N/A,Taiwan,"58309, KAO HSIUNG",Oakland,1.5,1000.5,,',
    "S1,,Simple,2999-01-01,,MAKER,Taiwan,Kaohsiung,Oakland,0,-4,847150,",
    "X1,,,2026-02-05,SAME AS NOTIFY,CONFIDENTIAL,Taiwan,Kaohsiung,Oakland,0.25,,,",
]


def build(as_of: str) -> None:
    """`dbt build` of MODELS into one warehouse file, which is kept between builds."""
    now = settings()
    now.warehouse_db.parent.mkdir(parents=True, exist_ok=True)
    done = run_dbt(
        "build", "--select", *MODELS, "--indirect-selection", "cautious", "--exclude-resource-type", "unit_test",
        as_of=as_of, warehouse=now.warehouse_db, raw_db=now.raw_db, target=now.home / "target", logs=now.home / "logs",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]


def rows(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(settings().warehouse_db, read_only=True) as con:
        return con.execute(sql).fetchall()


def drop(name: str, lines: list[str]) -> None:
    folder = Path(settings().inbox("bill_of_lading")) / "panjiva"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    run.fetch_source("bill_of_lading", "shipments", "live")


def angle(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Angle between two places (degrees) as seen from the centre of the earth, in radians."""

    def vector(place: tuple[float, float]) -> tuple[float, float, float]:
        lat, lon = map(math.radians, place)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    return 2 * math.asin(math.dist(vector(a), vector(b)) / 2)


def day(offset: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(days=offset)).date().isoformat()


@pytest.fixture(scope="module", autouse=True)
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two days of files: the first built, a second file added, built again in the same warehouse file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIGAWATCH_HOME", str(tmp_path_factory.mktemp("home")))
        eia = load_source("eia_860m")
        server = ReplayServer({"eia_860m": routes_of(eia)})
        for name, value in server.environment([eia]).items():
            patch.setenv(name, value)
        with server.serving():
            run.fetch_source("eia_860m", "construction", "live")
        run.fetch_source("evidence", "construction")
        drop("first.csv", FIRST)
        run.load_domain("shipments")
        run.load_domain("construction")
        build(day())
        yield


def test_bills_are_flagged_and_none_is_dropped() -> None:
    flags = "is_master_bill, is_placeholder_consignee, is_masked_shipper, is_future_arrival, is_doubtful_weight"
    assert rows(f"select bill_id, bill_level, {flags} from {LINES} order by 1") == [
        ("H1", "house", False, False, False, False, False),
        ("M1", "master", True, True, True, False, False),
        ("S1", "simple", False, True, False, True, True),
        ("X1", "unknown", False, True, True, False, False),
    ]


def test_cells_with_two_things_in_them_are_taken_apart() -> None:
    columns = "hs6_code, hs_code, n_containers, destination_port_code, destination_port, origin_port_code, vendor"
    assert rows(f"select {columns} from {LINES} where bill_id = 'H1'") == [
        ("847150", "8471.50; 8473.30", 2, "2704", "LOS ANGELES, CA", None, "panjiva")
    ]
    assert rows(f"select origin_port_code, origin_port from {LINES} where bill_id = 'M1'") == [("58309", "KAO HSIUNG")]


def test_months_and_codes_of_generators() -> None:
    columns = "generator_id, status_code, status, is_under_construction, planned_operation_month, inventory_month"
    assert rows(f"select {columns} from {GENERATORS} where plant_id = 99901 order by 1") == [
        ("GT1", "V", "Under construction, more than 50 percent complete", True, date(2027, 6, 1), date(2026, 8, 1)),
        ("GT2", "U", "Under construction, less than or equal to 50 percent complete", True, date(2027, 9, 1),
         date(2026, 8, 1)),
    ]  # fmt: skip
    columns = "planned_operation_month, planned_operation_year, nameplate_capacity_mw, latitude"
    assert rows(f"select {columns} from {GENERATORS} where plant_id = 99903") == [(None, 2030, 45.0, None)]


def test_generators_near_a_campus_and_how_far() -> None:
    near = {(c, p, g): km for c, p, g, km in rows(
        "select campus_id, plant_name, generator_id, distance_km from intermediate.int_generators_near_campus"
    )}  # fmt: skip
    campuses = rows("select campus_id, latitude, longitude from staging.stg_evidence__campuses")
    places = {campus: (latitude, longitude) for campus, latitude, longitude in campuses}
    expected = {
        ("amazon-madison-mega-site", "Synthetic Campus Turbines", "GT1"): (32.61, -90.1),
        ("amazon-madison-mega-site", "Synthetic Campus Turbines", "GT2"): (32.61, -90.1),
        ("amazon-madison-mega-site", "Synthetic Combined Cycle", "CT1"): (32.75, -90.2),
        ("amazon-ridgeland", "Synthetic Campus Turbines", "GT1"): (32.61, -90.1),
        ("amazon-ridgeland", "Synthetic Campus Turbines", "GT2"): (32.61, -90.1),
    }  # nothing in Montana, nothing without a place, and the combined cycle is 39 km from Ridgeland
    assert near == {key: pytest.approx(angle(places[key[0]], place) * 6371) for key, place in expected.items()}


def test_a_second_file_only_adds_and_a_line_of_both_is_recognised() -> None:
    before = rows(f"select min(load_id), count(*), count(distinct line_hash) from {LINES}")
    assert before[0][1:] == (4, 4)
    drop("second.csv", [FIRST[0], FIRST[1].replace("M1", "M2")])
    run.load_domain("shipments")
    build(day())
    assert rows(f"select count(*), count(distinct line_hash), count(distinct load_id) from {LINES}") == [(6, 5, 2)]
    assert rows(f"select count(*) from {LINES} where load_id = {before[0][0]}") == [(4,)]


def test_what_was_not_known_yet_is_taken_out_again() -> None:
    build(day(-1))
    assert rows(f"select count(*) from {LINES}") == [(0,)]
    assert rows(f"select count(*) from {GENERATORS}") == [(0,)]
    assert rows("select count(*) from intermediate.int_generators_near_campus") == [(0,)]
