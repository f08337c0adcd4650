"""The archive: every byte ever fetched, content-addressed and write-once, and one record per attempt to fetch.

    <root>/<source>/<resource>/objects/<sha256>        (or <sha256>.gz: the hash is of the bytes before compression)
    <root>/<source>/<resource>/fetches/<attempted_at>-<first 8 of sha256, or 'failed'>.json

All else (raw, warehouse, serving) can be rebuilt from it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import uuid
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ingest import IngestError
from ingest.contracts import Name, Utc, VintageKind, VintageScope, safe_name


class ArchiveError(IngestError):
    """The archive on disk is damaged or refuses what was asked of it."""


class Fetch(BaseModel):
    """The record of one attempt to fetch one resource (times in UTC)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Name
    resource: Name
    url: str | None
    part: Name | Literal[""] = ""
    attempted_at: Utc
    outcome: Literal["fetched", "failed", "skipped"]
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    media_type: str | None = None
    version: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    known_from: Utc | None = None
    known_from_basis: str | None = None
    vintage_kind: VintageKind
    vintage_scope: VintageScope = "full"
    error: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.outcome == "fetched" and (self.sha256 is None or self.known_from is None):
            raise ValueError("a fetch that succeeded needs sha256 and known_from")
        if self.outcome != "fetched" and not self.error:
            raise ValueError("a fetch that failed or was skipped needs the reason in words")
        return self


def record_name(attempted_at: datetime, sha256: str | None) -> str:
    """File name of a fetch record; names sort by time of attempt."""
    return f"{attempted_at:%Y%m%dT%H%M%S%f}Z-{sha256[:8] if sha256 else 'failed'}.json"


class Archive:
    """The archive below `root`. Safe for many processes that add at once: files appear whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _folder(self, source: str, resource: str, kind: str) -> Path:
        return self.root / safe_name(source) / safe_name(resource) / kind

    def object_path(self, source: str, resource: str, sha256: str) -> Path:
        """Where the bytes with that hash are (or would be); the name ends in .gz where they are compressed."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ArchiveError(f"{source}.{resource}: {sha256!r} is not a sha256 in lower-case hex")
        path = self._folder(source, resource, "objects") / sha256
        packed = path.with_name(f"{sha256}.gz")
        return packed if packed.exists() else path

    def put(self, source: str, resource: str, chunks: Iterable[bytes], is_packed: bool = False) -> tuple[str, int]:
        """Store bytes, compressed if `is_packed`; returns (sha256, number of bytes), both of the bytes as they came.

        Nothing is left behind when `chunks` raises.

        Bytes that are there already are not written again, unless the stored copy no longer matches its hash:
        then the good bytes take its place.
        """
        folder = self._folder(source, resource, "objects")
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{uuid.uuid4().hex}.part"
        digest, size = hashlib.sha256(), 0
        try:
            with aside.open("xb") as file:
                # A low level: fetching shall wait for the network, not for us.
                with gzip.GzipFile("", "wb", 3, file, mtime=0) if is_packed else nullcontext(file) as target:
                    for chunk in chunks:
                        target.write(chunk)
                        digest.update(chunk)
                        size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
            sha256 = digest.hexdigest()
            path = self.object_path(source, resource, sha256)
            if not path.exists() or _sha256(path) != sha256:
                path.unlink(missing_ok=True)
                aside.replace(folder / (f"{sha256}.gz" if is_packed else sha256))
        finally:
            aside.unlink(missing_ok=True)
        return sha256, size

    def verified_path(self, source: str, resource: str, sha256: str) -> Path:
        """Path of stored bytes after checking them against their hash.

        Raises ArchiveError when they are missing or damaged.
        """
        path = self.object_path(source, resource, sha256)
        if not path.is_file():
            raise ArchiveError(
                f"{source}.{resource}: archived bytes {path} are missing; restore them from a backup, "
                f"or delete the fetch records that name {sha256[:8]} and fetch again"
            )
        if (actual := _sha256(path)) != sha256:
            raise ArchiveError(
                f"{source}.{resource}: archived bytes {path} are damaged (they hash to {actual[:8]}...); "
                "restore the file from a backup, or fetch the same bytes again: the archive then repairs it"
            )
        return path

    def read(self, source: str, resource: str, sha256: str) -> bytes:
        """The stored bytes, checked against their hash. Raises ArchiveError."""
        with _opened(self.verified_path(source, resource, sha256)) as file:
            return file.read()

    def record(self, fetch: Fetch) -> Fetch:
        """Write the record of an attempt and return it as it is stored.

        An equal record is not written twice. Where another record of the same knowledge date holds this moment
        already (a bundled file was edited, the retrieved_at of its sidecar was not), the new one is stored one
        microsecond after it, so that "the latest" stays well defined.
        """
        folder = self._folder(fetch.source, fetch.resource, "fetches")
        folder.mkdir(parents=True, exist_ok=True)
        moment, last = fetch.attempted_at, None
        while rivals := [
            rival
            for rival in _read_records(sorted(folder.glob(record_name(moment, None).replace("failed", "*"))))
            if (fetch.known_from, fetch.part) == (rival.known_from, rival.part) or fetch.sha256 == rival.sha256
        ]:
            last = next((r for r in rivals if (r.known_from, r.part) == (fetch.known_from, fetch.part)), last)
            moment += timedelta(microseconds=1)
        if last is not None and last == fetch.model_copy(update={"attempted_at": last.attempted_at}):
            return last
        fetch = fetch.model_copy(update={"attempted_at": moment})
        aside = folder / f".{uuid.uuid4().hex}.part"
        aside.write_text(fetch.model_dump_json(indent=1) + "\n", encoding="utf-8")
        aside.replace(folder / record_name(moment, fetch.sha256))
        return fetch

    def fetches(self, source: str, resource: str, known: Collection[str] = ()) -> Iterator[Fetch]:
        """Records of a resource, oldest attempt first, without those whose `record_name` is in `known`.

        Raises ArchiveError for a record that cannot be read.
        """
        folder = self._folder(source, resource, "fetches")
        return _read_records(path for path in sorted(folder.glob("*Z-*.json")) if path.name not in known)

    def last_live(self, source: str, resource: str, part: str = "") -> Fetch | None:
        """The latest live fetch of a resource (or part of it) that succeeded and whose bytes are still here."""
        folder = self._folder(source, resource, "fetches")
        for fetch in _read_records(sorted(folder.glob("*Z-*.json"), reverse=True)):
            is_good = fetch.vintage_kind == "live" and fetch.part == part and fetch.sha256 is not None
            if is_good and self.object_path(source, resource, fetch.sha256 or "").exists():
                return fetch
        return None


def _read_records(paths: Iterable[Path]) -> Iterator[Fetch]:
    for path in paths:
        try:
            yield Fetch.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise ArchiveError(
                f"fetch record {path} cannot be read ({error.error_count()} faults); restore it from a backup, "
                "or delete it: its bytes stay in the archive"
            ) from None


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _sha256(path: Path) -> str:
    """Hash of the stored bytes; '' when the file is not even readable as what its name says."""
    try:
        with _opened(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return ""
