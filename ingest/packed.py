"""The one member of a zip a contract names, taken out with care: an archive from outside is not to be trusted."""

from __future__ import annotations

import fnmatch
import gzip
import lzma
import re
import struct
import uuid
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

MAX_BYTES = 16 << 30  # on disk: ten million lines of a bill of lading are about 4 GiB
MAX_READ_BYTES = 2 << 30  # in memory, for parsers that take all bytes at once
MAX_RATIO = 200
# Small members may shrink as they like: 64 MiB cannot hurt, and a table of few values is rightly that small.
RATIO_FROM = 64 << 20
CHUNK = 1 << 20
SIGNATURE = b"PK\x03\x04"

# Not whole, or a checksum is wrong; cut off or garbled inside a member; a compression Python does not know; nonsense
# in the sizes.
DAMAGE = (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, struct.error, NotImplementedError, ValueError)


class PackedError(ValueError):
    """An archive is refused; `rule` names why in one word, the message says it in words."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def is_zip(path: Path) -> bool:
    """Whether the bytes of a file are a zip with at least one member."""
    with path.open("rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


def take_member(path: Path, pattern: str, folder: Path) -> Path:
    """Stream the one member whose base name matches the glob `pattern` into a new file in `folder`; returns it.

    The caller deletes the file. Raises PackedError, leaving nothing behind, when the archive is damaged, encrypted,
    has a name that leads out of it, has not exactly one such member, or that member unpacks to more than MAX_BYTES or
    (above RATIO_FROM) to more than MAX_RATIO times its packed size.
    """
    target = folder / f"member-{uuid.uuid4().hex}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(path) as book:
            member = _choose(book, pattern)
            with book.open(member) as packed, target.open("xb") as file:
                size = 0
                while chunk := packed.read(CHUNK):
                    size += len(chunk)
                    _judge_size(member, size)  # what it declares may be a lie
                    file.write(chunk)
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, DAMAGE) and not isinstance(error, PackedError):
            raise PackedError("damaged_archive", f"the zip cannot be read: {error}") from error
        raise
    return target


def _choose(book: zipfile.ZipFile, pattern: str) -> zipfile.ZipInfo:
    members = [info for info in book.infolist() if not info.is_dir()]
    for info in book.infolist():
        parts = re.split(r"[/\\]", info.orig_filename)
        if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", parts[0]):
            raise PackedError("unsafe_archive", f"the zip has a name that leads out of it: {info.orig_filename!r}")
    found = [
        info
        for info in members
        if fnmatch.fnmatchcase(PurePosixPath(info.filename).name, pattern)
        and not info.filename.startswith("__MACOSX/")  # the shadow files a Mac adds
    ]
    if not found:
        names = ", ".join(info.filename for info in members[:10]) or "nothing"
        raise PackedError("no_such_member", f"no file in the zip matches {pattern!r}; it holds {names}")
    if len(found) > 1:
        names = ", ".join(info.filename for info in found[:10])
        raise PackedError("several_members", f"{len(found)} files in the zip match {pattern!r}: {names}")
    if found[0].flag_bits & 0x1:
        raise PackedError("encrypted_archive", f"{found[0].filename} in the zip is encrypted")
    _judge_size(found[0], found[0].file_size)
    return found[0]


def _judge_size(member: zipfile.ZipInfo, size: int) -> None:
    if size > MAX_BYTES:
        raise PackedError(
            "archive_too_large", f"{member.filename} unpacks to more than {MAX_BYTES >> 20} MiB, the most that is read"
        )
    if size > RATIO_FROM and size > MAX_RATIO * max(member.compress_size, 1):
        raise PackedError(
            "archive_too_large",
            f"{member.filename} unpacks to more than {MAX_RATIO} times its {member.compress_size} bytes: a zip bomb?",
        )


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, decompressed where its name ends in .gz."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def gunzip(path: Path, folder: Path) -> Path:
    """Decompress a .gz file into a new file in `folder`, which the caller deletes.

    Raises PackedError, leaving nothing behind, when it holds more than MAX_BYTES.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"plain-{uuid.uuid4().hex}"
    try:
        with opened(path) as file, target.open("xb") as plain:
            while chunk := file.read(CHUNK):
                plain.write(chunk)
                _bound(path, plain.tell(), MAX_BYTES)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def read(path: Path) -> bytes:
    """All bytes of a file, decompressed where its name ends in .gz. Raises PackedError above MAX_READ_BYTES."""
    with opened(path) as file:
        data = file.read(MAX_READ_BYTES + 1)
    _bound(path, len(data), MAX_READ_BYTES)
    return data


def _bound(path: Path, size: int, limit: int) -> None:
    if size > limit:
        message = f"{path.name} holds more than {limit >> 20} MiB, the most that is read"
        raise PackedError("archive_too_large", message)
