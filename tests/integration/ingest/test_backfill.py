"""Dated copies: from a folder, from the commits of a repository, in any order, twice, broken off."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest import backfill, contracts, http, load
from ingest.backfill import BackfillError
from settings import REPO, settings

EPOCH = REPO.parent / "shared" / "samples" / "epoch_data_centers"
SOURCE = contracts.load_source("epoch_data_centers")
RESOURCE = next(r for r in SOURCE.resources if r.resource == "data_center_timelines")
HEADER = "Data center,Date,Buildings operational,Power (MW),H100 equivalents\n"


def vintage(number: int) -> str:
    """A vintage of 60 sites, of which each one loses its first and moves the others on."""
    day = f"2026-01-{1 + number:02d}"
    rows = [f"Site {n},{day},{n % 5},{100 + n + number},{1000 * n}" for n in range(number, 60 + number)]
    return HEADER + "\n".join(rows) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten dated copies, the seventh of them a partial one."""
    for number in range(10):
        day = f"2025-0{1 + number // 3}-{1 + 9 * (number % 3):02d}"
        path = tmp_path / "copies" / f"v{day}" / "data_center_timelines.csv"
        path.parent.mkdir(parents=True)
        path.write_text(vintage(number) if number != 6 else "\n".join(vintage(6).splitlines()[:55]), encoding="utf-8")
    return tmp_path / "copies"


def archive(copies: list[backfill.Copy], *incomplete: str) -> list[bool]:
    days = [datetime.fromisoformat(day).date() for day in incomplete]
    return [new for _, new in backfill.backfill(SOURCE, RESOURCE, copies, "git_backfill", days)]


def loaded() -> list[dict[str, Any]]:
    with load.connect(settings()) as con:
        load.prepare(con, settings())
        return load.load_source(con, settings(), SOURCE.source, RESOURCE.domain)


def raw_state() -> dict[str, Any]:
    """All of raw about the resource, without the sequence of loading and its time of day."""
    aside = {
        "raw.fetches": "attempted_at",
        "raw.loads": "load_id, retrieved_at",
        "raw.quarantine": "load_id",
        "raw.drift": "load_id",
        load.raw_table(SOURCE.source, RESOURCE.resource): "_load_id, _retrieved_at",
    }
    with load.connect(settings()) as con:
        return {
            table: con.execute(f"SELECT * EXCLUDE ({columns}) FROM {table} ORDER BY ALL").fetchall()
            for table, columns in aside.items()
        }


def test_ten_vintages_in_any_order_end_in_the_same_raw_tables(home: Path, folder: Path, monkeypatch) -> None:
    copies = backfill.copies_in_folder(folder, "data_center_timelines.csv")
    assert len(copies) == 10
    archive(copies, "2025-03-01")
    assert {report["status"] for report in loaded()} == {"loaded"}
    in_order = raw_state()
    shuffled = copies.copy()
    random.Random(7).shuffle(shuffled)
    monkeypatch.setenv("GIGAWATCH_HOME", str(home.with_name("shuffled")))
    for copy in shuffled:  # loaded one by one, the newest may come first
        archive([copy], *(["2025-03-01"] if f"{copy.known_from:%Y-%m-%d}" == "2025-03-01" else []))
        loaded()
    assert raw_state() == in_order
    scopes = {row[0]: row[1] for row in _fetches("known_from::date::varchar, vintage_scope || ' ' || vintage_kind")}
    assert scopes["2025-03-01"] == "partial git_backfill"
    assert set(scopes.values()) == {"partial git_backfill", "full git_backfill"}


def _fetches(columns: str) -> list[tuple[Any, ...]]:
    with load.connect(settings()) as con:
        return con.execute(f"SELECT {columns} FROM raw.fetches").fetchall()


def test_what_was_archived_is_not_archived_again(home: Path, folder: Path) -> None:
    copies = backfill.copies_in_folder(folder, "*.csv")
    assert archive(copies[:4]) == [True] * 4
    assert archive(copies) == [False] * 4 + [True] * 6
    loaded()
    assert loaded() == []


def test_a_backfill_broken_off_is_simply_started_again(home: Path, folder: Path) -> None:
    copies = backfill.copies_in_folder(folder, "*.csv")

    def breaks() -> Any:
        yield b"Data center,Da"
        raise OSError("disk full")

    broken = [*copies[:3], backfill.Copy(copies[3].known_from, "date of the copy", copies[3].url, breaks), *copies[4:]]
    with pytest.raises(OSError, match="disk full"):
        archive(broken)
    assert archive(copies) == [False] * 3 + [True] * 7
    assert {report["status"] for report in loaded()} == {"loaded"}


