"""Zips from outside: the one member that is wanted comes out, everything odd is refused by name and leaves nothing."""

from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path

import pytest

from ingest import packed
from ingest.packed import PackedError


def zipped(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "book.zip"
    with zipfile.ZipFile(path, "w", compression) as book:
        for name, data in members.items():
            book.writestr(name, data)
    return path


def refusal(path: Path, pattern: str, folder: Path) -> str:
    with pytest.raises(PackedError) as refused:
        packed.take_member(path, pattern, folder)
    assert list(folder.iterdir()) == [], "nothing is left behind"
    return refused.value.rule


@pytest.fixture
def aside(tmp_path: Path) -> Path:
    folder = tmp_path / "aside"
    folder.mkdir()
    return folder


def test_the_one_member_comes_out_whatever_its_folder(tmp_path: Path, aside: Path) -> None:
    path = zipped(tmp_path, {"readme.txt": b"hi", "2026/10/data.csv": b"a,b\n1,2\n", "__MACOSX/data.csv": b"shadow"})
    taken = packed.take_member(path, "*.csv", aside)
    assert (taken.parent, taken.read_bytes()) == (aside, b"a,b\n1,2\n")


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"data.txt": b"x"}, "no_such_member"),
        ({}, "no_such_member"),
        ({"data.CSV": b"x"}, "no_such_member"),
        ({"a.csv": b"x", "old/b.csv": b"y"}, "several_members"),
        ({"data.csv": b"x", "/etc/passwd": b"y"}, "unsafe_archive"),
        ({"data.csv": b"x", "../../run.sh": b"y"}, "unsafe_archive"),
        ({"data.csv": b"x", "a\\..\\..\\run.bat": b"y"}, "unsafe_archive"),
        ({"data.csv": b"x", "C:\\run.bat": b"y"}, "unsafe_archive"),
    ],
)
def test_what_is_not_one_safe_member_is_refused(
    tmp_path: Path, aside: Path, members: dict[str, bytes], rule: str
) -> None:
    assert refusal(zipped(tmp_path, members), "*.csv", aside) == rule


def test_an_encrypted_member_is_refused(tmp_path: Path, aside: Path) -> None:
    path = zipped(tmp_path, {"data.csv": b"secret"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # flags of the local header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and of the directory
    path.write_bytes(data)
    assert refusal(path, "*.csv", aside) == "encrypted_archive"


def test_a_broken_or_cut_zip_is_refused(tmp_path: Path, aside: Path) -> None:
    path = zipped(tmp_path, {"data.csv": b"value," * 1000}, zipfile.ZIP_STORED)
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[500] ^= 1
    for bad in (good[: len(good) // 2], good[:-10], bytes(flipped), b"PK\x03\x04" + b"x" * 100):
        path.write_bytes(bad)
        assert packed.is_zip(path)
        assert refusal(path, "*.csv", aside) == "damaged_archive"


def test_a_garbled_deflate_stream_is_refused(tmp_path: Path, aside: Path) -> None:
    path = zipped(tmp_path, {"data.csv": bytes(range(256)) * 100})
    data = bytearray(path.read_bytes())
    data[45:60] = b"\xff" * 15
    path.write_bytes(data)
    assert refusal(path, "*.csv", aside) == "damaged_archive"


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, aside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path, {"data.csv": b"\0" * 3_000_000})
    packed.take_member(path, "*.csv", aside).unlink()  # small things may shrink as they like
    monkeypatch.setattr(packed, "RATIO_FROM", 1_000_000)
    assert refusal(path, "*.csv", aside) == "archive_too_large"
    monkeypatch.setattr(packed, "MAX_RATIO", 1e9)
    monkeypatch.setattr(packed, "MAX_BYTES", 2_000_000)
    assert refusal(path, "*.csv", aside) == "archive_too_large"


def test_a_zip_that_lies_about_its_size_is_stopped_while_it_unpacks(
    tmp_path: Path, aside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MAX_BYTES", 2_000_000)
    path = zipped(tmp_path, {"data.csv": b"\0" * 3_000_000})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, entry + 24, 100)
    path.write_bytes(data)
    assert refusal(path, "*.csv", aside) in ("archive_too_large", "damaged_archive")


def test_plain_and_gzipped_files_are_read_alike_and_bounded(
    tmp_path: Path, aside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, squeezed = tmp_path / "x", tmp_path / "x.gz"
    plain.write_bytes(b"abc" * 100)
    squeezed.write_bytes(gzip.compress(plain.read_bytes()))
    assert packed.read(plain) == packed.read(squeezed) == packed.gunzip(squeezed, aside).read_bytes()
    for path in aside.iterdir():
        path.unlink()
    monkeypatch.setattr(packed, "MAX_BYTES", 299)
    monkeypatch.setattr(packed, "MAX_READ_BYTES", 299)
    for path in (plain, squeezed):
        with pytest.raises(PackedError, match="more than"):
            packed.read(path)
    with pytest.raises(PackedError, match="more than"):
        packed.gunzip(squeezed, aside)
    assert list(aside.iterdir()) == []
