"""The archive: write-once, whole or absent, verified on reading, records that keep their order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.archive import Archive, ArchiveError, Fetch, record_name

NOON = datetime(2026, 1, 3, 12, tzinfo=UTC)


def fetched(content: bytes, **changes: object) -> Fetch:
    facts = {
        "source": "s", "resource": "r", "url": None, "attempted_at": NOON, "outcome": "fetched",
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "known_from": NOON,
        "known_from_basis": "test", "vintage_kind": "bundled",
    }  # fmt: skip
    return Fetch.model_validate(facts | changes)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def files(archive: Archive) -> list[str]:
    return sorted(str(path.relative_to(archive.root)) for path in archive.root.rglob("*") if path.is_file())


def test_bytes_are_stored_once_under_their_hash(archive: Archive) -> None:
    sha256, size = archive.put("s", "r", [b"ab", b"c"])
    assert (sha256, size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    stamp = archive.object_path("s", "r", sha256).stat().st_mtime_ns
    archive.put("s", "r", [b"abc"])
    assert archive.object_path("s", "r", sha256).stat().st_mtime_ns == stamp
    assert archive.read("s", "r", sha256) == b"abc"
    assert files(archive) == [f"s/r/objects/{sha256}"]


def test_nothing_is_left_when_the_bytes_break_off(archive: Archive) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("the line went dead")

    with pytest.raises(OSError, match="dead"):
        archive.put("s", "r", broken())
    assert files(archive) == []


def test_damaged_bytes_are_refused_and_repaired_by_the_same_bytes(archive: Archive) -> None:
    sha256, _ = archive.put("s", "r", [b"good"])
    archive.object_path("s", "r", sha256).write_bytes(b"rotten")
    with pytest.raises(ArchiveError, match=r"s\.r: archived bytes .* are damaged .* restore"):
        archive.read("s", "r", sha256)
    archive.put("s", "r", [b"good"])
    assert archive.read("s", "r", sha256) == b"good"


def test_missing_bytes_are_named(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="are missing; restore"):
        archive.read("s", "r", "0" * 64)


@pytest.mark.parametrize("name", ["../etc", "a/b", "", "A", "a.b", "a b", "ä"])
def test_names_cannot_leave_the_archive(archive: Archive, name: str) -> None:
    with pytest.raises(ValueError, match="not a valid name"):
        archive.put(name, "r", [b""])
    with pytest.raises(ValueError, match="not a valid name"):
        archive.put("s", name, [b""])
    with pytest.raises(ValueError, match="not a valid name"):
        fetched(b"", source=name)


def test_a_hash_that_is_a_path_is_refused(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="not a sha256"):
        archive.read("s", "r", "../../../etc/passwd")


def test_an_equal_record_is_written_once(archive: Archive) -> None:
    first = archive.record(fetched(b"a"))
    assert archive.record(fetched(b"a")) == first
    assert list(archive.fetches("s", "r")) == [first]
    assert files(archive) == [f"s/r/fetches/20260103T120000000000Z-{first.sha256[:8]}.json"]  # type: ignore[index]


def test_an_edited_bundle_comes_after_the_old_one_and_back_again(archive: Archive) -> None:
    """Same retrieved_at, other bytes: the bytes bundled last are the latest, whatever their hashes."""
    for content in (b"a", b"b", b"a", b"a"):
        archive.record(fetched(content))
    stored = list(archive.fetches("s", "r"))
    assert [fetch.sha256 for fetch in stored] == [fetched(content).sha256 for content in (b"a", b"b", b"a")]
    assert [fetch.attempted_at - NOON for fetch in stored] == [timedelta(microseconds=n) for n in range(3)]


def test_vintages_retrieved_together_keep_their_records_over_many_runs(archive: Archive) -> None:
    """Two dates of knowledge, one moment of retrieval, once with equal bytes: nothing piles up."""
    vintages = [
        fetched(content, known_from=NOON + timedelta(days=day)) for day, content in enumerate([b"a", b"b", b"b", b"a"])
    ]
    first = [archive.record(vintage) for vintage in vintages]
    assert [archive.record(vintage) for vintage in vintages] == first
    assert len(list(archive.fetches("s", "r"))) == 4


def test_known_records_are_not_read_again(archive: Archive) -> None:
    first = archive.record(fetched(b"a"))
    second = archive.record(fetched(b"b", attempted_at=NOON + timedelta(days=1)))
    assert list(archive.fetches("s", "r", {record_name(first.attempted_at, first.sha256)})) == [second]


def test_an_unreadable_record_is_named(archive: Archive) -> None:
    first = archive.record(fetched(b"a"))
    path = archive.root / "s/r/fetches" / record_name(first.attempted_at, first.sha256)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ArchiveError, match=f"{path.name} cannot be read"):
        list(archive.fetches("s", "r"))


def test_last_live_skips_failures_bundles_and_lost_bytes(archive: Archive) -> None:
    archive.put("s", "r", [b"good"])
    live = archive.record(fetched(b"good", vintage_kind="live"))
    archive.record(fetched(b"lost", vintage_kind="live", attempted_at=NOON + timedelta(days=1)))
    archive.record(
        Fetch(
            source="s", resource="r", url="u", attempted_at=NOON + timedelta(days=2), outcome="failed", error="e",
            vintage_kind="live",
        )
    )  # fmt: skip
    archive.record(fetched(b"good", attempted_at=NOON + timedelta(days=3)))
    assert archive.last_live("s", "r") == live


@pytest.mark.parametrize("missing", ["sha256", "known_from"])
def test_a_success_without_bytes_or_date_is_no_record(missing: str) -> None:
    with pytest.raises(ValueError, match="needs sha256 and known_from"):
        fetched(b"a", **{missing: None})
