"""What is bundled of Epoch's data centres states what the real files state."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from settings import REPO

SOURCE = REPO / "ingest" / "sources" / "epoch_data_centers"
SAMPLES = REPO.parent / "shared" / "samples" / "epoch_data_centers"  # real payloads, not part of the repository
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@needs_samples
@pytest.mark.parametrize("vintage", ["2026-01-03", "2026-05-23", "2026-07-07", "2026-08-20"])
def test_the_rebuilt_sites_state_what_the_real_ones_state(vintage: str) -> None:
    ours, real = (rows_of(root / f"v{vintage}" / "data_centers.csv") for root in (SOURCE / "sample", SAMPLES))
    key = "Handle" if "Handle" in real[0] else "Name"
    named = {row[key]: row for row in real}
    assert {row[key] for row in ours} == set(named)
    for row in ours:
        theirs = named[row[key]]
        assert float(row["Current power (MW)"]) == pytest.approx(float(theirs["Current power (MW)"] or 0), abs=0.6)
        h100 = float(theirs["Current H100 equivalents"] or 0)
        assert float(row["Current H100 equivalents"]) == pytest.approx(h100, rel=0.01, abs=1)
        assert sorted(row["Users"].split(", ")) in (sorted(theirs["Users"].split(", ")), [""])


@needs_samples
def test_the_rebuilt_chip_quantities_are_rows_of_the_real_ones() -> None:
    file = "v2026-08-20/data_center_chip_quantities.csv"
    real = {row["Handle"]: row for row in rows_of(SAMPLES / file)}
    ours = rows_of(SOURCE / "sample" / file)
    assert len(ours) == 209
    for row in ours:
        theirs = real[row["Handle"]]
        assert (row["Data center"], row["Date"], row["Chip type"]) == (
            theirs["Data center"], theirs["Date"], theirs["Chip type"],
        )  # fmt: skip
        assert float(row["Number of Units"]) == pytest.approx(float(theirs["Number of Units"]), abs=0.6)
        assert row["Number of Units source"] in ("", theirs["Number of Units source"])
