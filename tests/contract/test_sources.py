"""The bundled sources: contracts, sidecars, provenance, references, licences, and what the row rules catch."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import contracts, load, run
from ingest.archive import Archive, Fetch
from ingest.contracts import Resource, Source
from settings import REPO, Settings, settings

SOURCES = {source.source: source for source in contracts.load_all()}
RESOURCES = [(source, resource) for source in SOURCES.values() for resource in source.resources]
EVIDENCE = {resource.resource: resource for resource in SOURCES["evidence"].resources}
SAMPLES = REPO.parent / "shared" / "samples"  # real payloads, not part of the repository

COLLECTED_UNTIL = "2026-11-23"
PROVENANCE = [
    "source_url", "publisher", "published_date", "known_from", "known_from_basis", "basis_class", "root_id",
    "audit_flag", "note",
]  # fmt: skip
FORBIDDEN = {"quote", "status_text", "description", "quoted_figure", "evidence_quote"}
UNIT_WORDS = {
    "mw", "gw", "kw", "w", "gb", "tb", "tflops", "pct", "usd", "twd", "chip", "chips", "dies", "racks", "buildings",
    "tokens", "tok", "accelerators", "share", "b", "count", "number",
}  # fmt: skip
# value/low/high take their unit from a unit or metric column; the others are counts or ratios by their name
UNITLESS = {"value", "low", "high", "n", "latitude", "longitude", "concurrency", "mfu", "units_per"}


def table(name: str) -> list[dict[str, str]]:
    with (SOURCES["evidence"].folder / "sample" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ids(pairs: list[tuple[Source, Resource]]) -> list[str]:
    return [f"{source.source}.{resource.resource}" for source, resource in pairs]


# --- contracts and sidecars


def test_the_sources_cover_their_domains() -> None:
    assert set(SOURCES) == {
        "evidence",
        "twse_monthly_revenue", "tpex_monthly_revenue", "sec_edgar", "census_imports", "un_comtrade", "bill_of_lading",
        "epoch_data_centers", "epoch_chips", "epoch_ml_hardware", "compute_atlas", "osm_overpass", "eia_860m",
        "sentinel2_scenes",
        "aws_price_list", "aws_capacity_blocks", "azure_retail_prices", "skypilot_catalog", "openrouter_models",
        "litellm_model_prices", "vastai_offers", "eia_electricity", "forecasts_volumes", "forecasts_capacity",
    }  # fmt: skip
    assert {resource.domain for resource in EVIDENCE.values()} == set(contracts.DOMAINS)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_source_says_who_and_under_which_licence(source: Source) -> None:
    assert source.publisher
    assert source.title
    assert source.cadence
    assert source.robots
    assert source.licence.attribution
    if source.base_url:
        assert source.landing_page
        assert source.licence.url


def test_creative_commons_publishers_are_credited() -> None:
    assert "Epoch AI" in SOURCES["epoch_data_centers"].licence.attribution
    for name in ("Epoch AI", "Compute Atlas", "CC BY 4.0"):
        assert name in SOURCES["evidence"].licence.attribution


@pytest.mark.parametrize(("source", "resource"), RESOURCES, ids=ids(RESOURCES))
def test_bundled_files_have_sidecars_and_fit_their_contract(source: Source, resource: Resource) -> None:
    if resource.inbox is None:  # what people drop has the keys and sizes it has
        assert resource.key
        assert resource.max_row_loss_pct is not None
    made_here = source.source.startswith("forecasts_")  # not collected: made again whenever an engine changes
    for file in contracts.bundled_files(source, resource):
        if not source.licence.redistributable:
            assert file.path.stat().st_size < 100_000, "the repository is public: a handful of figures, not the feed"
        assert made_here or file.sidecar.retrieved_at <= datetime.fromisoformat(COLLECTED_UNTIL).replace(tzinfo=UTC)
        assert file.sidecar.known_from <= file.sidecar.retrieved_at
        assert file.sidecar.note
        if resource.format == "csv":
            with file.path.open(encoding="utf-8-sig", newline="") as lines:
                header = next(csv.reader(lines))
            contracted = [name for column in resource.columns for name in (column.name, *column.aliases)]
            if source.source == "evidence":
                assert header == contracted
            assert set(header) <= set(contracted)
            assert not FORBIDDEN & {name.lower() for name in header}


def test_every_bundled_file_belongs_to_a_resource() -> None:
    claimed = {file.path for pair in RESOURCES for file in contracts.bundled_files(*pair)}
    sidecars = {path.with_name(path.name + ".meta.json") for path in claimed}
    for source in SOURCES.values():
        found = {path for path in (source.folder / "sample").rglob("*") if path.is_file()}
        assert found <= claimed | sidecars


@pytest.mark.parametrize("resource", EVIDENCE.values(), ids=EVIDENCE)
def test_numeric_columns_carry_their_unit(resource: Resource) -> None:
    names = {column.name for column in resource.columns}
    for column in resource.columns:
        if column.type not in ("double", "bigint"):
            continue
        assert column.name in UNITLESS or UNIT_WORDS & set(column.name.split("_")), column.name
        assert column.name != "capacity_mw"
        if column.name in ("value", "low", "high"):
            assert names & {"unit", "metric"}


# --- provenance


@pytest.mark.parametrize("name", EVIDENCE)
def test_every_evidence_row_says_where_from_and_since_when(name: str) -> None:
    assert [column.name for column in EVIDENCE[name].columns][-len(PROVENANCE) :] == PROVENANCE
    day = re.compile(r"\d{4}-\d\d-\d\d")
    for row in table(name):
        assert row["source_url"]
        assert row["publisher"]
        assert row["root_id"]
        assert row["known_from_basis"]
        assert day.fullmatch(row["known_from"])
        assert row["known_from"] <= COLLECTED_UNTIL
        assert day.fullmatch(row["published_date"])
        assert row["published_date"] <= row["known_from"]
        assert row["basis_class"] in ("sourced", "derived", "recall")
        is_public = re.match(r"https?://|repo:|github:|epoch-research/", row["source_url"])
        assert is_public or row["audit_flag"], row
        assert row["basis_class"] != "recall" or row["audit_flag"], row


def test_recall_fields_name_columns_of_their_table() -> None:
    for name in ("accelerators", "systems"):
        columns = {column.name for column in EVIDENCE[name].columns}
        for row in table(name):
            assert set(filter(None, row["recall_fields"].split(";"))) <= columns | {"all"}


def test_publishers_who_forbid_redistribution_are_absent() -> None:
    for source, resource in RESOURCES:
        for file in contracts.bundled_files(source, resource):
            text = file.path.read_bytes().lower()
            assert not [name for name in (b"ornn", b"finmind") if name in text], file.path


# --- references


def test_campuses_resolve() -> None:
    campuses = {row["campus_id"]: row["known_from"] for row in table("campuses")}
    for name in ("tenancies", "buildings", "status_observations", "site_names", "deals"):
        assert {row["campus_id"] for row in table(name)} - {""} <= set(campuses), name
    assert {row["related_campus_id"] for row in table("campuses")} - {""} <= set(campuses)
    for name in ("tenancies", "buildings", "site_names"):
        for row in table(name):
            assert row["known_from"] >= campuses[row["campus_id"]], "known before its campus is"


def test_buildings_and_accelerators_resolve() -> None:
    buildings = {row["building_id"] for row in table("buildings")}
    assert {row["building_id"] for row in table("status_observations")} - {""} <= buildings
    accelerators = {row["accelerator_id"] for row in table("accelerators")}
    for name, resource in EVIDENCE.items():
        if "accelerator_id" in {column.name for column in resource.columns}:
            assert {row["accelerator_id"] for row in table(name)} - {""} <= accelerators, name
    systems = table("systems")
    assert {row["alias_of_system_id"] for row in systems} - {""} <= {row["system_id"] for row in systems}


def test_every_site_name_of_every_vintage_resolves() -> None:
    names = {row["site_name"]: row["known_from"] for row in table("site_names")}
    resource = next(r for r in SOURCES["epoch_data_centers"].resources if r.resource == "data_center_timelines")
    files = contracts.bundled_files(SOURCES["epoch_data_centers"], resource)
    assert len(files) == 11
    for file in files:
        with file.path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                assert names[row["Data center"]] <= f"{file.sidecar.known_from:%Y-%m-%d}"


def test_at_least_fifty_nvidia_systems() -> None:
    assert sum(row["vendor"] == "Nvidia" for row in table("systems")) >= 50


# --- what was known when


def tenants(campus_id: str, as_of: str, on: str) -> dict[str, tuple[float, float]]:
    """Lab -> (share_low, share_high) of a campus on a day, with what was known as of another."""
    latest: dict[str, dict[str, str]] = {}
    for row in sorted(table("tenancies"), key=lambda row: row["known_from"]):
        if row["campus_id"] == campus_id and row["known_from"] <= as_of:
            latest[row["tenancy_id"]] = row
    return {
        row["lab"]: (float(row["share_low"]), float(row["share_high"]))
        for row in latest.values()
        if (row["valid_from"] or "0") <= on <= (row["valid_to"] or "9")
    }


def test_colossus_1_changes_hands_and_nobody_knew_before() -> None:
    assert set(tenants("colossus-1", "2026-04-30", "2026-09-30")) == {"xAI / SpaceXAI"}
    assert set(tenants("colossus-1", "2026-05-06", "2026-05-31")) == {"xAI / SpaceXAI"}
    assert set(tenants("colossus-1", "2026-05-06", "2026-06-01")) == {"Anthropic"}


def test_shares_of_a_campus_never_exceed_one() -> None:
    rows = table("tenancies")
    for campus_id in {row["campus_id"] for row in rows}:
        for as_of in {row["known_from"] for row in rows}:
            for on in ("2025-12-31", "2026-05-31", "2026-06-30", "2026-09-30", "2026-12-31", "2028-12-31"):
                assert sum(high for _, high in tenants(campus_id, as_of, on).values()) < 1.0001, (campus_id, as_of, on)


def test_tracked_campuses_carry_no_plan_that_a_vintage_would_date() -> None:
    for row in table("campuses"):
        if row["is_tracked_by_epoch"] == "true":
            assert not (row["planned_it_capacity_mw"])
            assert not (row["planned_facility_capacity_mw"])
            assert not (row["status_class"])


def test_the_twin_entry_of_colossus_2_has_no_megawatts() -> None:
    (row,) = [row for row in table("campuses") if row["campus_id"] == "xai-southaven-ms"]
    assert row["related_campus_id"] == "colossus-2"
    assert "never sum" in row["audit_flag"]
    assert not row["planned_it_capacity_mw"]
    assert not row["planned_facility_capacity_mw"]


# --- loading


class Raw:
    """A raw store of its own, loaded content by content."""

    def __init__(self) -> None:
        self.settings = settings()
        self.con = load.connect(self.settings)

    def load(self, source: str, resource: str, data: bytes, known_from: str = "2026-11-22") -> dict[str, Any]:
        """Archive bytes as if fetched on a day, load them, return the report with the rules that held rows back."""
        archive, moment = Archive(self.settings.archive_dir), datetime.fromisoformat(known_from).replace(tzinfo=UTC)
        sha256, size = archive.put(source, resource, [data])
        archive.record(
            Fetch(
                source=source,
                resource=resource,
                url=None,
                attempted_at=moment,
                outcome="fetched",
                sha256=sha256,
                bytes=size,
                known_from=moment,
                known_from_basis="test",
                vintage_kind="bundled",
            )
        )
        (domain,) = {r.domain for r in SOURCES[source].resources if r.resource == resource}
        reports = load.load_source(self.con, self.settings, source, domain)
        (report,) = [report for report in reports if report["sha256"] == sha256]
        rules = self.con.execute("SELECT rule FROM raw.quarantine WHERE sha256 = ?", [sha256])
        return report | {"rules": dict(Counter(rule for (rule,) in rules.fetchall()))}


@pytest.fixture(scope="module")
def empty_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw store with all contracted tables and no content, made once."""
    home = Settings(home=tmp_path_factory.mktemp("empty"))
    with load.connect(home) as con:
        load.prepare(con, home)
    return home.raw_db


