"""Epoch's tables in staging, from bytes through the real loader: what power means, who uses what, known when."""

from __future__ import annotations

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
SAMPLES = REPO.parent / "shared" / "samples" / "epoch_data_centers"  # real payloads, not part of the repository
MODELS = [
    "stg_evidence__site_names", "stg_rejects", "path:models/staging/epoch_data_centers",
    "path:models/staging/epoch_chips", "path:models/staging/epoch_ml_hardware", "int_epoch_sites__power",
]  # fmt: skip
EARLY, LATE = "2026-06-30", "2026-11-22"


def put(archive: Archive, source: str, resource: str, data: bytes, known_from: datetime, **facts: Any) -> None:
    sha256, size = archive.put(source, resource, [data])
    archive.record(Fetch(
        **{"source": source, "resource": resource, "url": "u", "attempted_at": known_from, "outcome": "fetched",
           "sha256": sha256, "bytes": size, "known_from": known_from, "known_from_basis": "vintage",
           "vintage_kind": "git_backfill"} | facts
    ))  # fmt: skip


def put_bundled(archive: Archive, code: str, *only: str) -> None:
    source = contracts.load_source(code)
    for resource in source.resources:
        for file in contracts.bundled_files(source, resource) if not only or resource.resource in only else []:
            facts = file.sidecar.model_dump(include={"known_from_basis", "vintage_kind", "vintage_scope"})
            moment = file.sidecar.known_from
            put(archive, code, resource.resource, file.path.read_bytes(), moment, **facts)


def load_all(home: Settings) -> list[dict[str, Any]]:
    with load.connect(home) as con:
        load.prepare(con, home)
        return [
            report
            for source in contracts.load_all()
            for domain in sorted({resource.domain for resource in source.resources})
            for report in load.load_source(con, home, source.source, domain)
        ]


def build(home: Path, as_of: str) -> duckdb.DuckDBPyConnection:
    return small.build(home, as_of, "run", "--select", *MODELS)


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    """What is bundled, seen at two dates."""
    home = tmp_path_factory.mktemp("bundled")
    archive = Archive(Settings(home=home).archive_dir)
    for code in ("epoch_data_centers", "epoch_chips", "epoch_ml_hardware"):
        put_bundled(archive, code)
    put_bundled(archive, "evidence", "site_names")
    assert {report["status"] for report in load_all(Settings(home=home))} == {"loaded"}
    connections = {as_of: build(home, as_of) for as_of in (EARLY, LATE)}
    yield connections
    for connection in connections.values():
        connection.close()


Builds = dict[str, duckdb.DuckDBPyConnection]


def test_the_eleven_vintages_of_the_timelines_are_all_there(builds: Builds) -> None:
    query = "select count(distinct vintage_date), count(*) from staging.stg_epoch_data_centers__timeline_vintages"
    assert rows(builds[LATE], query) == [(11, 2791)]


NEW_CARLISLE = """
    select current_power_basis, current_it_power_mw, current_facility_power_mw, is_confirmed_by_timeline
    from intermediate.int_epoch_sites__power where site_name = 'Anthropic-Amazon New Carlisle' and is_latest
"""


def test_current_power_is_facility_power_in_may_and_it_power_since_july(builds: Builds) -> None:
    assert rows(builds[EARLY], NEW_CARLISLE) == [("facility", None, 1092.0, True)]
    assert rows(builds[LATE], NEW_CARLISLE) == [("it", 910.0, None, True)]
    query = """
        select vintage_date::varchar, current_power_basis, count(current_it_power_mw), count(current_facility_power_mw)
        from intermediate.int_epoch_sites__power group by all order by 1
    """
    assert rows(builds[LATE], query) == [
        ("2026-01-03", "facility", 0, 17), ("2026-05-23", "facility", 0, 50), ("2026-07-07", "it", 68, 0),
        ("2026-08-20", "it", 83, 0),
    ]  # fmt: skip


