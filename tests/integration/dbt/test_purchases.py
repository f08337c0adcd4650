"""Purchases and supply events, from bytes through the real loader: what is left over, what is refused, known when."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
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
MODELS = [
    "stg_assumptions", "stg_evidence__chip_estimates", "stg_evidence__supply_events", "stg_epoch_chips__estimates",
    "stg_evidence__volume_estimates", "int_purchases__published", "int_purchases__estimates", "int_purchases__draws",
    "int_purchases__unallocated", "int_purchases__year_claims", "supply_events",
]  # fmt: skip
LATE = "2026-11-22"
TABLES = ("chip_estimates", "supply_events", "volume_estimates")

Change = Callable[[str, list[dict[str, str]]], list[dict[str, str]]]


def unchanged(_: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return rows


def load_bundled(home: Path, change: Change = unchanged) -> list[dict[str, Any]]:
    """Load Epoch's chip tables and the evidence behind the marts, with rows changed on the way."""
    settings = Settings(home=home)
    archive = Archive(settings.archive_dir)
    for code, only in (("epoch_chips", None), ("evidence", TABLES)):
        source = contracts.load_source(code)
        for resource in source.resources:
            if only and resource.resource not in only:
                continue
            for file in contracts.bundled_files(source, resource):
                data = file.path.read_bytes()
                if only:
                    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
                    out = io.StringIO(newline="")
                    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(change(resource.resource, rows))
                    data = out.getvalue().encode()
                moment = file.sidecar.known_from
                sha256, size = archive.put(code, resource.resource, [data])
                facts = file.sidecar.model_dump(include={"known_from_basis", "vintage_kind", "vintage_scope"})
                archive.record(Fetch(
                    source=code, resource=resource.resource, url="u", attempted_at=moment, outcome="fetched",
                    sha256=sha256, bytes=size, known_from=moment, **facts,
                ))  # fmt: skip
    with load.connect(settings) as con:
        load.prepare(con, settings)
        return [
            report
            for code in ("epoch_chips", "evidence")
            for domain in sorted({resource.domain for resource in contracts.load_source(code).resources})
            for report in load.load_source(con, settings, code, domain)
        ]


