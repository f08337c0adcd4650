"""Epoch's accelerators over HTTP: implausible figures are set aside, real ones load."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from settings import REPO

FILE = REPO / "ingest" / "sources" / "epoch_ml_hardware" / "sample" / "2026-01-14" / "ml_hardware.csv"
SAMPLE = REPO.parent / "shared" / "samples" / "epoch_ml_hardware" / "ml_hardware.csv"  # not part of the repository
PATH = "/data/ml_hardware.csv"
BUNDLED_OUTLIERS = {
    "Amazon Trainium1": "memory_bandwidth_per_flop", "MetaX MXC500 (OAM)": "memory_bandwidth_per_flop",
    "Tesla D1 Dojo": "memory_bandwidth_of_its_time",
}  # fmt: skip


def held_back(feed: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Fetch and load; the live report, and rule by chip."""
    (came,) = feed.fetch()
    (report,) = [report for report in feed.load() if report["sha256"] == came.sha256]
    query = """select row_json ->> '$."Hardware name"', rule from raw.quarantine where sha256 = ?"""
    return report, dict(feed.rows(query, [report["sha256"]]))


def changed(name: str, **cells: str) -> bytes:
    with FILE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    next(line for line in lines if line["Hardware name"] == name).update(cells)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def test_the_figure_of_an_instance_is_not_taken_for_a_chips(play) -> None:
    feed = play("epoch_ml_hardware")
    report, rules = held_back(feed)
    assert [path for _, path, _, _ in feed.requests] == [PATH]
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("loaded", 77, 74)
    assert rules == BUNDLED_OUTLIERS


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"Memory (bytes)": "96"}, "min:Memory (bytes)"),
        ({"Memory bandwidth (byte/s)": "2900"}, "min:Memory bandwidth (byte/s)"),
        ({"Memory bandwidth (byte/s)": "4.64e13"}, "memory_bandwidth_per_flop"),  # 16 chips
        ({"Tensor-FP16/BF16 performance (FLOP/s)": "667"}, "min:Tensor-FP16/BF16 performance (FLOP/s)"),
        ({"FP8 performance (FLOP/s)": "333000000000000.0"}, "precision_order"),
        ({"TDP (W)": "500 W"}, "type:TDP (W)"),
        ({"Release date": "3/12/2024"}, "type:Release date"),
    ],
)
def test_a_planted_error_is_set_aside(play, cells: dict[str, str], rule: str) -> None:
    feed = play("epoch_ml_hardware", [{"path": PATH, "body": changed("Amazon Trainium2", **cells)}])
    report, rules = held_back(feed)
    assert report["status"] == "loaded"
    assert rules == BUNDLED_OUTLIERS | {"Amazon Trainium2": rule}


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payload is not part of the repository")
def test_the_real_table_fits_the_contract(play) -> None:
    report, rules = held_back(play("epoch_ml_hardware", [{"path": PATH, "file": str(SAMPLE)}]))
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("loaded", 170, 165)
    assert "not in the contract" not in report["reason"]
    assert rules == BUNDLED_OUTLIERS | {
        "MetaX MXC500 (PCIe)": "memory_bandwidth_per_flop",
        "AMD Radeon Instinct MI308X": "memory_bandwidth_of_its_time",  # has 5.3 TB/s
    }