def test_a_cell_of_several_names_becomes_rows(builds: Builds) -> None:
    query = """
        select party_position, party_name, stated_confidence from staging.stg_epoch_data_centers__site_parties
        where site_name = 'Colossus 2' and role = 'user' and is_latest order by 1
    """
    assert rows(builds[LATE], query) == [
        (1, "SpaceXAI", "confident"), (2, "Anthropic", "confident"), (3, "Cursor", "confident"),
    ]  # fmt: skip


def test_chips_are_counted_per_site_and_forecasts_are_marked(builds: Builds) -> None:
    query = """
        select observed_date::varchar, installed_chip_units, units_basis, is_projection
        from staging.stg_epoch_data_centers__chip_quantities
        where site_name = 'Anthropic-Amazon New Carlisle' and chip_type = 'Trainium2' and is_latest order by 1
    """
    assert rows(builds[LATE], query) == [
        ("2025-06-23", 457200.0, "company_disclosure", False), ("2025-12-23", 718400.0, "estimate", False),
        ("2026-03-23", 1044980.0, "estimate", False), ("2026-10-19", 1044980.0, None, True),
    ]  # fmt: skip
    assert rows(builds[EARLY], "select count(*) from staging.stg_epoch_data_centers__chip_quantities") == [(0,)]
    typed_wrong = """
        select distinct units_basis from staging.stg_epoch_data_centers__chip_quantities
        where units_basis_text = 'Esimate'
    """
    assert rows(builds[LATE], typed_wrong) == [("estimate",)]


TRAINIUM2 = """
    select resource, period_start_date::varchar, package_units_p05, package_units_p50, package_units_p95
    from staging.stg_epoch_chips__estimates
    where chip_type = 'Trainium2' and period_end_date = date '2025-12-31' and is_latest order by 1
"""


def test_trainium2_of_the_fourth_quarter_starts_on_the_first_of_october(builds: Builds) -> None:
    assert rows(builds[LATE], TRAINIUM2) == [
        ("owners_quarters_by_chip_type", "2025-10-01", 285632.0, 335033.0, 388888.0),
        ("sales_cumulative_by_chip", "2024-01-01", 1260000.0, 1400000.0, 1540000.0),
        ("sales_timelines_by_chip", "2025-10-01", 285000.0, 335000.0, 390000.0),
    ]


def test_every_version_of_an_estimate_is_kept(builds: Builds) -> None:
    query = """
        select vintage_date::varchar, package_units_p50, is_latest, estimated_at::varchar
        from staging.stg_epoch_chips__estimates
        where estimate_name = 'Q1 2024 - Trainium2' and resource = 'sales_timelines_by_chip' order by 1
    """
    assert rows(builds[LATE], query) == [
        ("2026-02-13", 12858.0, False, "2026-02-13 13:25:00"), ("2026-03-19", 15000.0, False, "2026-03-19 16:00:00"),
        ("2026-03-31", 15000.0, False, "2026-03-31 14:36:00"), ("2026-04-03", 15000.0, True, "2026-03-31 14:36:00"),
    ]  # fmt: skip


def test_an_unfinished_quarter_says_so(builds: Builds) -> None:
    query = """
        select chip_type from staging.stg_epoch_chips__estimates
        where is_latest and is_incomplete and period_start_date = date '2026-01-01' order by 1
    """
    assert rows(builds[LATE], query) == [("B200",), ("B300",), ("TPU v6e",), ("TPU v7",)]


def test_unknown_memory_is_not_zero_and_the_figure_of_an_instance_is_not_there(builds: Builds) -> None:
    query = """
        select hardware_name, memory_gb, memory_bandwidth_gb_per_s, tensor_fp16_tflops, tdp_w
        from staging.stg_epoch_ml_hardware__hardware where hardware_name like 'Amazon Trainium%' order by 1
    """
    assert rows(builds[LATE], query) == [
        ("Amazon Trainium2", 96.0, 2900.0, 667.0, 500.0), ("Amazon Trainium3", None, None, 671.0, 700.0),
    ]  # fmt: skip


