"""Epoch's chip estimates over HTTP: flat files and zips, dates that cannot be misread, real exports."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from settings import REPO

SOURCE = REPO / "ingest" / "sources" / "epoch_chips"
SAMPLES = REPO.parent / "shared" / "samples" / "epoch_ai_chip_counts"  # real payloads, not part of the repository
SALES = "/data/ai_chip_sales_timelines_by_chip.csv"
SALES_ZIP, OWNERS_ZIP = "/data/ai_chip_sales.zip", "/data/ai_chip_owners.zip"
USERS = "/data/ai_chip_users_year_end_by_lab.csv"


def sales(row: int = 0, **cells: str) -> bytes:
    """The newest bundled quarters, with cells of one row overwritten."""
    with (SOURCE / "sample/2026-04-03/sales_timelines_by_chip.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    lines[row] |= cells
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for name, data in members.items():
            book.writestr(f"{name}.csv", data)
    return out.getvalue()


def live(feed: Any) -> dict[str, dict[str, Any]]:
    """Fetch and load; the reports of what came live, by resource."""
    came = {(record.resource, record.sha256) for record in feed.fetch()}
    return {r["resource"]: r for r in feed.load() if (r["resource"], r["sha256"]) in came}


def test_each_address_is_asked_once_and_feeds_its_tables(play) -> None:
    feed = play("epoch_chips")
    reports = live(feed)
    assert sorted(path for _, path, _, _ in feed.requests) == sorted([SALES, SALES_ZIP, OWNERS_ZIP, USERS])
    assert {name: (report["status"], report["rows_loaded"]) for name, report in reports.items()} == {
        "sales_timelines_by_chip": ("loaded", 120),
        "sales_cumulative_by_chip": ("loaded", 16),
        "sales_cumulative_by_designer": ("loaded", 8),
        "owners_quarters_by_chip_type": ("loaded", 12),
        "owners_cumulative_by_chip_type": ("loaded", 16),
        "users_year_end_by_lab": ("loaded", 4),
    }


def test_the_other_form_of_a_release_is_read_too(play) -> None:
    """The zip where the flat file was asked for, and the flat file where the zip was."""
    flat = (SOURCE / "sample/2026-03-31/owners_quarters_by_chip_type.csv").read_bytes()
    feed = play("epoch_chips", [
        {"path": SALES, "body": zipped(timelines_by_chip=sales(), cumulative_timelines_by_chip=b"x")},
        {"path": OWNERS_ZIP, "body": flat},
    ])  # fmt: skip
    reports = live(feed)
    assert reports["sales_timelines_by_chip"]["rows_loaded"] == 120
    assert reports["owners_quarters_by_chip_type"]["rows_loaded"] == 12


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"Start date": "1/10/2025", "End date": "12/31/2025"}, "not_a_quarter"),
        ({"Start date": "1/4/2024", "End date": "30/6/2024"}, "date_form"),
        ({"Start date": "10/1/2025", "End date": "9/30/2025"}, "not_a_quarter"),
        ({"Start date": "Oct 2025"}, "date_form"),
        ({"Start date": "10/1/25"}, "date_form"),
        ({"Start date": ""}, "not_null:Start date"),
        ({"Number of Units": "1000", "Number of Units (5th percentile)": "2000"}, "percentiles_out_of_order"),
        ({"Number of Units": "335k"}, "type:Number of Units"),
        ({"Number of Units": "-1", "Number of Units (5th percentile)": "-2"}, "min:Number of Units"),
    ],
)
def test_a_row_that_could_move_a_quarter_is_set_aside(play, cells: dict[str, str], rule: str) -> None:
    feed = play("epoch_chips", [{"path": SALES, "body": sales(7, **cells)}])
    report = live(feed)["sales_timelines_by_chip"]
    assert (report["status"], report["rows_loaded"], report["rows_quarantined"]) == ("loaded", 119, 1)
    assert feed.rows("select rule from raw.quarantine") == [(rule,)]


def test_iso_dates_and_fractions_are_read(play) -> None:
    cells = {"Start date": "2025-10-01", "End date": "2025-12-31", "Number of Units": "335032.7",
             "Number of Units (5th percentile)": "285632.1", "Number of Units (95th percentile)": "388888.9",
             "Chip type": "Trainium2.5"}  # fmt: skip
    feed = play("epoch_chips", [{"path": SALES, "body": sales(7, **cells)}])
    assert live(feed)["sales_timelines_by_chip"]["rows_quarantined"] == 0


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Lab,2025,31/12/2025,1,2,3", "date_form"),
        ("Lab,2025,2023-12-31,1,2,3", "date_form"),
        ("Lab,2025,2025-12-31,1,5,3", "percentiles_out_of_order"),
        ("Lab,2025,2025-12-31,1,,3", "not_null:h100e_med"),
    ],
)
def test_labs_at_the_end_of_a_year(play, line: str, rule: str) -> None:
    good = (SOURCE / "replay/ai_chip_users_year_end_by_lab.csv").read_bytes()
    feed = play("epoch_chips", [{"path": USERS, "body": good + f"Other,2025,2026-01-01,1,2,3\n{line}\n".encode()}])
    report = live(feed)["users_year_end_by_lab"]
    assert (report["rows_loaded"], report["rows_quarantined"]) == (5, 1)
    assert feed.rows("select rule from raw.quarantine") == [(rule,)]


def test_a_renamed_column_is_refused(play) -> None:
    body = sales().replace(b"Number of Units,", b"Units (median),", 1)
    report = live(play("epoch_chips", [{"path": SALES, "body": body}]))["sales_timelines_by_chip"]
    assert report["status"] == "rejected"
    assert "missing_column:Number of Units" in report["reason"]


REAL = {
    "trainium_chip_timelines": "sales_timelines_by_chip", "nvidia_calendar_quarter_chip_timelines":
    "sales_timelines_by_chip", "tpu_calendar_quarter_chip_timelines": "sales_timelines_by_chip", "amd_chip_timelines":
    "sales_timelines_by_chip", "trainium_cumulative_by_chip": "sales_cumulative_by_chip", "trainium_cumulative_totals":
    "sales_cumulative_by_designer", "trainium_owners_quarters_by_chip": "owners_quarters_by_chip_type",
    "nvidia_owners_cumulative_by_chip": "owners_cumulative_by_chip_type",
}  # fmt: skip
MEMBERS = {
    "sales_cumulative_by_chip": "cumulative_timelines_by_chip",
    "sales_cumulative_by_designer": "cumulative_timelines_by_designer",
    "owners_quarters_by_chip_type": "quarters_by_chip_type",
    "owners_cumulative_by_chip_type": "cumulative_by_chip_type",
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")
@pytest.mark.parametrize(("name", "resource"), REAL.items())
def test_real_exports_fit_the_contract(play, name: str, resource: str) -> None:
    data = Path(SAMPLES / f"{name}.csv").read_bytes()
    path = SALES if resource == "sales_timelines_by_chip" else SALES_ZIP if "sales" in resource else OWNERS_ZIP
    body = data if path == SALES else zipped(**{MEMBERS[resource]: data})
    report = live(play("epoch_chips", [{"path": path, "body": body}]))[resource]
    assert (report["status"], report["reason"]) == ("loaded", None)
    assert report["rows_loaded"] == len(list(csv.DictReader(io.StringIO(data.decode()))))
