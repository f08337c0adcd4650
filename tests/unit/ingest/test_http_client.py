"""The HTTP client against a scripted local server: what it retries, what it refuses, what it believes."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ingest import http
from ingest.http import Answer, FetchError


def get(url: str, **options: Any) -> Answer[bytes]:
    def save(chunks: Iterable[bytes]) -> bytes:
        return b"".join(chunks)

    return http.ask(url, save, **({"user_agent": "gigawatch-test", "backoff_s": 0.01, "timeout_s": 5.0} | options))


def test_a_good_answer_with_what_it_says_of_itself(local_http, reply) -> None:
    local_http.play("/a", reply(b"x,y\n", headers={"ETag": '"1"', "Last-Modified": "then", "Content-Type": "text/csv"}))
    answer = get(local_http.url + "/a", headers={"Accept": "text/csv"})
    assert (answer.saved, answer.etag, answer.last_modified, answer.media_type) == (b"x,y\n", '"1"', "then", "text/csv")
    path, headers = local_http.requests[0]
    assert (path, headers["User-Agent"], headers["Accept"]) == ("/a", "gigawatch-test", "text/csv")


def test_conditional_get(local_http, reply) -> None:
    local_http.play("/a", reply(status=304))
    answer = get(local_http.url + "/a", etag='"1"', last_modified="then")
    assert (answer.status, answer.saved) == (304, None)
    assert local_http.requests[0][1]["If-None-Match"] == '"1"'
    assert local_http.requests[0][1]["If-Modified-Since"] == "then"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429])
def test_4xx_is_not_tried_again(local_http, reply, status: int) -> None:
    local_http.play("/a", reply(b"<html>no</html>", status))
    with pytest.raises(FetchError, match=f"HTTP {status}") as caught:
        get(local_http.url + "/a")
    assert caught.value.status == status
    assert len(local_http.requests) == 1


def test_500_twice_then_good(local_http, reply) -> None:
    local_http.play("/a", reply(status=500), reply(status=503), reply(b"good"))
    assert get(local_http.url + "/a").saved == b"good"
    assert len(local_http.requests) == 3


def test_500_for_ever_is_given_up(local_http, reply) -> None:
    local_http.play("/a", reply(status=500))
    with pytest.raises(FetchError, match="HTTP 500"):
        get(local_http.url + "/a")
    assert len(local_http.requests) == http.ATTEMPTS


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(local_http, reply, status: int) -> None:
    local_http.play("/a", reply(status=status, headers={"Retry-After": "1"}), reply(b"good"))
    start = time.monotonic()
    assert get(local_http.url + "/a").saved == b"good"
    assert time.monotonic() - start >= 1.0


def test_retry_after_as_a_date(local_http, reply) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    local_http.play("/a", reply(status=503, headers={"Retry-After": when}), reply(b"good"))
    start = time.monotonic()
    assert get(local_http.url + "/a").saved == b"good"
    assert time.monotonic() - start >= 0.9  # the header has whole seconds


def test_a_retry_after_too_far_away_is_said_and_not_slept(local_http, reply) -> None:
    local_http.play("/a", reply(status=503, headers={"Retry-After": "86400"}))
    with pytest.raises(FetchError, match="come back in 86400 s"):
        get(local_http.url + "/a")
    assert len(local_http.requests) == 1


def test_an_unreadable_retry_after_is_ignored(local_http, reply) -> None:
    local_http.play("/a", reply(status=503, headers={"Retry-After": "soon"}), reply(b"good"))
    assert get(local_http.url + "/a").saved == b"good"


def test_redirect_within_the_site(local_http, reply) -> None:
    local_http.play("/a", reply(status=301, headers={"Location": "/b"}))
    local_http.play("/b", reply(b"good"))
    answer = get(local_http.url + "/a")
    assert (answer.saved, answer.url) == (b"good", local_http.url + "/b")


def test_redirect_to_another_host_is_refused(local_http, reply) -> None:
    local_http.play("/a", reply(status=302, headers={"Location": f"http://localhost:{local_http.port}/b"}))
    local_http.play("/b", reply(b"login"))
    with pytest.raises(FetchError, match=r"redirect to http://localhost.* refused"):
        get(local_http.url + "/a")
    assert [path for path, _ in local_http.requests] == ["/a"]


def test_a_redirect_to_nonsense_is_said(local_http, reply) -> None:
    local_http.play("/a", reply(status=302, headers={"Location": "http://[nonsense/b"}))
    with pytest.raises(FetchError, match="no address"):
        get(local_http.url + "/a")


def test_redirects_in_a_circle_end(local_http, reply) -> None:
    local_http.play("/a", reply(status=302, headers={"Location": "/a"}))
    with pytest.raises(FetchError, match="more than 5 redirects"):
        get(local_http.url + "/a")


@pytest.mark.parametrize(
    ("url", "location", "is_allowed"),
    [
        ("https://epoch.ai/a", "https://www.epoch.ai/a", True),
        ("https://www.epoch.ai/a", "https://epoch.ai/a", True),
        ("http://epoch.ai/a", "https://epoch.ai/a", True),
        ("https://epoch.ai/a", "/b", True),
        ("https://epoch.ai/a", "http://epoch.ai/a", False),
        ("https://epoch.ai/a", "https://evil-epoch.ai/a", False),
        ("https://openapi.twse.com.tw/a", "https://evil.com.tw/a", False),
        ("https://epoch.ai/a", "file:///etc/passwd", False),
        ("https://epoch.ai/a", "//metadata.internal/a", False),
    ],
)
def test_which_redirects_are_followed(url: str, location: str, is_allowed: bool) -> None:
    import httpx

    response = httpx.Response(302, headers={"Location": location})
    if is_allowed:
        assert http._redirected(url, response).startswith("https://")
    else:
        with pytest.raises(FetchError, match="refused"):
            http._redirected(url, response)


def test_a_truncated_body_is_a_failure_after_retries(local_http, reply) -> None:
    local_http.play("/a", reply(b"half", announce=8))
    with pytest.raises(FetchError, match=r"ended before the answer was whole|truncated"):
        get(local_http.url + "/a")
    assert len(local_http.requests) == http.ATTEMPTS


def test_a_truncated_body_then_a_whole_one(local_http, reply) -> None:
    local_http.play("/a", reply(b"half", announce=8), reply(b"half+half"))
    assert get(local_http.url + "/a").saved == b"half+half"


def test_a_truncated_gzip_body_is_a_failure(local_http, reply) -> None:
    packed = gzip.compress(b"x" * 100_000)
    local_http.play("/a", reply(packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"}))
    with pytest.raises(FetchError, match="cut off"):
        get(local_http.url + "/a")


def test_a_whole_gzip_body_is_decoded(local_http, reply) -> None:
    body = gzip.compress(b"x" * 3_000_000) + gzip.compress(b"second member")
    local_http.play("/a", reply(body, headers={"Content-Encoding": "gzip"}))
    assert get(local_http.url + "/a").saved == b"x" * 3_000_000 + b"second member"


def test_damaged_compression_and_an_unknown_one(local_http, reply) -> None:
    local_http.play("/a", reply(b"not gzip at all", headers={"Content-Encoding": "gzip"}))
    local_http.play("/b", reply(b"?", headers={"Content-Encoding": "br"}))
    with pytest.raises(FetchError, match="badly compressed"):
        get(local_http.url + "/a")
    with pytest.raises(FetchError, match="Content-Encoding br"):
        get(local_http.url + "/b")


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_the_size_cap_counts_decoded_bytes(local_http, reply, headers: dict[str, str]) -> None:
    body = b"x" * 100_000
    local_http.play("/a", reply(gzip.compress(body) if headers else body, headers=headers))
    with pytest.raises(FetchError, match="limit of 50000 bytes"):
        get(local_http.url + "/a", max_bytes=50_000)
    assert len(local_http.requests) == 1


def test_no_server_is_a_network_fault(local_http) -> None:
    url = local_http.url
    local_http.server.server_close()
    with pytest.raises(FetchError, match="no connection"):
        get(url + "/a", timeout_s=1.0)


@pytest.mark.parametrize("url", ["ftp://epoch.ai/a", "http://[::1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(FetchError, match=r"only http and https|not a valid address"):
        get(url)


def test_an_error_page_says_what_it_is(local_http, reply) -> None:
    local_http.play("/a", reply(b"<html><head><title>SEC.gov | Request Rate\n Threshold Exceeded</title>", 403))
    with pytest.raises(FetchError, match=r"HTTP 403 Forbidden \(SEC.gov \| Request Rate Threshold Exceeded\)"):
        get(local_http.url + "/a")
