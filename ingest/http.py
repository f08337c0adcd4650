"""The one HTTP client: polite, bounded, and never mistaking half an answer for a whole one."""

from __future__ import annotations

import fcntl
import logging
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

from ingest import IngestError

MAX_BYTES = 1 << 30
MAX_SECONDS = 1200.0
CHUNK = 1 << 20
MAX_REDIRECTS = 5
MAX_RETRY_AFTER_S = 120.0
ATTEMPTS = 4
ATTEMPTS_UNREACHABLE = 2  # no such name, nobody listens: that seldom mends itself within seconds

T = TypeVar("T")

# These log every address they ask, with the key in it where a source wants it there.
for library in ("httpx", "httpcore"):
    logging.getLogger(library).setLevel(logging.WARNING)


class FetchError(IngestError):
    """A resource could not be fetched.

    `status` is the HTTP status if an answer came, `can_retry` whether asking again makes sense, `retry_after_s` when,
    `is_unreachable` whether not even a connection came about.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        can_retry: bool = False,
        retry_after_s: float | None = None,
        is_unreachable: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.can_retry, self.retry_after_s = status, can_retry, retry_after_s
        self.is_unreachable = is_unreachable


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What came: `saved` is what the caller's `save` returned, None when the server says nothing has changed (304)."""

    status: int
    url: str
    saved: T | None
    etag: str | None
    last_modified: str | None
    media_type: str | None
    headers: Mapping[str, str]


def wait_turn(folder: Path, url: str, min_interval_s: float) -> None:
    """Sleep until the host of `url` may be asked again: `min_interval_s` after anybody who shares `folder` asked it.

    This machine itself needs no such manners: a server on 127.0.0.1 is asked at once.
    """
    host = (urlsplit(url).hostname or "").lower()
    if host in ("127.0.0.1", "localhost", "::1"):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / re.sub(r"[^a-z0-9.-]", "_", host)).open("a+", encoding="ascii") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # whoever comes next waits here, and is let go when the file is closed
        turn.seek(0)
        pause = float(turn.read() or 0) + min_interval_s - time.time()
        if pause > 0:
            time.sleep(min(pause, min_interval_s))  # a clock that was set back must not stop us for hours
        turn.truncate(0)
        turn.write(f"{time.time():.6f}")


def ask(
    url: str,
    save: Callable[[Iterable[bytes]], T],
    *,
    user_agent: str,
    method: Literal["GET", "POST"] = "GET",
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    before_each: Callable[[str], None] = lambda url: None,
    max_bytes: int = MAX_BYTES,
    max_seconds: float = MAX_SECONDS,
    timeout_s: float = 60.0,
    backoff_s: float = 1.0,
) -> Answer[T]:
    """Ask `url` and hand the decoded body of the answer in chunks to `save`, which must keep nothing when they raise.

    `params` are added to the query of `url`; `json` or `form` is the body of a POST. `etag` and `last_modified` of an
    earlier answer make the request conditional. `before_each` is called with the address before each single request.
    Server errors (5xx), network faults and truncated bodies are tried again with growing, jittered waits from
    `backoff_s`; 4xx are not, except a 429 that says when to come back. Retry-After is obeyed up to two minutes. All of
    it ends after `max_seconds`. Redirects of a GET are followed within the same site only (same host, or one a
    subdomain of the other) and never from https to http. TLS certificates are always verified.
    Raises FetchError in plain words.
    """
    request_headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip", **(headers or {})}
    if etag:
        request_headers["If-None-Match"] = etag
    if last_modified:
        request_headers["If-Modified-Since"] = last_modified
    backoff = wait_exponential_jitter(multiplier=backoff_s, max=60, jitter=backoff_s)
    deadline = time.monotonic() + max_seconds

    def error_of(state: RetryCallState) -> FetchError:
        error = state.outcome.exception() if state.outcome else None
        assert isinstance(error, FetchError)  # nothing else is tried again
        return error

    def wait(state: RetryCallState) -> float:
        asked = error_of(state).retry_after_s
        return backoff(state) if asked is None else asked

    def stop(state: RetryCallState) -> bool:
        attempts = ATTEMPTS_UNREACHABLE if error_of(state).is_unreachable else ATTEMPTS
        return state.attempt_number >= attempts or time.monotonic() + state.upcoming_sleep > deadline

    retrying = Retrying(
        stop=stop,
        wait=wait,
        retry=retry_if_exception(lambda error: isinstance(error, FetchError) and error.can_retry),
        reraise=True,
    )
    # follow_redirects stays off: each hop is judged here. trust_env lets an operator's proxy and CA bundle count.
    with httpx.Client(timeout=httpx.Timeout(timeout_s, connect=20.0), follow_redirects=False) as client:

        def once() -> Answer[T]:
            try:
                target = url
                for _ in range(MAX_REDIRECTS + 1):
                    before_each(target)
                    query = params if target == url else None  # a redirect says itself what to ask
                    request = client.build_request(
                        method, httpx.URL(target).copy_merge_params(query or {}), headers=request_headers, json=json,
                        data=form,
                    )  # fmt: skip
                    response = client.send(request, stream=True)
                    try:
                        if not response.is_redirect or response.status_code == 304:
                            return _answer(response, target, save, max_bytes, deadline)
                        if method != "GET":
                            raise FetchError("redirect of a POST refused; correct source.yml", response.status_code)
                        target = _redirected(target, response)
                    finally:
                        response.close()
            except httpx.InvalidURL as error:
                raise FetchError(f"{url} is not a valid address ({error}); correct source.yml") from error
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise FetchError(
                    f"no connection ({error or type(error).__name__})", can_retry=True, is_unreachable=True
                ) from error
            except httpx.TimeoutException as error:
                raise FetchError(f"no answer in time ({type(error).__name__})", can_retry=True) from error
            except httpx.RemoteProtocolError as error:
                raise FetchError(
                    f"the connection ended before the answer was whole ({error})", can_retry=True
                ) from error
            except httpx.UnsupportedProtocol as error:
                raise FetchError(f"{url}: only http and https are fetched ({error})") from error
            except httpx.TransportError as error:
                raise FetchError(f"network fault: {error or type(error).__name__}", can_retry=True) from error
            raise FetchError(f"more than {MAX_REDIRECTS} redirects, the last to {target}; correct source.yml")

        return retrying(once)


