"""Mistakes of prices, specifications and costs, planted in the bytes of the evidence: each meets its own rule."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import contracts, run
from settings import REPO, settings
from tests.integration.dbt import small

SOURCES = REPO / "ingest" / "sources"
Cells = dict[str, str]

# Wrong by itself, so held back: resource, cells of the row that is copied, cells changed in the copy, the rule.
HELD_BACK: list[tuple[str, Cells, Cells, str]] = [
    ("throughput", {"record_kind": "training_mfu"}, {"mfu": "1.3", "mfu_basis": "as published"},
     "mfu_above_peak_unexplained"),
    ("effective_flops", {"effective_flops_id": "E001"}, {"precision": "unstated", "mfu_bf16_peak_pct": "130"},
     "mfu_above_peak_unexplained"),
    ("accelerators", {"accelerator_id": "h100-pcie"}, {"dense_fp8_tflops": "3958"}, "sparse_in_dense_column"),
    ("accelerators", {"accelerator_id": "gb200"}, {"dense_fp4_tflops": "20000"}, "sparse_in_dense_column"),
    ("cloud_prices", {"instance_type": "p5.48xlarge"}, {"price_usd_per_accelerator_hour": "55.04"},
     "price_per_accelerator"),
    ("cloud_prices", {"provider": "OVHcloud"}, {"note": "list price in EUR"}, "currency_not_usd"),
    ("opex_parameters", {"unit": "USD/kW-month"}, {"unit": "EUR/kW-month"}, "currency_not_usd"),
    ("opex_parameters", {"parameter": "depreciation_life"}, {"value": "-5", "low": "", "high": ""},
     "life_not_positive"),
    ("published_tco", {"metric": "own TCO"}, {"unit": "EUR/GPU-hour"}, "currency_not_usd"),
    ("published_tco", {"evidence_basis": "placeholder"}, {"evidence_basis": "published_estimate"},
     "placeholder_as_estimate"),
]  # fmt: skip
HERE = {"provider": "AWS", "region": "planted", "instance_type": "p5.48xlarge", "accelerator_id": "h100-sxm"}
H100 = {"provider": "AWS", "instance_type": "p5.48xlarge", "purchase_model": "on_demand"}
# Wrong beside other rows only, so flagged: the same; the rule None is the row beside them, which stays without a flag.
FLAGGED: list[tuple[str, Cells, Cells, str | None]] = [
    ("cloud_prices", H100, HERE | {"price_usd_per_hour": "55.04", "price_usd_per_accelerator_hour": "6.88"}, None),
    ("cloud_prices", H100, HERE | {
        "purchase_model": "spot", "price_usd_per_hour": "64", "price_usd_per_accelerator_hour": "8",
     }, "spot_above_on_demand"),
    ("cloud_prices", H100, HERE | {
        "region": "planted too", "accelerator_count": "1",
        "price_usd_per_hour": "110", "price_usd_per_accelerator_hour": "110",
     }, "machine_price_as_accelerator_price"),
    ("published_tco", {"evidence_basis": "placeholder"}, {
        "evidence_basis": "published_estimate", "audit_flag": "", "note": "", "inputs_stated": "",
     }, "placeholder_1_2x"),
    ("throughput", {"record_kind": "training_mfu"}, {"mfu": "1.3", "mfu_basis": "FP8 run / BF16 dense peak"},
     "mfu_above_bf16_peak"),
]  # fmt: skip


def key_of(name: str) -> str:
    evidence = next(source for source in contracts.load_all(SOURCES) if source.source == "evidence")
    (key,) = next(resource for resource in evidence.resources if resource.resource == name).key
    return key


def plant(folder: Path, name: str, like: Cells, cells: Cells, key: str) -> None:
    """Append a copy of the first row with these cells, under a key of its own and with other cells changed."""
    path = folder / "sample" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    row = next(row for row in rows if like.items() <= row.items()) | {key_of(name): key} | cells
    text = io.StringIO(newline="")
    csv.DictWriter(text, list(row), lineterminator="\n").writerow(row)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """All sources, the evidence a copy that may be spoilt."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for source in SOURCES.iterdir():
        if source.name == "evidence":
            shutil.copytree(source, folder / "evidence")
        elif source.is_dir():
            (folder / source.name).symlink_to(source)
    return folder


def load(sources: Path, *names: str) -> None:
    for name in names:
        run.fetch_source(name, "pricing", "bundled", sources)
    run.load_domain("pricing", sources)


def raw_rows(query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        con.execute(f"attach '{settings().raw_db}' as rawdb (read_only)")
        con.execute("use rawdb")
        return con.execute(query, parameters).fetchall()


def test_what_is_wrong_by_itself_is_held_back(home: Path, sources: Path) -> None:
    for number, (name, like, cells, _) in enumerate(HELD_BACK):
        plant(sources / "evidence", name, like, cells, f"planted-{number}-")
    load(sources, "evidence")
    for number, (name, _, _, rule) in enumerate(HELD_BACK):
        key = f"planted-{number}-"
        held = raw_rows(
            'select source, resource, rule, "row" > 0 from raw.quarantine where row_json::varchar like ?',
            [f"%{key}%"],
        )
        assert held == [("evidence", name, rule, True)], key
        assert raw_rows(f'select 1 from raw."evidence__{name}" where "{key_of(name)}" = ?', [key]) == []
    # Nothing but what was planted: the rules hold back no figure of the house.
    assert raw_rows("select count(*) from raw.quarantine where resource in (select unnest(?))", [
        [name for name, *_ in HELD_BACK]
    ]) == [(len(HELD_BACK),)]  # fmt: skip


def test_what_is_wrong_beside_other_rows_is_flagged(home: Path, sources: Path) -> None:
    for number, (name, like, cells, _) in enumerate(FLAGGED):
        plant(sources / "evidence", name, like, cells, f"planted-{number}-")
    load(
        sources,
        "evidence",
        "skypilot_catalog",
        "aws_price_list",
        "aws_capacity_blocks",
        "azure_retail_prices",
        "vastai_offers",
        "epoch_ml_hardware",
    )
    with small.build(
        home, "2026-11-22", "run", "--select", "+quality_flags", "+int_rental_prices__comparable"
    ) as built:
        found = small.rows(
            built, "select row_id, resource, rule from marts.quality_flags where row_id like 'planted-%' order by 1"
        )
        assert found == [
            (f"planted-{number}-", name, rule) for number, (name, _, _, rule) in enumerate(FLAGGED) if rule
        ]
        kept = small.rows(
            built, "select series_id from intermediate.int_rental_prices__comparable where series_id like 'planted%'"
        )
        assert kept == [("planted | (region) | p5.48xlarge | on_demand",)], "a flagged price is in no margin"