@pytest.mark.skipif(not EPOCH.is_dir(), reason="the real payloads lie beside the repository only")
def test_the_real_epoch_vintages(home: Path) -> None:
    copies = backfill.copies_in_folder(EPOCH, "data_center_timelines.csv")
    assert len(copies) == 7
    archive(copies)
    reports = loaded()
    assert [f"{r['known_from']:%Y-%m-%d}" for r in reports] == [
        "2025-12-13", "2026-01-03", "2026-04-03", "2026-05-23", "2026-07-07", "2026-08-03", "2026-08-20"
    ]  # fmt: skip
    assert all(r["rows_in"] == r["rows_loaded"] + r["rows_quarantined"] for r in reports)
    assert {r["status"] for r in reports} == {"loaded"}


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "no file"),
        (["latest/data_center_timelines.csv"], "no date"),
        (["2026-13-01/data_center_timelines.csv"], "not a date"),
        (["2026-01-03/data_center_timelines.csv", "b-2026-01-03/data_center_timelines.csv"], "both of 2026-01-03"),
    ],
)
def test_a_folder_that_cannot_be_dated_says_why(tmp_path: Path, names: list[str], says: str) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(HEADER)
    with pytest.raises(BackfillError, match=says):
        backfill.copies_in_folder(tmp_path, "data_center_timelines.csv")


def test_dates_to_come_unknown_parts_and_partial_days_without_copy_are_refused(home: Path) -> None:
    later = backfill.Copy(datetime.now(UTC) + timedelta(days=2), "date of the copy", "x", list)
    for copies, incomplete, part, says in (
        ([later], [], "", "still to come"),
        ([], [datetime(2026, 1, 1).date()], "", "no copy"),
        ([], [], "nowhere", "not among the parts"),
    ):
        with pytest.raises(BackfillError, match=says):
            list(backfill.backfill(SOURCE, RESOURCE, copies, "git_backfill", incomplete, part))


# --- a repository: SkyPilot's price history is the commit list of one file

PRICES = (
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone\n"
)
PATH = "catalogs/v8/aws/vms.csv"


def prices(spot: str) -> bytes:
    rows = [
        f"trn1.32xlarge,Trainium,16.0,128.0,512.0,,21.5,{spot},us-east-2,use2-az3",
        "trn2.48xlarge,,,192.0,2048.0,,,,us-east-2,use2-az3",
        "p5.48xlarge,H100,8.0,192.0,2048.0,,55.04,,us-east-2,use2-az1",
    ]
    return (PRICES + "\n".join(rows) + "\n").encode()


@pytest.fixture
def history(home: Path, local_http: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A repository on 127.0.0.1 whose file changed four times on three days."""
    monkeypatch.setenv("GIGAWATCH_BASE_URL_GITHUB_API", local_http.url)
    monkeypatch.setenv("GIGAWATCH_BASE_URL_GITHUB_RAW", local_http.url)
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    commits = {"2026-02-01T10:00:00Z": "2.81", "2026-02-01T22:00:00Z": "2.90", "2026-02-02T09:00:00Z": "3.05",
               "2026-02-04T09:00:00+02:00": "8.00"}  # fmt: skip
    listed = []
    for number, (moment, spot) in enumerate(commits.items()):
        listed.append({"sha": f"{number:040x}", "commit": {"committer": {"date": moment}}})
        local_http.play(f"/skypilot-org/skypilot-catalog/{number:040x}/{PATH}", reply(prices(spot)))
    query = "path=catalogs%2Fv8%2Faws%2Fvms.csv&per_page=100&page=1"
    local_http.play(f"/repos/skypilot-org/skypilot-catalog/commits?{query}", reply(json.dumps(listed[::-1]).encode()))
    return {moment: prices(spot) for moment, spot in commits.items()}


COMMAND = ["skypilot_catalog", "aws_vms", "--repo", "skypilot-org/skypilot-catalog", "--path", PATH]


def test_the_commits_of_a_path_become_vintages_one_a_day(history: dict[str, bytes], capsys) -> None:
    assert backfill.main(COMMAND) == 0
    assert "3 of 3 copies archived" in capsys.readouterr().out
    assert backfill.main(COMMAND) == 0
    assert "0 of 3 copies archived" in capsys.readouterr().out
    with load.connect(settings()) as con:
        load.prepare(con, settings())
        load.load_source(con, settings(), "skypilot_catalog", "pricing")
        found = con.execute(
            'SELECT _known_from, "SpotPrice", _vintage_kind FROM raw.skypilot_catalog__aws_vms '
            "WHERE \"InstanceType\" = 'trn1.32xlarge' ORDER BY 1"
        ).fetchall()
    assert found == [
        (datetime(2026, 2, 1, 22), "2.90", "git_backfill"),
        (datetime(2026, 2, 2, 9), "3.05", "git_backfill"),
        (datetime(2026, 2, 4, 7), "8.00", "git_backfill"),
    ]


def test_a_wrong_answer_or_a_missing_file_is_said(history, local_http: Any, reply: Any, capsys) -> None:
    query = "path=gone.csv&per_page=100&page=1"
    local_http.play(f"/repos/skypilot-org/skypilot-catalog/commits?{query}", reply(b'{"message": "rate limit"}'))
    assert backfill.main([*COMMAND[:-1], "gone.csv"]) == 1
    assert "not a list of commits" in capsys.readouterr().err
    local_http.play(f"/repos/skypilot-org/skypilot-catalog/commits?{query}", reply(b"[]"))
    assert backfill.main([*COMMAND[:-1], "gone.csv"]) == 1
    assert "no commit touches gone.csv" in capsys.readouterr().err
    assert backfill.main(["skypilot_catalog", "nothing", *COMMAND[2:]]) == 1
    assert "no resource 'nothing'; it has aws_vms" in capsys.readouterr().err
