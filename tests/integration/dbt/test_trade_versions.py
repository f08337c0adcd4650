"""From made-up answers of the trade sources to staging: months as versions, groups out, missing quantities NULL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import contracts, load
from ingest.archive import Archive, Fetch
from settings import Settings
from tests.integration.dbt import small
from tests.integration.dbt.small import rows

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[3]
SOURCES = {code: contracts.load_source(code) for code in ("census_imports", "un_comtrade")}


def archive(settings: Settings, code: str, part: str, day: str, document: Any) -> None:
    """Archive an answer for a part as had live on a day."""
    store, (resource,) = Archive(settings.archive_dir), SOURCES[code].resources
    sha256, size = store.put(code, resource.resource, [json.dumps(document).encode()])
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    store.record(
        Fetch(source=code, resource=resource.resource, part=part, url="u", attempted_at=moment, outcome="fetched",
              sha256=sha256, bytes=size, known_from=moment, known_from_basis="test", vintage_kind="live")
    )  # fmt: skip


def played(code: str, name: str) -> Any:
    return json.loads((SOURCES[code].folder / "replay" / name).read_bytes())


def fill(settings: Settings) -> None:
    header, *rows = played("census_imports", "hs847150.json")
    value, country, month = (header.index(name) for name in ("GEN_VAL_MO", "CTY_CODE", "time"))
    archive(settings, "census_imports", "hs847150", "2025-10-07", [header, *rows])
    archive(settings, "census_imports", "hs847330", "2025-10-07", played("census_imports", "hs847330.json"))
    # The same rows in another order are no revision. Then the window moves on: June leaves, September comes, and in
    # August the value of one country changes and the row of another goes.
    archive(settings, "census_imports", "hs847150", "2025-10-20", [header, *rows[::-1]])
    june = [row for row in rows if row[month] == "2025-06"]
    revised = [row for row in rows if row not in june and (row[month], row[country]) != ("2025-08", "5570")]
    for row in revised:
        if (row[month], row[country]) == ("2025-08", "5830"):
            row[value] = "16000"
    september = [[*row[:month], "2025-09", *row[month + 1 :]] for row in june]
    archive(settings, "census_imports", "hs847150", "2025-11-06", [header, *revised, *september])

    answer = played("un_comtrade", "trade_490.json")
    archive(settings, "un_comtrade", "taiwan", "2026-10-02", answer)
    archive(settings, "un_comtrade", "usa", "2026-10-02", played("un_comtrade", "trade_842.json"))
    for record in answer["data"]:
        if (record["period"], record["cmdCode"], record["partnerCode"]) == ("202607", "847150", 757):
            record["primaryValue"] = 9999.0
    archive(settings, "un_comtrade", "taiwan", "2026-11-02", answer)
    with load.connect(settings) as con:
        load.prepare(con, settings)
        for code in SOURCES:
            for done in load.load_source(con, settings, code, "shipments"):
                assert (done["status"], done["rows_quarantined"]) == ("loaded", 0), done


def build(home: Path, as_of: str) -> duckdb.DuckDBPyConnection:
    return small.build(home, as_of, "build", "--select", "stg_census__imports", "stg_comtrade__trade")


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    home = tmp_path_factory.mktemp("home")
    fill(Settings(home=home))
    connections = {as_of: build(home, as_of) for as_of in ("2025-10-31", "2026-11-22")}
    yield connections
    for connection in connections.values():
        connection.close()


Builds = dict[str, duckdb.DuckDBPyConnection]


AUGUST = """
    select country_code, general_import_value_usd, known_from::varchar, is_latest from staging.stg_census__imports
    where hs6_code = '847150' and import_month = '2025-08' order by known_from, country_code
"""


def test_only_countries_are_staged(builds: Builds) -> None:
    assert rows(builds["2026-11-22"], "select distinct country_code from staging.stg_census__imports order by 1") == [
        ("2010",), ("5570",), ("5830",),
    ]  # fmt: skip


def test_the_past_knows_the_first_version_only(builds: Builds) -> None:
    assert rows(builds["2025-10-31"], AUGUST) == [
        ("2010", 9000.0, "2025-10-07", True),
        ("5570", 6000.0, "2025-10-07", True),
        ("5830", 15000.0, "2025-10-07", True),
    ]


def test_a_revised_month_is_a_version_of_its_own_and_what_it_lacks_is_gone(builds: Builds) -> None:
    assert rows(builds["2026-11-22"], AUGUST) == [
        ("2010", 9000.0, "2025-10-07", False),
        ("5570", 6000.0, "2025-10-07", False),
        ("5830", 15000.0, "2025-10-07", False),
        ("2010", 9000.0, "2025-11-06", True),
        ("5830", 16000.0, "2025-11-06", True),
    ]


def test_months_that_did_not_change_or_left_the_window_keep_their_version(builds: Builds) -> None:
    query = """
        select distinct import_month, known_from::varchar, is_latest from staging.stg_census__imports
        where hs6_code = '847150' and import_month < '2025-08' order by 1
    """
    assert rows(builds["2026-11-22"], query) == [("2025-06", "2025-10-07", True), ("2025-07", "2025-10-07", True)]


def test_an_import_quantity_without_a_unit_is_null(builds: Builds) -> None:
    query = """
        select distinct hs6_code, quantity_unit, general_import_quantity from staging.stg_census__imports
        where country_code = '5830' and import_month = '2025-06' order by 1
    """
    assert rows(builds["2026-11-22"], query) == [("847150", "NO", 5.0), ("847330", None, None)]


def test_a_revision_of_one_reporter_versions_its_month_only(builds: Builds) -> None:
    query = """
        select reporter_code, trade_month, known_from::varchar, is_latest, sum(trade_value_usd)
        from staging.stg_comtrade__trade where hs6_code = '847150' group by all order by all
    """
    assert rows(builds["2026-11-22"], query) == [
        ("490", "2026-06", "2026-10-02", True, 9000.0),
        ("490", "2026-07", "2026-10-02", False, 18000.0),
        ("490", "2026-07", "2026-11-02", True, 19999.0),
        ("842", "2026-06", "2026-10-02", True, 45000.0),
        ("842", "2026-07", "2026-10-02", True, 90000.0),
    ]
    assert rows(builds["2025-10-31"], "select count(*) from staging.stg_comtrade__trade") == [(0,)]


def test_the_world_is_out_and_no_quantity_is_null(builds: Builds) -> None:
    query = """
        select partner_name, flow, quantity_unit, quantity, net_weight_kg, is_aggregate from staging.stg_comtrade__trade
        where reporter_code = '490' and trade_month = '2026-06' order by hs6_code, partner_name
    """
    assert rows(builds["2026-11-22"], query) == [
        ("Areas, nes", "export", "u", 5.0, 50.0, True),
        ("Switzerland", "export", "u", 4.0, 40.0, True),
        ("Areas, nes", "export", None, None, None, False),
        ("Switzerland", "export", None, None, None, False),
    ]