def build(home: Path, as_of: str = LATE) -> duckdb.DuckDBPyConnection:
    return small.build(home, as_of, "run", "--select", *MODELS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bundled")
    assert {report["status"] for report in load_bundled(home)} == {"loaded"}
    return home


@pytest.fixture(scope="module")
def late(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with build(home) as connection:
        yield connection


UNALLOCATED = """
    select units_p05, units_p50, units_p95, interval_basis, is_cut_at_zero, is_owners_above_sales
    from intermediate.int_purchases__unallocated
    where accelerator = '{accelerator}' and quarter_start_date = date '{quarter}'
"""


def unallocated(connection: duckdb.DuckDBPyConnection, accelerator: str, quarter: str) -> tuple[Any, ...]:
    (row,) = rows(connection, UNALLOCATED.format(accelerator=accelerator, quarter=quarter))
    return row


def test_without_a_published_owner_all_sales_are_unallocated(late: duckdb.DuckDBPyConnection) -> None:
    assert unallocated(late, "b300", "2026-04-01") == (1130159, 1334042, 1567496, "published_sales", False, False)


def test_owners_that_cover_part_of_a_quarter_leave_the_rest(late: duckdb.DuckDBPyConnection) -> None:
    p05, p50, p95, basis, cut, above = unallocated(late, "b300", "2026-01-01")
    assert p05 < 992_874 - 209_225 < p95
    assert p50 == pytest.approx(992_874 - 209_225, rel=0.02)
    assert (basis, cut, above) == ("draws_of_difference", False, False)


def test_owners_estimated_above_sales_are_flagged_and_never_negative(late: duckdb.DuckDBPyConnection) -> None:
    for accelerator, quarter in (("h100-h200", "2025-01-01"), ("b200", "2025-07-01")):
        p05, p50, p95, _, cut, above = unallocated(late, accelerator, quarter)
        assert (p05, p50, cut, above) == (0, 0, True, True)
        assert p95 > 0
    assert rows(late, "select min(units_p05) from intermediate.int_purchases__unallocated") == [(0,)]
    assert rows(late, "select min(units) < 0 from intermediate.int_purchases__draws where buyer = 'unallocated'") == [
        (True,)
    ]


def test_a_sole_owner_leaves_exactly_nothing(late: duckdb.DuckDBPyConnection) -> None:
    assert unallocated(late, "trainium2", "2025-10-01") == (0, 0, 0, "sole_owner", False, False)
    assert unallocated(late, "tpu-v7", "2026-01-01")[:4] == (0, 0, 0, "sole_owner")


def test_h100_of_the_older_files_and_h100_h200_of_the_newer_are_counted_once(late: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count(*), max(known_from)::varchar from intermediate.int_purchases__estimates
        where estimate_kind = 'sales' and quarter_start_date = date '2024-07-01' and accelerator like 'h100%'
    """
    assert rows(late, query) == [(1, "2026-09-24")]


def test_a_claim_for_a_year_stands_beside_the_sum_of_its_quarters(late: duckdb.DuckDBPyConnection) -> None:
    query = """
        select estimate_id, n_quarters, is_inside, series_units_p05 < series_units_p50
        from intermediate.int_purchases__year_claims
        where estimate_id in ('BOFA-TPU25', 'BOFA-TPU26', 'OMDIA24-HOP-Amazon') order by 1
    """
    assert rows(late, query) == [
        ("BOFA-TPU25", 4, True, True), ("BOFA-TPU26", 2, None, True), ("OMDIA24-HOP-Amazon", 4, False, True),
    ]  # fmt: skip


def test_a_year_is_narrower_than_the_sum_of_its_percentiles(late: duckdb.DuckDBPyConnection) -> None:
    query = """
        with year as (
            select draw_id, sum(units) as units from intermediate.int_purchases__draws
            where designer = 'Google' and buyer is null and year(quarter_start_date) = 2025 group by 1
        )
        select quantile_cont(units, 0.95) - quantile_cont(units, 0.05),
            (select sum(units_p95 - units_p05) from intermediate.int_purchases__estimates
             where designer = 'Google' and estimate_kind = 'sales' and year(quarter_start_date) = 2025)
        from year
    """
    ((joint, summed),) = rows(late, query)
    assert joint < 0.9 * summed


def test_one_changed_owner_moves_what_is_left(home: Path, late: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def more(name: str, table: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in table:
            if name == "chip_estimates" and row["estimate_id"] == "owners:amazon:b300:2026Q1":
                row.update(chips_p05="95000", chips_p50="117796", chips_p95="140000")
        return table

    load_bundled(tmp_path, more)
    with build(tmp_path) as changed:
        moved = unallocated(changed, "b300", "2026-01-01")[1] - unallocated(late, "b300", "2026-01-01")[1]
    assert moved == pytest.approx(-100_000, rel=0.05)


@pytest.mark.parametrize("as_of", ["2020-01-01", "2026-02-20"])
def test_nothing_is_known_before_it_was_published(home: Path, as_of: str) -> None:
    with build(home, as_of) as early:
        for table in ("int_purchases__published", "int_purchases__estimates"):
            query = f"select coalesce(max(known_from), date '1900-01-01') <= date '{as_of}' from intermediate.{table}"
            assert rows(early, query) == [(True,)]
        assert rows(early, f"select count(*) from marts.supply_events where known_from > date '{as_of}'") == [(0,)]
        n_events, n_draws = (
            rows(early, "select count(*) from marts.supply_events")[0],
            rows(early, "select count(*) from intermediate.int_purchases__draws")[0],
        )
        assert (
            (n_events, n_draws) == ((0,), (0,)) if as_of == "2020-01-01" else n_events > (20,) and n_draws == (16_000,)
        )


def test_events_that_disagree_are_both_there_and_flagged(late: duckdb.DuckDBPyConnection) -> None:
    query = """
        select event_id, volume_effect, evidence_status from marts.supply_events
        where event_kind = 'socket_change' and ticker = 'MRVL' order by 1
    """
    assert rows(late, query) == [
        ("trn3-lost-by-marvell", "down", "flagged"), ("trn3-marvell-denies", None, "flagged"),
        ("trn3-marvell-orders-2026", "up", "flagged"),
    ]  # fmt: skip


def test_trainium3_slipped_step_by_step(late: duckdb.DuckDBPyConnection) -> None:
    query = """
        select event_id, shift_months from marts.supply_events
        where event_kind = 'slip' and generation = 'Trainium3' order by known_from, event_id
    """
    assert rows(late, query) == [("trn3-tapeout-slip", 1), ("trn3-slip-to-2q26", 3), ("trn3-slip-to-3q26", 3)]


def test_a_rumour_says_so_and_memory_is_no_event(home: Path, late: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert rows(late, "select count(*) from marts.supply_events where evidence_status = 'rumour'") == [(2,)]

    def from_memory(name: str, table: list[dict[str, str]]) -> list[dict[str, str]]:
        if name == "supply_events":
            table[0].update(basis_class="recall", audit_flag="recall: no source")
        return table

    load_bundled(tmp_path, from_memory)
    with build(tmp_path) as changed:
        assert rows(changed, "select count(*) from marts.supply_events") == [(38,)]
        assert rows(changed, "select count(*) from staging.stg_evidence__supply_events") == [(39,)]


@pytest.mark.parametrize(
    ("table", "cells", "rule"),
    [
        ("chip_estimates", {"chips_p05": "9", "chips_p50": "5", "chips_p95": "9"}, "percentiles_out_of_order"),
        ("chip_estimates", {"chips_p05": "", "chips_p50": "0"}, "half_an_interval"),
        ("chip_estimates", {"owner": ""}, "owner_of_sales"),
        ("chip_estimates", {"period_end": "2025-12-30"}, "not_a_quarter"),
        ("chip_estimates", {"chips_p50": "1e9"}, "max:chips_p50"),
        ("supply_events", {"unit": ""}, "value_without_unit"),
        ("supply_events", {"unit": "months", "timing_effect": ""}, "shift_without_direction"),
        ("supply_events", {"date_precision": "quarter"}, "date_finer_than_stated"),
        ("supply_events", {"event_kind": "performance_rumour", "audit_flag": ""}, "unflagged_rumour"),
        ("supply_events", {"event_kind": "mishap"}, "allowed:event_kind"),
        ("supply_events", {"known_from": "2024-01-01"}, "published_after_known"),
    ],
)
def test_a_planted_error_is_held_back(tmp_path: Path, table: str, cells: dict[str, str], rule: str) -> None:
    def plant(name: str, all_rows: list[dict[str, str]]) -> list[dict[str, str]]:
        if name == table:
            all_rows[0].update(cells)
        return all_rows

    (report,) = [r for r in load_bundled(tmp_path, plant) if r["resource"] == table]
    with duckdb.connect() as con:
        con.execute(f"attach '{Settings(home=tmp_path).raw_db}' as rawdb (read_only)")
        held = con.execute("select rule from rawdb.raw.quarantine where resource = ?", [table]).fetchall()
    assert (report["status"], held) == ("loaded", [(rule,)])
    assert report["rows_loaded"] == report["rows_in"] - 1
