"""What a connector says and hears: the requests it wants made, the answers it gets, and the pages it later parses."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Request:
    """One request a connector wants made, relative to the source's base URL.

    path: '/x/y', or a full address as the source itself links to it; its host must be one of the source's own, and the
    configured base URL takes its place (so every link can be played on 127.0.0.1).
    host: name among `hosts` of source.yml; None is base_url.
    json, form: the body of a POST, one of them.
    is_kept: whether the answer belongs to the content; False for one that only says where to go on.
    version: what the source calls this state of the content (an edition, an accession number); bytes had before under
    the same version are used again without asking.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    host: str | None = None
    is_kept: bool = True
    version: str | None = None


@dataclass(frozen=True)
class Answer:
    """One answer of 200: its bytes in a file, and what the server said of them."""

    url: str
    path: Path
    media_type: str | None
    headers: Mapping[str, str]

    def read(self) -> bytes:
        return self.path.read_bytes()

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is not."""
        return json.loads(self.read())


Requests = Generator[Request, Answer, None]

PAGE_NAME = "page-{:05d}"


def bind_pages(pages: Iterable[Path], target: io.BufferedIOBase) -> None:
    """Write the kept answers of one fetch, unchanged, as one zip: equal pages give equal bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as book:
        for number, page in enumerate(pages, start=1):
            info = zipfile.ZipInfo(PAGE_NAME.format(number), date_time=(1980, 1, 1, 0, 0, 0))
            with book.open(info, "w", force_zip64=True) as sheet, page.open("rb") as body:
                while chunk := body.read(1 << 20):
                    sheet.write(chunk)


def pages(data: bytes) -> list[bytes]:
    """The answers a content was bound from, in order; a content of one answer is that answer.

    For connectors that may need several requests: `parse` calls it first.
    """
    if not data.startswith(b"PK\x03\x04"):
        return [data]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return [book.read(name) for name in sorted(book.namelist()) if name.startswith("page-")] or [data]
    except zipfile.BadZipFile as error:
        raise ValueError(f"the pages cannot be read: {error}") from error