def test_nothing_known_later_gets_in(builds: Builds) -> None:
    tables = rows(
        builds[EARLY],
        "select table_schema, table_name from information_schema.columns "
        "where column_name = 'known_from' and table_name like '%epoch%'",
    )
    assert len(tables) == 12
    for schema, table in tables:
        later = rows(builds[EARLY], f"select count(*) from {schema}.{table} where known_from > date '{EARLY}'")
        assert later == [(0,)], table


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[dict[str, Any]], duckdb.DuckDBPyConnection]]:
    """The seven real vintages, each archived on its day, with the reports of loading them."""
    if not SAMPLES.is_dir():
        pytest.skip("the real payloads are not part of the repository")
    home = tmp_path_factory.mktemp("real")
    archive = Archive(Settings(home=home).archive_dir)
    put_bundled(archive, "evidence", "site_names")
    for path in sorted(SAMPLES.glob("v*/data_center*.csv")):
        known_from = datetime.fromisoformat(path.parent.name[1:]).replace(tzinfo=UTC)
        put(archive, "epoch_data_centers", path.stem, path.read_bytes(), known_from)
    reports = [report for report in load_all(Settings(home=home)) if report["source"] != "evidence"]
    connection = build(home, LATE)
    yield reports, connection
    connection.close()


Real = tuple[list[dict[str, Any]], duckdb.DuckDBPyConnection]


def test_all_real_vintages_load_whole(real: Real) -> None:
    reports, _ = real
    assert len(reports) == 7 + 7 + 2 + 1 + 1
    assert [report["reason"] for report in reports if report["status"] != "loaded" or report["reason"]] == [
        "rows in quarantine: not_null:Data center 14"  # chips of 2026-07-07 without a site
    ]
    assert sum(report["rows_in"] for report in reports if report["resource"] == "data_center_timelines") == 1950


def test_the_basis_of_every_real_vintage_is_told(real: Real) -> None:
    query = """
        select vintage_date::varchar, current_power_basis, count_if(not is_confirmed_by_timeline)
        from intermediate.int_epoch_sites__power group by all order by 1
    """
    assert rows(real[1], query) == [
        ("2025-12-13", "facility", 0), ("2026-01-03", "facility", 0), ("2026-04-03", "facility", 0),
        ("2026-05-23", "facility", 0), ("2026-07-07", "it", 0),
        # two sites of August have a row of the days before the vintage that the site table does not count yet
        ("2026-08-03", "it", 2), ("2026-08-20", "it", 0),
    ]  # fmt: skip


def test_real_names_resolve_or_wait_among_the_rejects(real: Real) -> None:
    query = "select resource, value from staging.stg_rejects group by all order by all"
    assert rows(real[1], query) == [
        ("data_center_chip_quantities", name)
        for name in ("AWS Berwick PA", "Bridge Data Centres Kulai", "G42-Khazna Ajman", "Google Leesburg",
                     "Google Lenoir", "Meta Sarpy County", "Mistral Bruyères-le-Châtel")
    ]  # fmt: skip
    for model, total in (("sites", 333), ("chip_quantities", 175 - 14 + 225 - 18)):
        assert rows(real[1], f"select count(*) from staging.stg_epoch_data_centers__{model}") == [(total,)]


def test_real_words_are_spelt_uniformly_and_remarks_are_no_names(real: Real) -> None:
    query = """
        select distinct units_basis_text, units_basis from staging.stg_epoch_data_centers__chip_quantities order by all
    """
    assert rows(real[1], query) == [
        ("Calculations", "calculation"), ("Company disclosure", "company_disclosure"), ("Esimate", "estimate"),
        ("Estimate", "estimate"), ("Meta #confident", "other"), ("Microsft Nscale disclosure", "company_disclosure"),
    ]  # fmt: skip
    parties = "select max(length(party_name)) from staging.stg_epoch_data_centers__chip_parties"
    assert rows(real[1], parties) == [(len("AI XPV Platform"),)]
    listed = "select max(listing_number), count(*) from staging.stg_epoch_data_centers__chillers"
    assert rows(real[1], listed) == [(2, 143)]