@pytest.fixture
def raw(home: Path, empty_raw: Path) -> Iterator[Raw]:
    settings().raw_db.parent.mkdir(parents=True)
    shutil.copy(empty_raw, settings().raw_db)
    store = Raw()
    yield store
    store.con.close()


def test_the_whole_bundle_loads_and_only_known_wire_errors_are_held_back(home: Path) -> None:
    reports = []
    for domain in contracts.DOMAINS:
        for source in run.sources_in(domain):
            run.fetch_source(source, domain)
        reports += run.load_domain(domain)
    assert {report["status"] for report in reports} == {"loaded"}
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{settings().raw_db}' AS rawdb (READ_ONLY)")
        held_back = con.execute("SELECT source, rule, count(*) FROM rawdb.raw.quarantine GROUP BY ALL").fetchall()
    # figures of a server or a wafer in a table of chips (Trainium1 among them); four litellm entries of 2025 whose
    # input and output prices are swapped, mistyped or per character
    assert sorted(held_back) == [
        ("epoch_ml_hardware", "memory_bandwidth_of_its_time", 1),
        ("epoch_ml_hardware", "memory_bandwidth_per_flop", 2),
        ("litellm_model_prices", "output_below_input", 4),
    ]
    assert sum(report["rows_in"] for report in reports) > 19_000


