"""What is bundled of Epoch's chip estimates states what the real exports state."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from settings import REPO

SOURCE = REPO / "ingest" / "sources" / "epoch_chips" / "sample"
SAMPLES = REPO.parent / "shared" / "samples" / "epoch_ai_chip_counts"  # real payloads, not part of the repository
REAL = {
    "2026-04-03/sales_timelines_by_chip.csv": [
        "trainium_chip_timelines", "nvidia_calendar_quarter_chip_timelines", "tpu_calendar_quarter_chip_timelines",
        "amd_chip_timelines",
    ],
    "2026-03-31/sales_cumulative_by_chip.csv": ["trainium_cumulative_by_chip"],
    "2026-03-31/sales_cumulative_by_designer.csv": ["trainium_cumulative_totals"],
    "2026-03-31/owners_quarters_by_chip_type.csv": ["trainium_owners_quarters_by_chip"],
}  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")
@pytest.mark.parametrize(("file", "names"), REAL.items())
def test_every_cell_that_is_filled_is_as_the_real_export_prints_it(file: str, names: list[str]) -> None:
    real = {row["Name"]: row for name in names for row in rows_of(SAMPLES / f"{name}.csv")}
    ours = rows_of(SOURCE / file)
    assert {row["Name"] for row in ours} == set(real)
    for row in ours:
        filled = {name: value for name, value in row.items() if value}
        assert filled == {name: real[row["Name"]][name] for name in filled}
        assert {"Start date", "End date", "Number of Units", "Notes"} <= set(filled)


def test_dates_are_month_day_year() -> None:
    rows = rows_of(SOURCE / "2026-04-03/sales_timelines_by_chip.csv")
    (row,) = [row for row in rows if row["Name"] == "Q4 2025 - Trainium2"]
    assert (row["Start date"], row["End date"], row["Number of Units"]) == ("10/1/2025", "12/31/2025", "335000")
