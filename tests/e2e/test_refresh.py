"""What a refresh promises: repeatable, rebuilt from the archive, honest about the past, moved by its inputs only."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ingest.archive import Archive, Fetch
from ingest.run import load_domain
from tests.e2e.conftest import dbt, refresh, table_hashes

pytestmark = pytest.mark.e2e

Row = dict[str, str]


def raw_counts(home: Path) -> dict[str, int]:
    with duckdb.connect(str(home / "raw" / "raw.duckdb"), read_only=True) as con:
        names = con.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
        return {name: con.execute(f'select count(*) from raw.raw."{name}"').fetchone()[0] for (name,) in names}


def test_a_second_run_adds_nothing(refreshed: Path) -> None:
    rows, marts = raw_counts(refreshed), table_hashes(refreshed / "serving" / "gigawatch.duckdb")
    done = refresh(refreshed)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "nothing has changed" in done.stdout
    assert raw_counts(refreshed) == rows
    assert table_hashes(refreshed / "serving" / "gigawatch.duckdb") == marts
    assert len(list((refreshed / "serving" / "releases").iterdir())) == 1


@pytest.mark.slow
def test_all_but_the_archive_can_be_deleted(refreshed: Path, tmp_path: Path) -> None:
    home = tmp_path / "data"
    shutil.copytree(refreshed / "archive", home / "archive")
    done = refresh(home)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for schema in ("marts", "draws"):
        before = table_hashes(refreshed / "serving" / "gigawatch.duckdb", schema)
        assert before
        assert table_hashes(home / "serving" / "gigawatch.duckdb", schema) == before


def test_an_as_of_build_knows_only_what_was_known(refreshed: Path) -> None:
    served = refreshed / "serving" / "gigawatch.duckdb"
    before = served.stat()
    done = refresh(refreshed, "--as-of", "2026-01-03")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    after = served.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), "serving must not be touched"

    campus = """select buildings_operational_stated, facility_capacity_mw_stated, it_capacity_mw_stated,
                       it_capacity_basis, it_capacity_mw_p05, it_capacity_mw_p50, it_capacity_mw_p95,
                       vintage_date::varchar
                from marts.campus_capacity_quarterly
                where campus_id = 'anthropic-amazon-new-carlisle' and calendar_quarter = '2025Q3'"""
    with (
        duckdb.connect(str(refreshed / "asof" / "2026-01-03" / "serving" / "gigawatch.duckdb"), read_only=True) as then,
        duckdb.connect(str(served), read_only=True) as now,
    ):
        buildings, facility_mw, it_mw, basis, p05, p50, p95, vintage = then.execute(campus).fetchone()
        assert vintage == "2026-01-03"
        assert (buildings, facility_mw, it_mw) == (7, pytest.approx(478), None)
        assert basis == "estimated_from_pue"
        assert p05 < p50 < p95
        assert p50 == pytest.approx(478 / 1.25, rel=0.05)
        assert now.execute(campus).fetchone()[3] == "stated_by_source"

        volumes = """select is_anchored_on_disclosure, package_units_cumulative_p50
                     from marts.trainium_volumes_quarterly
                     where sku_id = 'all:Trainium2' and calendar_quarter = '2025Q4'"""
        anchored_then, packages_then = then.execute(volumes).fetchone()
        anchored_now, packages_now = now.execute(volumes).fetchone()
        assert (anchored_then, anchored_now) == (False, True), "Amazon spoke on 2026-02-05"
        assert packages_then != pytest.approx(packages_now, rel=0.001)

        for (table,) in then.execute(
            "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'known_from'"
        ).fetchall():
            late = then.execute(f"from marts.{table} where known_from > date '2026-01-03'").fetchall()
            assert late == [], table
        (priced,) = then.execute("select count(*) from marts.rental_prices_daily").fetchone()
        assert 0 < priced < now.execute("select count(*) from marts.rental_prices_daily").fetchone()[0]


def rebuilt(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Raw and marts made again from the archive alone, without Airflow and checks; hashes of marts and draws."""
    monkeypatch.setenv("GIGAWATCH_HOME", str(home))
    shutil.rmtree(home / "raw")
    for domain in ("shipments", "construction", "pricing"):
        load_domain(domain)
    database = home / "warehouse" / "build.duckdb"
    database.unlink()
    done = dbt(home, "run")
    assert done.returncode == 0, done.stdout[-3000:]
    return hashes(database)


def hashes(database: Path) -> dict[str, str]:
    return table_hashes(database) | {f"draws.{name}": value for name, value in table_hashes(database, "draws").items()}


