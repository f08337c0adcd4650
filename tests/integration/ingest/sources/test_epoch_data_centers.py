"""Epoch's data centres over HTTP: one zip feeds five tables, old and new forms load, a third form stops."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest

from settings import REPO

SOURCE = REPO / "ingest" / "sources" / "epoch_data_centers"
ZIP = "/data/data_centers/data_centers.zip"


def bundle() -> dict[str, str]:
    """The tables of the replayed zip, by member."""
    with zipfile.ZipFile(SOURCE / "replay" / "data_centers.zip") as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def packed(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in members.items():
            book.writestr(name, text)
    return out.getvalue()


def table(lines: list[dict[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def altered(member: str, row: int, **cells: str) -> bytes:
    """The replayed zip with cells of one row of one table overwritten."""
    members = bundle()
    lines = list(csv.DictReader(io.StringIO(members[member])))
    lines[row] |= cells
    return packed(members | {member: table(lines)})


def live(feed: Any) -> dict[str, dict[str, Any]]:
    """Fetch and load; the reports of what came live, by resource."""
    came = {(record.resource, record.sha256) for record in feed.fetch()}
    return {r["resource"]: r for r in feed.load() if (r["resource"], r["sha256"]) in came}


def served(play: Any, body: bytes) -> Any:
    return play("epoch_data_centers", [{"path": ZIP, "body": body}])


def test_one_zip_feeds_five_tables(play) -> None:
    feed = play("epoch_data_centers")
    reports = live(feed)
    assert [path for _, path, _, _ in feed.requests] == [ZIP]
    assert {name: (r["status"], r["rows_loaded"], r["rows_quarantined"]) for name, r in reports.items()} == {
        "data_centers": ("loaded", 93, 0),
        "data_center_timelines": ("loaded", 544, 0),
        "data_center_chip_quantities": ("loaded", 209, 0),
        "data_center_chillers": ("loaded", 25, 0),
        "data_center_cooling_towers": ("loaded", 24, 0),
    }


def test_a_single_file_in_place_of_the_zip_is_read_too(play) -> None:
    reports = live(served(play, bundle()["data_centers.csv"].encode()))
    assert reports["data_centers"]["status"] == "loaded"
    assert reports["data_centers"]["rows_loaded"] == 93
    others = [report for name, report in reports.items() if name != "data_centers"]
    assert {report["status"] for report in others} == {"rejected"}
    assert all("missing_column" in report["reason"] for report in others)


def test_a_folder_in_the_zip_and_the_plural_name_do_not_matter(play) -> None:
    members = {f"data_centers/{name}": text for name, text in bundle().items()}
    plural = {name.replace("data_center_chip", "data_centers_chip"): text for name, text in members.items()}
    assert {report["status"] for report in live(served(play, packed(plural))).values()} == {"loaded"}


def test_a_lost_member_leaves_the_other_tables_alone(play) -> None:
    members = bundle()
    del members["data_centers.csv"]
    reports = live(served(play, packed(members)))
    assert reports["data_centers"]["status"] == "rejected"
    assert "no_such_member" in reports["data_centers"]["reason"]
    assert {report["status"] for name, report in reports.items() if name != "data_centers"} == {"loaded"}


@pytest.mark.parametrize("body", [packed(bundle())[:-40], b"<!DOCTYPE html><title>Epoch AI</title>"])
def test_a_cut_zip_and_a_web_page_are_refused_and_the_last_good_bytes_stay(play, body: bytes) -> None:
    feed = served(play, body)
    assert {report["status"] for report in live(feed).values()} == {"rejected"}
    assert feed.rows("select max(_known_from)::date::varchar from raw.epoch_data_centers__data_centers") == [
        ("2026-08-20",)
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("Name,", "Site name,", "missing_column:Name"),
        ("Current power (MW)", "Current IT power (MW)", "missing_column:Current power (MW)"),
        ("Name,", "Name,Handle,", "unexpected_header"),
    ],
)
def test_a_third_form_of_the_sites_stops_loudly(play, old: str, new: str, rule: str) -> None:
    members = bundle()
    header, _, rest = members["data_centers.csv"].partition("\n")
    if new.count(",") > old.count(","):
        rest = "\n".join("x," + line if line else line for line in rest.split("\n"))
    report = live(served(play, packed(members | {"data_centers.csv": header.replace(old, new) + "\n" + rest})))
    assert report["data_centers"]["status"] == "rejected"
    assert rule in report["data_centers"]["reason"]
    assert report["data_center_timelines"]["status"] == "loaded"


def test_the_old_names_arrive_under_the_new_one(play) -> None:
    feed = play("epoch_data_centers")
    feed.fetch()
    feed.load()
    query = 'select count("Name"), count(*) from raw.epoch_data_centers__data_centers where _known_from::date = ?'
    assert feed.rows(query, ["2026-01-03"]) == [(17, 17)]


@pytest.mark.parametrize(
    ("member", "cells", "rule"),
    [
        ("data_center_timelines.csv", {"Date": "4/1/2024"}, "type:Date"),
        ("data_center_chip_quantities.csv", {"Date": "4/1/2024"}, "type:Date"),
        ("data_center_chip_quantities.csv", {"Data center": ""}, "not_null:Data center"),
        ("data_center_chip_quantities.csv", {"Number of Units": "about 1,000"}, "type:Number of Units"),
        ("data_centers.csv", {"Current power (MW)": "910000"}, "max:Current power (MW)"),
        ("data_centers.csv", {"Current H100 equivalents": "9000000", "Current power (MW)": "1"}, "h100_per_mw"),
        ("data_center_chillers.csv", {"Cooling capacity (kW)": "1"}, "min:Cooling capacity (kW)"),
        ("data_center_cooling_towers.csv", {"Motor Horsepower": "7.5 hp"}, "type:Motor Horsepower"),
    ],
)
def test_a_planted_error_is_set_aside_and_the_rest_loads(play, member: str, cells: dict[str, str], rule: str) -> None:
    feed = served(play, altered(member, 2, **cells))
    reports = live(feed)
    assert {report["status"] for report in reports.values()} == {"loaded"}
    assert feed.rows("select resource, rule from raw.quarantine") == [(member.removesuffix(".csv"), rule)]


def test_fractional_chips_typing_errors_and_lines_in_cells_are_data(play) -> None:
    words = {"Number of Units": "216869.9986", "Number of Units source": "Microsft Nscale disclosure",
             "Notes": 'one line\n"another", and more'}  # fmt: skip
    feed = served(play, altered("data_center_chip_quantities.csv", 0, **words))
    assert live(feed)["data_center_chip_quantities"]["rows_quarantined"] == 0
    query = """
        select "Number of Units", "Number of Units source", "Notes"
        from raw.epoch_data_centers__data_center_chip_quantities where "Notes" <> ''
    """
    assert feed.rows(query) == [tuple(words.values())]


def test_power_that_silently_means_something_else_is_refused_until_accepted(play) -> None:
    """As in July 2026, the other way round: every site moves by the overhead of its kind of building."""
    with (SOURCE / "sample/v2026-08-20/data_centers.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    overhead = {"Google": 1.18, "Meta": 1.32}
    for line in lines:
        facility = float(line["Current power (MW)"]) * overhead.get(line["Name"].split()[0], 1.25)
        line["Current power (MW)"] = str(round(facility))
    reports = live(served(play, packed(bundle() | {"data_centers.csv": table(lines)})))
    assert reports["data_centers"]["status"] == "rejected"
    assert "Current power (MW)" in reports["data_centers"]["reason"]
    assert reports["data_center_timelines"]["status"] == "loaded"


def test_the_bundled_change_of_meaning_is_accepted(play) -> None:
    feed = play("epoch_data_centers")
    feed.fetch()
    reports = [r for r in feed.load() if r["resource"] == "data_centers" and r["vintage_kind"] != "live"]
    assert [(str(r["known_from"].date()), r["status"]) for r in reports] == [
        ("2026-01-03", "loaded"), ("2026-05-23", "loaded"), ("2026-07-07", "loaded"), ("2026-08-20", "loaded"),
    ]  # fmt: skip
