"""Live: ask a source for its resources, one part at a time, and archive what came before anything parses it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from ingest import contracts, http, wire
from ingest.archive import Archive, Fetch
from ingest.contracts import Resource, Source
from ingest.wire import Answer, Request, Requests
from settings import Settings

MAX_REQUESTS = 500
CHUNK = 1 << 20
NOT_TRIED = "not tried again in this round"

log = logging.getLogger(__name__)


class _Unchanged(Exception):
    """The bytes had last still hold."""


class Round:
    """One round over one source: nothing is downloaded twice in it, and who did not answer is not asked again.

    `folder` keeps the answers; it may be deleted when the round is over.
    """

    def __init__(self, source: Source, archive: Archive, now: Settings, folder: Path) -> None:
        self.source, self.archive, self.now, self.folder = source, archive, now, folder
        self.connector = contracts.connector(source) if (source.folder / "connector.py").is_file() else None
        self.answers: dict[str, Answer] = {}
        self.unreachable: dict[str, str] = {}

    def fetch(self, resource: Resource) -> list[Fetch]:
        """Ask for every part of a resource; returns the records as archived, also of what failed or was skipped."""
        if resource.inbox is not None:
            return list(self._take_from_inbox(resource))
        parts = resource.parts or {"": {}}
        if reason := self._why_not():
            log.warning("%s.%s is skipped: %s", self.source.source, resource.resource, reason)
            return [self._record(resource, part, outcome="skipped", error=reason) for part in parts]
        return [self._fetch_part(resource, part, parameters) for part, parameters in parts.items()]

    def _why_not(self) -> str | None:
        code = self.source.source.upper()
        if self.source.robots == "forbidden" and not self.now.is_allowed(self.source.source):
            return (
                f"robots.txt of {self.source.publisher} forbids this; if you have its permission, set "
                f"GIGAWATCH_ALLOW_{code}=1"
            )
        if self.source.api_key and not self.now.api_key(self.source.source):
            return f"no key: get one at {self.source.api_key.register_at} and set GIGAWATCH_KEY_{code}"
        return None

    def _record(self, resource: Resource, part: str, **facts: Any) -> Fetch:
        return self.archive.record(
            Fetch(
                **{
                    "source": self.source.source, "resource": resource.resource, "part": part, "url": None,
                    "attempted_at": datetime.now(UTC), "vintage_kind": "live",
                }
                | facts
            )
        )  # fmt: skip

    def _fetch_part(self, resource: Resource, part: str, parameters: dict[str, str]) -> Fetch:
        attempted_at = datetime.now(UTC)
        attempt: dict[str, Any] = {"attempted_at": attempted_at, "url": self._url_of(resource, parameters)}
        last = self.archive.last_live(self.source.source, resource.resource, part)
        kept: list[tuple[Request, Answer]] = []
        try:
            try:
                self._converse(self._requests(resource, parameters, attempted_at), last, kept, attempt)
            except _Unchanged:
                assert last is not None  # only said of bytes had before
                same = last.model_dump(
                    include={"url", "sha256", "bytes", "etag", "last_modified", "media_type", "version"}
                )
                return self._record(resource, part, **attempt | same | {
                    "outcome": "fetched", "http_status": 304, "known_from": attempted_at,
                    "known_from_basis": "retrieval",
                })  # fmt: skip
            if not kept:
                raise http.FetchError("the connector asked for nothing that is to be kept; correct connector.py")
            sha256, size = self.archive.put(
                self.source.source, resource.resource, self._content(kept), is_packed=resource.at_rest == "gzip"
            )
        except (http.FetchError, OSError) as error:
            status = error.status if isinstance(error, http.FetchError) else None
            return self._record(
                resource, part, **attempt | {"outcome": "failed", "http_status": status, "error": str(error)}
            )
        request, answer = kept[-1]
        attempt |= {
            "outcome": "fetched", "http_status": 200, "sha256": sha256, "bytes": size, "url": kept[0][1].url,
            "media_type": answer.media_type, "version": request.version, "known_from": attempted_at,
            "known_from_basis": "retrieval",
        }  # fmt: skip
        if len(kept) == 1:  # of several answers, an unchanged first one says nothing about the others
            attempt["etag"], attempt["last_modified"] = answer.headers.get("etag"), answer.headers.get("last-modified")
        return self._record(resource, part, **attempt)

    def _url_of(self, resource: Resource, parameters: dict[str, str]) -> str:
        """The address to name in a record before anything was asked."""
        base = self.now.base_url(self.source.source, self.source.base_url or "")
        return base + (resource.path or "").format_map(parameters)

    def _requests(self, resource: Resource, parameters: dict[str, str], now: datetime) -> Requests:
        if not resource.has_requests:
            return _one(Request((resource.path or "").format_map(parameters), headers=resource.request_headers))
        assert self.connector is not None  # the contract demands it
        requests: Requests = self.connector.requests(resource.resource, parameters, now)
        return requests

    def _converse(
        self, requests: Requests, last: Fetch | None, kept: list[tuple[Request, Answer]], attempt: dict[str, Any]
    ) -> None:
        """Make the requests in turn; fills `kept`, and `attempt['url']` with the address asked last."""
        answer: Answer | None = None
        for _ in range(MAX_REQUESTS):
            try:
                request = next(requests) if answer is None else requests.send(answer)
            except StopIteration:
                return
            except Exception as error:  # whatever foreign bytes make a connector do, the fetch fails with what it said
                said = str(error) if isinstance(error, ValueError) else repr(error)
                raise http.FetchError(
                    f"the answer of {attempt['url']} is not what the connector expects: {said}"
                ) from error
            if request.is_kept and request.version is not None and last is not None and last.version == request.version:
                raise _Unchanged
            url = self._rebased(request)
            attempt["url"] = _with(url, request.params)
            answer = self._ask(request, url, last if request.is_kept and not kept else None)
            if request.is_kept:
                kept.append((request, answer))
        raise http.FetchError(f"more than {MAX_REQUESTS} requests: the pages do not end")

    def _rebased(self, request: Request) -> str:
        """The address to ask: links of the source's own hosts are moved to the configured base URL."""
        default = self.source.hosts[request.host] if request.host else self.source.base_url or ""
        name = f"{self.source.source}_{request.host}" if request.host else self.source.source
        base = self.now.base_url(name, default)
        if request.path.startswith("/"):
            return base + request.path
        link = urlsplit(request.path)
        for home in (default, base):
            if _place(request.path) == _place(home):
                path = link.path.removeprefix(urlsplit(home).path.rstrip("/"))
                return base + path + (f"?{link.query}" if link.query else "")
        raise http.FetchError(f"the source links to {request.path}, which is not on {default}: not followed")

    def _ask(self, request: Request, url: str, last: Fetch | None) -> Answer:
        """One answer, from this round's memory or from the network. Raises FetchError, or _Unchanged after a 304."""
        host = urlsplit(url).netloc
        if host in self.unreachable:
            raise http.FetchError(f"{self.unreachable[host]}; {NOT_TRIED}", is_unreachable=True)
        asked = repr((url, sorted(request.params.items()), request.method, request.json, request.form, request.headers))
        if asked in self.answers:
            return self.answers[asked]
        is_conditional = last is not None and request.method == "GET" and last.url == _with(url, request.params)
        headers, params = dict(request.headers), dict(request.params)
        key = self.now.api_key(self.source.source) if self.source.api_key else None
        if self.source.api_key and key:
            if self.source.api_key.header:
                headers[self.source.api_key.header] = key
            else:
                params[self.source.api_key.param or ""] = key
        file = self.folder / f"{len(self.answers):05d}"
        try:
            got = http.ask(
                url,
                lambda chunks: _save(file, chunks),
                user_agent=self.now.user_agent,
                method=request.method,
                params=params,
                headers=headers,
                json=request.json,
                form=request.form,
                etag=last.etag if last and is_conditional else None,
                last_modified=last.last_modified if last and is_conditional else None,
                before_each=lambda target: http.wait_turn(self.now.turns_dir, target, self.source.min_interval_s),
            )
        except http.FetchError as error:
            error.args = (_hidden(str(error), key),)
            if error.is_unreachable:
                self.unreachable[host] = str(error)
            raise
        if got.saved is None:
            if is_conditional and last and (last.etag or last.last_modified):
                raise _Unchanged
            raise http.FetchError("the server answered 304 (not modified) to a request that was not conditional", 304)
        # The address asked, not the one a redirect ended at: the next conditional request goes by it.
        answer = Answer(_with(url, request.params), file, got.media_type, got.headers)
        self.answers[asked] = answer
        return answer

    def _content(self, kept: list[tuple[Request, Answer]]) -> Iterator[bytes]:
        """The bytes to archive: the answer, or the pages bound to one; scrubbed first where the connector can."""
        scrub = getattr(self.connector, "scrub", None)
        files = [answer.path for _, answer in kept]
        if scrub is not None:
            for number, file in enumerate(files):
                files[number] = file.with_suffix(".scrubbed")
                try:
                    files[number].write_bytes(scrub(file.read_bytes()))
                except ValueError as error:
                    raise http.FetchError(f"the answer is not what the connector expects: {error}") from error
        if len(files) > 1:
            bound = files[0].with_suffix(".bound")
            with bound.open("wb") as book:
                wire.bind_pages(files, book)
            files = [bound]
        with files[0].open("rb") as body:
            while chunk := body.read(CHUNK):
                yield chunk

    def _take_from_inbox(self, resource: Resource) -> Iterator[Fetch]:
        """Archive the files of the inbox that are new or were changed; the first folder of each names its part."""
        from upath import UPath

        inbox = UPath(self.now.inbox(self.source.source))
        seen = {f.url: f.version for f in self.archive.fetches(self.source.source, resource.resource) if f.sha256}
        for file in sorted(inbox.glob(resource.inbox or "")) if inbox.exists() else []:
            if not file.is_file() or file.name.startswith("."):
                continue
            state, url = file.stat(), str(file)
            version = f"{state.st_size}-{getattr(state, 'st_mtime_ns', state.st_mtime)}"
            if seen.get(url) == version:
                continue
            part = file.relative_to(inbox).parts[0]
            moment = datetime.now(UTC)
            attempt: dict[str, Any] = {"attempted_at": moment, "url": url, "version": version}
            try:
                contracts.safe_name(part)
                if isinstance(file, Path) and not file.resolve().is_relative_to(Path(inbox).resolve()):
                    raise ValueError("the file is a link that leads out of the inbox; put the file itself there")
                with file.open("rb") as body:
                    sha256, size = self.archive.put(
                        self.source.source, resource.resource, iter(lambda: body.read(CHUNK), b""),
                        is_packed=resource.at_rest == "gzip",
                    )  # fmt: skip
            except (ValueError, OSError) as error:
                yield self._record(resource, "", **attempt, outcome="failed", error=f"{file}: {error}")
                continue
            yield self._record(
                resource, part, **attempt, outcome="fetched", sha256=sha256, bytes=size, known_from=moment,
                known_from_basis="retrieval",
            )  # fmt: skip


def in_words(failed: list[Fetch]) -> list[str]:
    """A line per failure; of what was not even tried, because its host had not answered, only how many."""
    tried = [fetch for fetch in failed if NOT_TRIED not in (fetch.error or "")]
    lines = [f"  {f.resource} {f.part}".rstrip() + f" from {(f.url or '').partition('?')[0]}: {f.error}" for f in tried]
    more = len(failed) - len(tried)
    return lines + ([f"  and {more} more of the same host were not tried"] if more else [])


def _one(request: Request) -> Requests:
    yield request


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address, the usual port spelled out."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _with(url: str, params: Mapping[str, str]) -> str:
    return str(httpx.URL(url).copy_merge_params(dict(params)))


def _hidden(text: str, key: str | None) -> str:
    return text.replace(key, "***") if key else text


def _save(file: Path, chunks: Iterable[bytes]) -> Path:
    with file.open("wb") as target:
        for chunk in chunks:
            target.write(chunk)
    return file