def edit(home: Path, source: str, resource: str, change: Callable[[list[Row]], None]) -> None:
    """Archive an edited copy of a resource's newest content, as if the source had corrected itself an hour later."""
    archive = Archive(home / "archive")
    latest = max(archive.fetches(source, resource), key=lambda fetch: (fetch.known_from, fetch.attempted_at))
    text = archive.read(source, resource, latest.sha256).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    change(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    sha256, size = archive.put(source, resource, [out.getvalue().encode()])
    moment = latest.attempted_at + timedelta(hours=1)
    archive.record(latest.model_copy(update={"sha256": sha256, "bytes": size, "attempted_at": moment}))


def only(rows: list[Row], **match: str) -> Row:
    found = [row for row in rows if all(row[name] == value for name, value in match.items())]
    assert len(found) == 1, (match, len(found))
    return found[0]


def one_price(rows: list[Row]) -> None:
    row = next(row for row in rows if row["accelerator_id"] == "h100-sxm" and row["purchase_model"] == "on_demand")
    row["price_usd_per_hour"] = str(float(row["price_usd_per_hour"]) * 1.01)
    row["price_usd_per_accelerator_hour"] = str(float(row["price_usd_per_accelerator_hour"]) * 1.01)


def one_building_date(rows: list[Row]) -> None:
    only(rows, **{"Data center": "Anthropic-Amazon New Carlisle", "Date": "2026-10-19"})["Date"] = "2027-02-01"


def one_supplier_month(rows: list[Row]) -> None:
    row = only(rows, ticker="2345", revenue_month="2025-06")
    row["revenue_twd_thousand"] = str(int(row["revenue_twd_thousand"]) * 2)


@pytest.mark.parametrize(
    ("source", "resource", "change", "dependents"),
    [
        pytest.param(
            "evidence", "cloud_prices", one_price, {"rental_prices_daily", "rental_margin"},
            marks=pytest.mark.slow, id="price",
        ),
        pytest.param(
            "epoch_data_centers", "data_center_timelines", one_building_date,
            {
                "build_speed", "building_capacity_quarterly", "campus_capacity_quarterly", "campus_capacity_steps",
                "campus_timeline", "lab_capacity_quarterly",
                "draws.lab_capacity_quarterly",
            },
            marks=pytest.mark.slow, id="building date",
        ),
        pytest.param(
            "evidence", "supplier_monthly_revenue", one_supplier_month,
            {
                "trainium_volumes_quarterly", "supplier_exposure", "draws.trainium_volumes_quarterly",
                "component_demand_quarterly", "draws.component_demand_quarterly", "accelerator_purchases_quarterly",
                "chip_end_use_quarterly", "forecast_accuracy", "forecast_scoreboard", "power_chip_balance_quarterly",
            },
            marks=pytest.mark.slow, id="supplier month",
        ),
    ],
)  # fmt: skip
def test_one_changed_input_row_moves_exactly_its_marts(
    refreshed: Path,
    copy_of: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    resource: str,
    change: Callable[[list[Row]], None],
    dependents: set[str],
) -> None:
    before = hashes(refreshed / "warehouse" / "build.duckdb")
    edit(copy_of, source, resource, change)
    after = rebuilt(copy_of, monkeypatch)
    moved = {table for table in before if before[table] != after[table]}
    # Every fetch shows in source_freshness, whatever its bytes say.
    assert moved == dependents | {"source_freshness"}


def test_a_fail_keeps_the_last_release_and_the_next_good_run_recovers(copy_of: Path) -> None:
    """A whole node's price in the column per accelerator passes types and bounds of the wire, but not the world.

    The good run afterwards meets a source that could not be fetched: it goes on with the last good bytes and says so.
    """
    served = copy_of / "serving" / "gigawatch.duckdb"
    before = table_hashes(served)

    def per_node(rows: list[Row]) -> None:
        row = next(
            row
            for row in rows
            if row["accelerator_id"] == "h100-sxm" and row["purchase_model"] == "on_demand"
            and row["price_basis"] == "list" and not row["quality_flag"] and float(row["accelerator_count"]) == 8
        )  # fmt: skip
        row["price_usd_per_hour"] = str(float(row["price_usd_per_hour"]) * 8)
        row["price_usd_per_accelerator_hour"] = str(float(row["price_usd_per_accelerator_hour"]) * 8)

    edit(copy_of, "evidence", "cloud_prices", per_node)
    broken = refresh(copy_of)
    assert broken.returncode == 1
    assert "an H100 on demand has been listed between 1 and 20 USD an hour" in broken.stderr
    assert "stg_evidence__cloud_prices" in broken.stderr
    assert table_hashes(served) == before
    failures = (copy_of / "reports" / "failures.log").read_text()
    assert "is still served, unchanged" in failures

    archive = Archive(copy_of / "archive")
    good = min(archive.fetches("evidence", "cloud_prices"), key=lambda fetch: fetch.attempted_at)
    archive.record(good.model_copy(update={"attempted_at": good.attempted_at + timedelta(hours=2)}))
    archive.record(
        Fetch(
            source="epoch_data_centers", resource="data_center_timelines", url="http://127.0.0.1:9/",
            attempted_at=datetime(2026, 11, 22, 12, tzinfo=UTC), outcome="failed", error="connection refused",
            vintage_kind="bundled",
        )
    )  # fmt: skip
    recovered = refresh(copy_of)
    assert recovered.returncode == 0, recovered.stdout[-3000:] + recovered.stderr[-3000:]
    after = table_hashes(served)
    assert {table for table in before if before[table] != after[table]} == {"source_freshness", "validation_results"}
    with duckdb.connect(str(served), read_only=True) as con:
        status, error, loaded = con.execute(
            "select freshness_status, last_error, n_rows_loaded from marts.source_freshness "
            "where source = 'epoch_data_centers' and resource = 'data_center_timelines'"
        ).fetchone()
    assert (status, error) == ("failed", "connection refused")
    assert loaded > 0


def test_releases_carry_a_manifest_and_parquet(refreshed: Path) -> None:
    (folder,) = (refreshed / "serving" / "releases").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["release_id"] == folder.name
    with duckdb.connect(str(refreshed / "serving" / "gigawatch.duckdb"), read_only=True) as con:
        for table in manifest["tables"]:
            rows = con.execute(f'select count(*) from {table["schema"]}."{table["table"]}"').fetchone()[0]
            assert rows == table["rows"] + table["rows_withheld"]
            assert con.execute(f"select count(*) from '{folder / table['file']}'").fetchone()[0] == table["rows"]


def test_the_unit_tests_of_the_sql_models(copy_of: Path) -> None:
    """dbt's unit tests check code, not data: the daily build leaves them out, so they run here."""
    done = dbt(copy_of, "test", "--select", "test_type:unit")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "WARN=0 ERROR=0 SKIP=0" in done.stdout
    assert int(done.stdout.rsplit("PASS=", 1)[1].split()[0]) >= 15
