"""What is bundled of Epoch's accelerators states what the real table states."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from settings import REPO

FILE = REPO / "ingest" / "sources" / "epoch_ml_hardware" / "sample" / "2026-01-14" / "ml_hardware.csv"
SAMPLE = REPO.parent / "shared" / "samples" / "epoch_ml_hardware" / "ml_hardware.csv"  # not part of the repository


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["Hardware name"]: row for row in csv.DictReader(file)}


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payload is not part of the repository")
def test_every_cell_that_is_filled_is_as_the_real_table_prints_it() -> None:
    real = rows_of(SAMPLE)
    for name, row in rows_of(FILE).items():
        for column, value in row.items():
            if column.endswith(("(FLOP/s)", "(bytes)", "(byte/s)", "(W)")) and value:
                assert float(value) == pytest.approx(float(real[name][column]), rel=0.002), (name, column)
            else:
                assert value in ("", real[name][column]), (name, column)


def test_si_units_and_empty_cells() -> None:
    rows = rows_of(FILE)
    assert float(rows["Amazon Trainium2"]["Memory bandwidth (byte/s)"]) == 2.9e12
    assert float(rows["Amazon Trainium2"]["Tensor-FP16/BF16 performance (FLOP/s)"]) == 667e12
    assert rows["Amazon Trainium3"]["Memory (bytes)"] == ""
    assert float(rows["Amazon Trainium1"]["Memory bandwidth (byte/s)"]) == 9.8e12  # as printed; quarantined by a rule