def newest(source: str, resource: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the newest bundled CSV of a resource."""
    (match,) = [r for r in SOURCES[source].resources if r.resource == resource]
    text = contracts.bundled_files(SOURCES[source], match)[-1].path.read_text(encoding="utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return header, rows


def as_csv(header: list[str], rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue().encode()


# resource -> (which row to break: column = value, cells to set, rule that must catch it)
PLANTED: dict[tuple[str, str], list[tuple[dict[str, str], dict[str, str], str]]] = {
    ("evidence", "cloud_prices"): [
        ({}, {"price_usd_per_hour": "USD"}, "type:price_usd_per_hour"),
        ({}, {"price_usd_per_hour": "-1"}, "min:price_usd_per_hour"),
        ({}, {"price_usd_per_hour": "0", "price_usd_per_accelerator_hour": "0"}, "zero_price"),
        ({"accelerator_count": "8.0"}, {"accelerator_count": "1"}, "price_per_accelerator"),
    ],
    ("evidence", "buildings"): [
        ({}, {"it_capacity_mw": "30000"}, "max:it_capacity_mw"),
        ({"audit_flag": ""}, {"it_capacity_mw": "90", "facility_capacity_mw": "50"}, "facility_below_it"),
        ({"operational_kind": "observed_or_confirmed"}, {"operational_date": "2027-01-01"}, "operating_before_known"),
        ({"operational_kind": "model_estimate"}, {"roof_complete_seen_date": "2027-01-01"}, "stage_seen_after_known"),
    ],
    ("evidence", "campuses"): [
        ({"is_tracked_by_epoch": "true"}, {"planned_it_capacity_mw": "900"}, "later_knowledge"),
        ({"is_tracked_by_epoch": "false"}, {"latitude": "190"}, "max:latitude"),
    ],
    ("evidence", "status_observations"): [
        ({"evidence_kind": "satellite"}, {"observed_date": "2027-01-01"}, "seen_after_known"),
        ({"evidence_kind": "permit"}, {"observed_date": "2027-01-01"}, "seen_after_known"),
        ({"evidence_kind": "company_statement"}, {"observed_date": "2027-01-01"}, "seen_after_known"),
        ({"metric": "it_power_mw"}, {"value": "910000"}, "megawatt_range"),
        ({}, {"status": "half built"}, "allowed:status"),
    ],
    ("evidence", "tenancies"): [
        ({}, {"share_low": "1", "share_high": "0.5"}, "share_reversed"),
        ({}, {"share_high": "90"}, "max:share_high"),
        ({}, {"valid_from": "2026-06-01", "valid_to": "2026-05-31"}, "period_reversed"),
    ],
    ("evidence", "volume_estimates"): [
        ({}, {"low": "2", "value": "1", "high": "1"}, "range_reversed"),
        ({}, {"low": "1", "value": "3", "high": "2"}, "value_outside_range"),
        ({"period_type": "year"}, {"period_type": "quarter"}, "quarter_length"),
    ],
    ("evidence", "effective_flops"): [
        ({"precision": "bf16"}, {"mfu_bf16_peak_pct": "140"}, "bf16_run_above_peak"),
        ({}, {"mfu_used_precision_peak_pct": "140"}, "max:mfu_used_precision_peak_pct"),
        ({}, {"mfu_used_precision_peak_pct": "-3"}, "min:mfu_used_precision_peak_pct"),
    ],
    ("evidence", "accelerators"): [
        (
            {"accelerator_id": "h100-sxm"},
            {"dense_fp16_tflops": "1979", "dense_fp8_tflops": "1000"},
            "precision_order",
        ),
    ],
    ("evidence", "systems"): [
        ({"system_id": "gb200-nvl72"}, {"it_power_kw": "132000"}, "max:it_power_kw"),
        ({"chips_per_system": "8"}, {"it_power_kw": "10200"}, "watts_per_chip"),
    ],
    ("evidence", "opex_parameters"): [({"unit": "USD/kWh"}, {"value": "13.2"}, "power_price")],
    ("evidence", "throughput"): [({"isl_tokens": "1024"}, {"input_tok_per_s_chip": "90000"}, "token_sum")],
    ("evidence", "supplier_monthly_revenue"): [({}, {"revenue_month": "2026-12"}, "known_before_month_end")],
    ("evidence", "quarterly_financials"): [
        ({"metric": "total revenue"}, {"quarter_end_date": "2027-03-31"}, "reported_before_quarter_end"),
    ],
    ("evidence", "accelerator_labels"): [({"mapping_rule": "mapped"}, {"accelerator_id": ""}, "mapped_without_id")],
    ("evidence", "deals"): [
        ({}, {"known_from": ""}, "not_null:known_from"),
        ({}, {"known_from": "2026-10"}, "type:known_from"),
        ({}, {"published_date": "2027-01-01"}, "published_after_known"),
        ({}, {"basis_class": "recall", "audit_flag": ""}, "recall_unflagged"),
        ({}, {"basis_class": "rumour"}, "allowed:basis_class"),
    ],
    ("epoch_data_centers", "data_center_timelines"): [
        ({}, {"Power (MW)": "10", "IT power (MW)": "20"}, "facility_below_it"),
        ({}, {"Power (MW)": "500", "IT power (MW)": "20"}, "facility_above_twice_it"),
        ({}, {"Power (MW)": "10", "H100 equivalents": "900000"}, "h100_per_facility_mw"),
        ({}, {"Date": "4/1/2024"}, "type:Date"),
        ({}, {"Power (MW)": "-1"}, "min:Power (MW)"),
    ],
    ("twse_monthly_revenue", "t187ap05_l"): [
        ({}, {"資料年月": "202508"}, "period_format"),
        ({}, {"資料年月": "11509"}, "period_not_over"),
        ({}, {"出表日期": "2026-09-10"}, "report_date_format"),
        ({}, {"營業收入-當月營收": "1,234"}, "type:營業收入-當月營收"),
        ({"公司代號": "2330"}, {"營業收入-當月營收": "144000"}, "yoy_contradicts_amounts"),
    ],
    ("skypilot_catalog", "nebius_vms"): [
        ({}, {"Price": "0"}, "zero_price"),
        ({"SpotPrice": "1.25"}, {"SpotPrice": "125"}, "spot_above_on_demand"),
        ({"AcceleratorCount": "1.0"}, {"Price": "2150", "SpotPrice": ""}, "price_per_accelerator"),
    ],
}
PLANTS = [(*resource, *plant) for resource, plants in PLANTED.items() for plant in plants]


@pytest.mark.parametrize(
    ("source", "resource", "where", "cells", "rule"), PLANTS, ids=[f"{p[1]}-{p[4]}" for p in PLANTS]
)
def test_a_planted_error_is_caught_by_its_rule_and_the_rest_loads(
    raw: Raw, source: str, resource: str, where: dict[str, str], cells: dict[str, str], rule: str
) -> None:
    header, rows = newest(source, resource)
    broken = next(row for row in rows if all(row[header.index(name)] == value for name, value in where.items()))
    for name, value in cells.items():
        broken[header.index(name)] = value
    report = raw.load(source, resource, as_csv(header, rows))
    assert (report["status"], report["rules"]) == ("loaded", {rule: 1})
    assert report["rows_loaded"] == len(rows) - 1


def test_a_web_page_is_rejected_whole(raw: Raw) -> None:
    report = raw.load("twse_monthly_revenue", "t187ap05_l", b"<!DOCTYPE html><html><body>busy</body></html>")
    assert report["status"] == "rejected"
    assert "wrong_content" in report["reason"]


@pytest.mark.parametrize("data", [b"[]", b"<html>", b'{"a": 1}', b'{"a": {'])
def test_prices_that_are_not_an_object_of_objects_are_rejected(raw: Raw, data: bytes) -> None:
    report = raw.load("litellm_model_prices", "model_prices", data)
    assert report["status"] == "rejected"
    assert "wrong_content" in report["reason"]


# --- the contracts on real payloads, where these are at hand

REAL = [
    *(("epoch_data_centers", "data_center_timelines", f"epoch_data_centers/v{day}/data_center_timelines.csv")
      for day in ("2025-12-13", "2026-01-03", "2026-04-03", "2026-05-23", "2026-07-07", "2026-08-03", "2026-08-20")),
    ("twse_monthly_revenue", "t187ap05_l", "twse_openapi/t187ap05_L.csv"),
    ("skypilot_catalog", "aws_vms", "skypilot_catalog/aws_vms_v8_trn_rows.transcribed.csv"),
    ("litellm_model_prices", "model_prices", "litellm_model_prices.json.gz"),
]  # fmt: skip
REAL_ERRORS = {  # prices per thousand or per character read as per token, and swapped ones
    "litellm_model_prices.json.gz": {
        "output_below_input": 2, "max:input_cost_per_token": 1, "max:output_cost_per_token": 1,
    },
}  # fmt: skip


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")
@pytest.mark.parametrize(("source", "resource", "file"), REAL, ids=[item[2] for item in REAL])
def test_real_payloads_fit_the_contract(raw: Raw, source: str, resource: str, file: str) -> None:
    data = (SAMPLES / file).read_bytes()
    report = raw.load(source, resource, gzip.decompress(data) if file.endswith(".gz") else data)
    assert report["status"] == "loaded"
    assert "not in the contract" not in (report["reason"] or "")
    assert report["rules"] == REAL_ERRORS.get(file, {})


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")
def test_no_bundled_file_is_a_copy_of_a_real_payload() -> None:
    real = {hashlib.sha256(path.read_bytes()).digest() for path in SAMPLES.rglob("*") if path.is_file()}
    for pair in RESOURCES:
        for file in contracts.bundled_files(*pair):
            assert hashlib.sha256(file.path.read_bytes()).digest() not in real
