"""A live round: conversations of several requests, links, versions, parts, inboxes, and what a round remembers."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ingest import http, run, wire
from ingest.archive import Archive
from settings import settings
from tests.integration.ingest.tiny_world import GOOD, World

CONNECTOR = '''
import json
import pyarrow as pa
from ingest import wire
from ingest.wire import Request

FIELDS = ("id", "day", "IT power (MW)", "kind")

def requests(resource, part, now):
    if resource == "other":
        index = yield Request("/index.json", is_kept=False)
        latest = index.json()["latest"]
        yield Request(f"/{latest}/other.csv", version=latest)
        return
    request = Request("/list", params={"part": part.get("state", "")})
    seen = set()
    while request:
        answer = yield request
        document = answer.json()
        if document["next"] in seen:
            raise ValueError("the pages go in a circle")
        seen.add(document["next"])
        request = Request(document["next"]) if document["next"] else None

def parse(data, resource):
    rows = [row for page in wire.pages(data) for row in json.loads(page)["rows"]]
    return pa.Table.from_pylist(rows, schema=pa.schema([(field, pa.string()) for field in FIELDS]))
'''


ROWS_BY_PART = "SELECT _part, count(*) FROM raw.tiny__{} GROUP BY ALL ORDER BY 1"


def page(names: str, link: str | None) -> bytes:
    rows = [{"id": name, "day": "2026-01-01", "IT power (MW)": "1", "kind": "gpu"} for name in names]
    return json.dumps({"rows": rows, "next": link}).encode()


@pytest.fixture
def paged(world: World, local_http: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """`table` comes in pages, `other` by way of an index that names its version."""
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", local_http.url)
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    world.other |= {"path": None, "has_requests": True, "bundled": None}
    world.folder.mkdir(parents=True, exist_ok=True)
    (world.folder / "connector.py").write_text(CONNECTOR)
    world.source |= {"base_url": "https://feeds.example/v1"}
    world.contract(path=None, has_requests=True, format="custom", bundled=None)
    local_http.play("/list?part=", reply(page("ab", "https://feeds.example:443/v1/list?page=2")))
    local_http.play("/list?page=2", reply(page("cd", f"{local_http.url}/list?page=3")))
    local_http.play("/list?page=3", reply(page("e", None)))
    local_http.play("/index.json", reply(b'{"latest": "v7"}'))
    local_http.play("/v7/other.csv", reply(GOOD.encode()))
    return world


def asked(server: Any) -> list[str]:
    return [path for path, _ in server.requests]


def test_pages_are_followed_and_bound_to_one_content(paged: World, local_http: Any) -> None:
    records = paged.fetch("live")["records"]
    assert asked(local_http) == ["/list?part=", "/list?page=2", "/list?page=3", "/index.json", "/v7/other.csv"]
    content = Archive(settings().archive_dir).read("tiny", "table", records[0]["sha256"])
    assert wire.pages(content) == [
        page("ab", "https://feeds.example:443/v1/list?page=2"),
        page("cd", f"{local_http.url}/list?page=3"),
        page("e", None),
    ]
    paged.load()
    assert paged.rows("SELECT string_agg(id, '' ORDER BY _row) FROM raw.tiny__table") == [("abcde",)]


def test_a_version_had_before_is_not_downloaded_again(paged: World, local_http: Any, reply: Any) -> None:
    first = paged.fetch("live")["records"][1]
    local_http.requests.clear()
    again = paged.fetch("live")["records"][1]
    assert "/v7/other.csv" not in asked(local_http)
    assert "/index.json" in asked(local_http)
    assert (again["sha256"], again["version"], again["http_status"]) == (first["sha256"], "v7", 304)
    local_http.play("/index.json", reply(b'{"latest": "v8"}'))
    local_http.play("/v8/other.csv", reply(GOOD.encode() + b"z,2026-01-05,1,gpu\n"))
    assert paged.fetch("live")["records"][1]["version"] == "v8"


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("https://elsewhere.example/list", "not on https://feeds.example/v1: not followed"),
        ("file:///etc/passwd", "not followed"),
        ("http://feeds.example/v1/list", "not followed"),
        ("https://feeds.example:443/v1/list?page=2", "pages go in a circle"),
    ],
)
def test_links_that_lead_away_or_round_are_not_followed(
    paged: World, local_http: Any, reply: Any, link: str, says: str
) -> None:
    local_http.play("/list?page=2", reply(page("cd", link)))
    with pytest.raises(run.FetchFailed, match=says):
        paged.fetch("live")
    paged.load()
    assert paged.rows("SELECT count(*) FROM raw.tiny__table") == [(0,)]
    assert paged.rows("SELECT count(*) FROM raw.tiny__other") == [(4,)]


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"<html>", "Expecting value"), (b"{}", "KeyError.*next"), (b"[]", "not what the connector expects")],
)
def test_a_page_that_is_not_the_feed_fails_the_fetch_with_its_address(
    paged: World, local_http: Any, reply: Any, body: bytes, says: str
) -> None:
    local_http.play("/list?page=3", reply(body))
    with pytest.raises(run.FetchFailed, match=rf"table from .*list\?page=3(?s:.*){says}"):
        paged.fetch("live")
    assert not list((settings().archive_dir / "tiny/table/objects").glob("*")), "half the pages are not a content"


def test_pages_without_end_are_given_up(paged: World, local_http: Any, reply: Any, monkeypatch) -> None:
    monkeypatch.setattr("ingest.fetch.MAX_REQUESTS", 5)
    (paged.folder / "connector.py").write_text(CONNECTOR.replace("in seen", "in ()"))
    local_http.play("/list?page=3", reply(page("x", "/list?page=3")))
    with pytest.raises(run.FetchFailed, match="more than 5 requests"):
        paged.fetch("live")


def test_parts_are_fetched_loaded_and_superseded_each_by_itself(paged: World, local_http: Any, reply: Any) -> None:
    paged.contract(parts={"ohio": {"state": "OH"}, "texas": {"state": "TX"}})
    local_http.play("/list?part=OH", reply(page("ab", None)), reply(page("abc", None)))
    local_http.play("/list?part=TX", reply(page("xy", None)), reply(status=500))
    assert [r["part"] for r in paged.fetch("live")["records"]] == ["ohio", "texas", ""]
    paged.load()
    with pytest.raises(run.FetchFailed, match=r"table texas from .*HTTP 500"):
        paged.fetch("live")
    reports = paged.load()
    assert [(r["part"], r["rows_loaded"]) for r in reports] == [("ohio", 3)]
    assert paged.rows(ROWS_BY_PART.format("table")) == [("ohio", 5), ("texas", 2)]


def test_equal_bytes_of_two_parts_are_rows_of_both(paged: World, local_http: Any, reply: Any) -> None:
    paged.contract(parts={"ohio": {"state": "OH"}, "texas": {"state": "TX"}})
    local_http.play("/list?part=OH", reply(page("ab", None)))
    local_http.play("/list?part=TX", reply(page("ab", None)))
    paged.fetch("live")
    paged.load()
    assert paged.rows(ROWS_BY_PART.format("table")) == [("ohio", 2), ("texas", 2)]


def test_what_two_tables_share_is_downloaded_once(world: World, local_http: Any, reply: Any, monkeypatch) -> None:
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", local_http.url)
    world.other["path"] = "/table.csv"
    world.contract()
    world.bundle("2026-02-01", GOOD)
    local_http.play("/table.csv", reply(GOOD.encode() + b"q,2026-01-05,1,gpu\n"))
    records = [record for record in world.fetch("live")["records"] if record["vintage_kind"] == "live"]
    assert [record["outcome"] for record in records] == ["fetched", "fetched"]
    assert asked(local_http) == ["/table.csv"]


def test_scrubbed_fields_never_reach_the_disk(paged: World, local_http: Any, reply: Any) -> None:
    scrub = '\ndef scrub(data):\n    return data.replace(b"10.0.0.7", b"")\n'
    (paged.folder / "connector.py").write_text(CONNECTOR + scrub)
    local_http.play("/list?part=", reply(page("ab", None).replace(b'"gpu"', b'"gpu", "ip": "10.0.0.7"')))
    paged.fetch("live")
    paged.load()
    stored = b"".join(path.read_bytes() for path in paged.home.rglob("*") if path.is_file())
    assert b"10.0.0.7" not in stored
    assert paged.rows("SELECT count(*) FROM raw.tiny__table") == [(2,)]


# --- inboxes


@pytest.fixture
def inbox(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    world.other |= {"path": None, "inbox": "*/*.csv", "bundled": None}
    world.contract(path=None)
    world.bundle("2026-02-01", GOOD)
    folder = tmp_path / "inbox"
    monkeypatch.setenv("GIGAWATCH_INBOX_TINY", str(folder))
    return folder


def drop(inbox: Path, name: str, text: str = GOOD) -> Path:
    (inbox / name).parent.mkdir(parents=True, exist_ok=True)
    (inbox / name).write_text(text)
    return inbox / name


def live(world: World) -> list[tuple[str, str]]:
    return [(r["part"], r["url"]) for r in world.fetch("live")["records"] if r["vintage_kind"] == "live"]


def test_dropped_files_are_taken_once_and_again_when_they_change(world: World, inbox: Path) -> None:
    assert live(world) == []
    first, second = drop(inbox, "acme/a.csv"), drop(inbox, "bolt/b.csv", GOOD + "e,2026-01-05,1,gpu\n")
    drop(inbox, "acme/.hidden.csv")
    assert live(world) == [("acme", str(first)), ("bolt", str(second))]
    assert live(world) == []
    drop(inbox, "acme/a.csv", GOOD + "e,2026-01-05,1,gpu\nf,2026-01-05,1,gpu\n")
    assert live(world) == [("acme", str(first))]
    world.load()
    assert world.rows(ROWS_BY_PART.format("other")) == [("acme", 10), ("bolt", 5)]
    assert first.exists(), "the file stays the subscriber's"


def test_links_out_of_the_inbox_and_folders_that_are_no_names_are_refused(
    world: World, inbox: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(GOOD)
    (inbox / "acme").mkdir(parents=True)
    (inbox / "acme" / "x.csv").symlink_to(secret)
    drop(inbox, "Bad Name/y.csv")
    drop(inbox, "bolt/b.csv")
    with pytest.raises(run.FetchFailed, match=r"leads out of the inbox") as caught:
        world.fetch("live")
    assert "'Bad Name' is not a valid name" in str(caught.value)
    world.load()
    assert world.rows("SELECT DISTINCT _part FROM raw.tiny__other") == [("bolt",)]


def test_an_inbox_may_be_a_bucket(world: World, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from upath import UPath

    monkeypatch.setenv("GIGAWATCH_INBOX_TINY", "memory://bucket/inbox")
    UPath("memory://bucket/inbox/acme/a.csv").write_text(GOOD)
    assert [part for part, _ in live(world)] == ["acme"]
    assert live(world) == []
    world.load()
    assert world.rows("SELECT count(*) FROM raw.tiny__other") == [(4,)]


# --- manners


def test_a_host_is_asked_no_faster_than_agreed(tmp_path: Path) -> None:
    begin = time.monotonic()
    for _ in range(3):
        http.wait_turn(tmp_path, "https://slow.example/a?b", 0.3)
    assert 0.6 <= time.monotonic() - begin < 2
    begin = time.monotonic()
    http.wait_turn(tmp_path, "https://other.example/", 60)
    http.wait_turn(tmp_path, "http://127.0.0.1:1/", 60)
    http.wait_turn(tmp_path, "http://127.0.0.1:1/", 60)
    assert time.monotonic() - begin < 1


def test_a_clock_set_back_does_not_stop_us_for_hours(tmp_path: Path) -> None:
    (tmp_path / "slow.example").write_text(str(time.time() + 7200))
    begin = time.monotonic()
    http.wait_turn(tmp_path, "https://slow.example/", 0.2)
    assert time.monotonic() - begin < 2


def test_all_who_share_the_folder_share_the_turns(tmp_path: Path) -> None:
    begin = time.monotonic()
    with ThreadPoolExecutor(4) as askers:
        list(askers.map(lambda _: http.wait_turn(tmp_path, "https://x.example/", 0.3), range(4)))
    assert time.monotonic() - begin >= 0.9
