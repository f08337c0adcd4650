"""Live mode over real HTTP against a local server: what is archived, what is recorded, what goes on."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from ingest import http, run
from settings import settings
from tests.integration.ingest.tiny_world import GOOD, World

MORE = (GOOD + "e,2026-01-03,50,gpu\n").encode()


@pytest.fixture
def live(world: World, local_http: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world with its base URL on the local server, both tables good, and no waiting between retries."""
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", local_http.url)
    monkeypatch.setenv("GIGAWATCH_USER_AGENT", "gigawatch-test (me@example.org)")
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    world.contract()
    world.bundle("2026-02-01", GOOD)
    local_http.play("/other.csv", reply(GOOD.encode()))
    return world


def last_fetch(world: World) -> tuple[Any, ...]:
    return world.rows(
        "SELECT outcome, http_status, error, vintage_kind FROM raw.fetches WHERE resource = 'table' "
        "ORDER BY attempted_at DESC LIMIT 1"
    )[0]


def test_bundled_then_live(live: World, local_http: Any, reply: Any) -> None:
    local_http.play("/table.csv", reply(MORE, headers={"ETag": '"1"', "Content-Type": "text/csv"}))
    records = live.fetch("live")["records"]
    assert [(r["resource"], r["vintage_kind"]) for r in records] == [
        ("table", "bundled"), ("other", "bundled"), ("table", "live"), ("other", "live")
    ]  # fmt: skip
    assert local_http.requests[0][1]["User-Agent"] == "gigawatch-test (me@example.org)"
    live.load()
    assert last_fetch(live) == ("fetched", 200, None, "live")
    # the live `other` has the bytes of the bundle: stored once, fetched twice
    assert live.rows("SELECT count(*) FROM raw.tiny__other") == [(4,)]
    assert live.rows("SELECT rows_loaded FROM raw.loads WHERE resource = 'table' ORDER BY known_from") == [(4,), (5,)]


def test_not_modified_is_a_good_fetch_of_the_last_bytes(live: World, local_http: Any, reply: Any) -> None:
    local_http.play("/table.csv", reply(MORE, headers={"ETag": '"1"'}), reply(status=304))
    first, second = (live.fetch("live")["records"][-2] for _ in range(2))
    assert local_http.requests[2][1]["If-None-Match"] == '"1"'
    assert (second["http_status"], second["sha256"], second["etag"]) == (304, first["sha256"], '"1"')
    live.load()
    assert live.rows("SELECT count(*) FROM raw.tiny__table") == [(9,)]


def test_not_modified_without_anything_to_compare_is_a_failure(live: World, local_http: Any, reply: Any) -> None:
    local_http.play("/table.csv", reply(status=304))
    with pytest.raises(run.FetchFailed, match="304"):
        live.fetch("live")


@pytest.mark.parametrize(
    ("answer", "says", "status"),
    [
        ({"status": 404}, "HTTP 404", 404),
        ({"status": 403, "body": b"<html>forbidden</html>"}, "HTTP 403", 403),
        ({"status": 500}, "HTTP 500", 500),
        ({"status": 204}, "HTTP 204", 204),
        ({"status": 302, "headers": {"Location": "http://localhost:1/login"}}, "redirect to .* refused", 302),
        ({"body": GOOD.encode()[:40], "announce": len(GOOD)}, "before the answer was whole|truncated", None),
    ],
)
def test_a_failed_fetch_is_recorded_named_and_the_bundle_carries_on(
    live: World, local_http: Any, reply: Any, answer: dict[str, Any], says: str, status: int | None
) -> None:
    local_http.play("/table.csv", reply(**answer))
    with pytest.raises(run.FetchFailed, match=rf"1 of 2 fetches of tiny \(pricing\)(?s:.*)table from .*{says}"):
        live.fetch("live")
    live.load()
    outcome, http_status, error, _ = last_fetch(live)
    assert (outcome, http_status) == ("failed", status)
    assert error
    assert live.rows("SELECT count(*) FROM raw.tiny__table") == [(4,)], "the bundled bytes are in use"
    assert live.rows("SELECT count(*) FROM raw.fetches WHERE resource = 'other' AND vintage_kind = 'live'") == [(1,)]


def test_a_web_page_with_status_200_is_archived_and_rejected(live: World, local_http: Any, reply: Any) -> None:
    local_http.play("/table.csv", reply(b"<html>login</html>", headers={"Content-Type": "text/html"}))
    live.fetch("live")
    reports = live.load()
    assert [r["status"] for r in reports if r["resource"] == "table"] == ["loaded", "rejected"]
    assert last_fetch(live) == ("fetched", 200, None, "live")
    assert live.rows("SELECT count(*) FROM raw.tiny__table") == [(4,)]


def test_no_network_at_all_builds_on_the_bundle(live: World, local_http: Any) -> None:
    local_http.server.shutdown()
    local_http.server.server_close()
    with pytest.raises(run.FetchFailed, match=r"2 of 2 fetches(?s:.*)no connection"):
        live.fetch("live")
    live.load()
    assert live.rows("SELECT count(*) FROM raw.tiny__table") == [(4,)]
    assert last_fetch(live)[0] == "failed"


def test_a_full_disk_is_a_failed_fetch_and_leaves_nothing(
    live: World, local_http: Any, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_http.play("/table.csv", reply(MORE))
    live.fetch()
    objects = settings().archive_dir / "tiny/table/objects"
    before = sorted(objects.iterdir())

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        patch.setattr(run, "_archive_bundled", lambda *_: [])
        with pytest.raises(run.FetchFailed, match="No space left on device"):
            live.fetch("live")
    assert sorted(objects.iterdir()) == before


def test_a_hand_collected_resource_is_not_asked_for(live: World, local_http: Any, reply: Any) -> None:
    live.contract(path=None)
    live.fetch("live")
    assert [path for path, _ in local_http.requests] == ["/other.csv"]


def test_request_headers_of_the_contract_are_sent(live: World, local_http: Any, reply: Any) -> None:
    live.contract(request_headers={"Accept": "text/csv"})
    local_http.play("/table.csv", reply(MORE))
    live.fetch("live")
    assert local_http.requests[0][1]["Accept"] == "text/csv"