def _redirected(url: str, response: httpx.Response) -> str:
    location = str(response.headers.get("Location", ""))
    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
    except ValueError as error:
        raise FetchError(f"redirect to {location!r}, which is no address ({error})", response.status_code) from error
    a, b = (here.hostname or "").lower(), (there.hostname or "").lower()
    same_site = a == b or a.endswith("." + b) or b.endswith("." + a)
    if not same_site or there.scheme not in ("http", "https") or (here.scheme == "https" and there.scheme == "http"):
        raise FetchError(
            f"redirect to {target} refused: another site, or no longer https; if the source has moved, "
            "check it and correct base_url in source.yml",
            response.status_code,
        )
    return target


def _answer(
    response: httpx.Response, url: str, save: Callable[[Iterable[bytes]], T], max_bytes: int, deadline: float
) -> Answer[T]:
    status = response.status_code
    if status not in (200, 304):
        retry_after_s = _retry_after_s(response)
        message = f"HTTP {status} {response.reason_phrase}".rstrip() + _title(response)
        can_retry = status >= 500 or (status == 429 and retry_after_s is not None)
        if can_retry and retry_after_s is not None and retry_after_s > MAX_RETRY_AFTER_S:
            message += f"; the server asks to come back in {retry_after_s:.0f} s, the next run will"
            can_retry = False
        elif status == 204:
            message += "; the source has nothing for this request (yet)"
        elif status in (401, 403, 404, 410):
            message += "; check the address and the terms of the source, then correct source.yml"
        raise FetchError(message, status, can_retry, retry_after_s)
    saved = save(_bounded(response, max_bytes, deadline)) if status == 200 else None
    return Answer(
        status=status,
        url=url,
        saved=saved,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        media_type=response.headers.get("Content-Type"),
        headers=dict(response.headers),
    )


def _title(response: httpx.Response) -> str:
    """What an error page calls itself, such as " (Undeclared Automated Tool)"; '' where it does not say."""
    try:
        head = next(response.iter_bytes(8192), b"").decode("utf-8", errors="replace")
    except httpx.HTTPError:  # the status alone must do
        return ""
    title = re.search(r"<title[^>]*>([^<]{1,200})</title>", head, re.IGNORECASE)
    return f" ({' '.join(title[1].split())})" if title else ""


def _bounded(response: httpx.Response, max_bytes: int, deadline: float) -> Iterator[bytes]:
    """The decoded body; raises FetchError when it is larger or takes longer than allowed, or ends too early."""
    announced = response.headers.get("Content-Length", "")
    too_large = f"larger than the limit of {max_bytes} bytes; the source may have changed, look at it"
    if announced.isdigit() and int(announced) > max_bytes:
        raise FetchError(f"the answer announces {announced} bytes, {too_large}", response.status_code)
    size = 0
    for chunk in _decoded(response):
        size += len(chunk)
        if size > max_bytes:
            raise FetchError(f"the answer is {too_large}", response.status_code)
        if time.monotonic() > deadline:
            raise FetchError(f"still not whole when time was up, {size} bytes came", response.status_code)
        yield chunk
    if announced.isdigit() and response.num_bytes_downloaded != int(announced):
        came = response.num_bytes_downloaded
        raise FetchError(f"truncated: {came} of {announced} bytes came", response.status_code, can_retry=True)


def _decoded(response: httpx.Response) -> Iterator[bytes]:
    """The body without its transfer compression, in chunks of bounded size however well it was compressed.

    Done here because httpx takes a gzip body that breaks off for a whole one.
    """
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        yield from response.iter_raw()
        return
    if encoding != "gzip":
        raise FetchError(f"the server sends Content-Encoding {encoding}, which was not asked for", response.status_code)
    gunzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for packed in response.iter_raw():
        while packed:
            if gunzip.eof:  # a gzip body may have several members
                gunzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            try:
                yield gunzip.decompress(packed, CHUNK)
            except zlib.error as error:
                raise FetchError(f"badly compressed body: {error}", response.status_code, can_retry=True) from error
            packed = gunzip.unconsumed_tail or gunzip.unused_data
    if not gunzip.eof:
        raise FetchError("truncated: the compressed body is cut off", response.status_code, can_retry=True)


def _retry_after_s(response: httpx.Response) -> float | None:
    """Seconds the server asks to wait (it may state seconds or a date), None when it does not say."""
    stated = response.headers.get("Retry-After", "").strip()
    if stated.isdigit():
        return float(stated)
    try:
        moment: datetime = parsedate_to_datetime(stated)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
