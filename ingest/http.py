"""The one HTTP client: polite, bounded, and never mistaking half an answer for a whole one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from ingest import IngestError

MAX_BYTES = 512 << 20
CHUNK = 1 << 20
MAX_REDIRECTS = 5
MAX_RETRY_AFTER_S = 120.0
ATTEMPTS = 4

T = TypeVar("T")


class FetchError(IngestError):
    """A resource could not be fetched.

    `status` is the HTTP status if an answer came, `can_retry` whether asking again makes sense, `retry_after_s` when.
    """

    def __init__(
        self, message: str, status: int | None = None, can_retry: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.can_retry, self.retry_after_s = status, can_retry, retry_after_s


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What came: `saved` is what the caller's `save` returned, None when the server says nothing has changed (304)."""

    status: int
    url: str
    saved: T | None
    etag: str | None
    last_modified: str | None
    media_type: str | None


def get(
    url: str,
    save: Callable[[Iterable[bytes]], T],
    *,
    user_agent: str,
    headers: Mapping[str, str] | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    max_bytes: int = MAX_BYTES,
    timeout_s: float = 60.0,
    backoff_s: float = 1.0,
) -> Answer[T]:
    """GET `url` and hand its decoded body in chunks to `save`, which must keep nothing when the chunks raise.

    `etag` and `last_modified` of an earlier answer make the request conditional. Server errors (5xx), network faults
    and truncated bodies are tried again with growing, jittered waits from `backoff_s`; 4xx are not, except a 429 that
    says when to come back. Retry-After is obeyed up to two minutes. Redirects are followed within the same site only
    (same host, or one a subdomain of the other) and never from https to http. TLS certificates are always verified.
    Raises FetchError in plain words.
    """
    request_headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip", **(headers or {})}
    if etag:
        request_headers["If-None-Match"] = etag
    if last_modified:
        request_headers["If-Modified-Since"] = last_modified
    backoff = wait_exponential_jitter(multiplier=backoff_s, max=60, jitter=backoff_s)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, FetchError) else None
        return backoff(state) if asked is None else asked

    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait,
        retry=retry_if_exception(lambda error: isinstance(error, FetchError) and error.can_retry),
        reraise=True,
    )
    # follow_redirects stays off: each hop is judged here. trust_env lets an operator's proxy and CA bundle count.
    with httpx.Client(timeout=httpx.Timeout(timeout_s, connect=20.0), follow_redirects=False) as client:
        return retrying(_get_once, client, url, save, request_headers, max_bytes)


def _get_once(
    client: httpx.Client, url: str, save: Callable[[Iterable[bytes]], T], headers: Mapping[str, str], max_bytes: int
) -> Answer[T]:
    try:
        for _ in range(MAX_REDIRECTS + 1):
            with client.stream("GET", url, headers=headers) as response:
                if not response.is_redirect or response.status_code == 304:
                    return _answer(response, url, save, max_bytes)
                url = _redirected(url, response)
    except httpx.InvalidURL as error:
        raise FetchError(f"{url} is not a valid address ({error}); correct base_url or path in source.yml") from error
    except httpx.TimeoutException as error:
        raise FetchError(f"no answer in time ({type(error).__name__})", can_retry=True) from error
    except httpx.RemoteProtocolError as error:
        raise FetchError(f"the connection ended before the answer was whole ({error})", can_retry=True) from error
    except httpx.UnsupportedProtocol as error:
        raise FetchError(f"{url}: only http and https are fetched ({error})") from error
    except httpx.TransportError as error:
        raise FetchError(f"network fault: {error or type(error).__name__}", can_retry=True) from error
    raise FetchError(f"more than {MAX_REDIRECTS} redirects, the last to {url}; correct path in source.yml")


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


def _answer(response: httpx.Response, url: str, save: Callable[[Iterable[bytes]], T], max_bytes: int) -> Answer[T]:
    status = response.status_code
    if status not in (200, 304):
        retry_after_s = _retry_after_s(response)
        message = f"HTTP {status} {response.reason_phrase}".rstrip()
        can_retry = status >= 500 or (status == 429 and retry_after_s is not None)
        if can_retry and retry_after_s is not None and retry_after_s > MAX_RETRY_AFTER_S:
            message += f"; the server asks to come back in {retry_after_s:.0f} s, the next run will"
            can_retry = False
        elif status in (401, 403, 404, 410):
            message += "; check the address and the terms of the source, then correct source.yml"
        raise FetchError(message, status, can_retry, retry_after_s)
    saved = save(_bounded(response, max_bytes)) if status == 200 else None
    return Answer(
        status=status,
        url=url,
        saved=saved,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        media_type=response.headers.get("Content-Type"),
    )


def _bounded(response: httpx.Response, max_bytes: int) -> Iterator[bytes]:
    """The decoded body; raises FetchError when it is larger than allowed or shorter than announced."""
    announced = response.headers.get("Content-Length", "")
    too_large = f"larger than the limit of {max_bytes} bytes; the source may have changed, look at it"
    if announced.isdigit() and int(announced) > max_bytes:
        raise FetchError(f"the answer announces {announced} bytes, {too_large}", response.status_code)
    size = 0
    for chunk in _decoded(response):
        size += len(chunk)
        if size > max_bytes:
            raise FetchError(f"the answer is {too_large}", response.status_code)
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
