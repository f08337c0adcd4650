"""The fault matrix: one row per thing that goes wrong out there, and how it must end.

Each fault befalls the table under test on its live fetch, after a good bundled content; the other table of the source
is fetched in the same round. However it ends: the good content stays, the other table is loaded, every row that came is
either in raw or in quarantine, and the words name what happened.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ingest import fetch, http, run
from settings import settings
from tests.conftest import Reply
from tests.integration.ingest.tiny_world import COLUMNS, GOOD, HEADER, World

LATER = "e,2026-01-03,50,gpu\nf,2026-01-04,60,gpu\n"
BETTER = GOOD + LATER  # six good rows: the answer without a fault


def csv(text: str, **headers: str) -> Reply:
    return Reply(text.encode(), headers={"Content-Type": "text/csv"} | headers)


def columns(**changes: Any) -> list[dict[str, Any]]:
    """The contracted columns, with `changes` to the megawatts."""
    return [column | (changes if column["name"] == "IT power (MW)" else {}) for column in COLUMNS]


def zipped(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in members:
            book.writestr(name, content)
    return packed.getvalue()


@dataclass(frozen=True)
class Fault:
    """What the server answers (or `prepare` does to the world), and how that ends.

    fetched: outcome of the fetch. says: pattern in the error of the fetch or the reason of the load. status: of the
    load, None if there is nothing to load. rows: (loaded, quarantined) of the content. rule: quarantine rule.
    """

    name: str
    answers: tuple[Reply, ...] = ()
    fetched: str = "fetched"
    says: str | None = None
    status: str | None = "loaded"
    rows: tuple[int, int] = (6, 0)
    rule: str | None = None
    contract: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[World, Any, pytest.MonkeyPatch], None] | None = None
    requests: int | None = None


def failed(name: str, says: str, *answers: Reply, **more: Any) -> Fault:
    return Fault(name, answers, "failed", says, None, (0, 0), **more)


def rejected(name: str, says: str, *answers: Reply, **more: Any) -> Fault:
    return Fault(name, answers, "fetched", says, "rejected", **({"rows": (0, 0)} | more))


def no_such_host(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("GIGAWATCH_BASE_URL_TINY", "http://no-such-host.invalid")


def nobody_listens(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("GIGAWATCH_BASE_URL_TINY", "http://127.0.0.1:9")


def disk_is_full(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    whole = fetch.Round._content

    def full(self: Any, kept: Any) -> Any:
        yield from whole(self, kept)
        if "table.csv" in kept[0][1].url:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(fetch.Round, "_content", full)


def a_hundred_bytes_is_the_limit(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    patient = http.ask
    patch.setattr(http, "ask", lambda *a, **o: patient(*a, **(o | {"max_bytes": 100})))


def time_is_up(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    patient = http.ask

    def ask(url: str, *arguments: Any, **options: Any) -> Any:
        return patient(url, *arguments, **(options | ({"max_seconds": -1.0} if "table" in url else {})))

    patch.setattr(http, "ask", ask)


def clock_goes_back(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    """A first live fetch, then our own clock is set back by a day."""
    server.play("/table.csv", csv(GOOD + "z,2026-01-05,1,gpu\n"))
    world.fetch("live")
    world.load()

    class Slow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) - timedelta(days=1)

    patch.setattr(fetch, "datetime", Slow)
    server.play("/table.csv", csv(BETTER))


def same_file_before(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    world.fetch("live")
    world.load()


def newer_copy_before(world: World, server: Any, patch: pytest.MonkeyPatch) -> None:
    """A content known from later than this fetch is loaded already (a mirror served an older file)."""
    world.bundle("2026-11-20", BETTER + "g,2026-01-05,70,gpu\n")
    world.fetch()
    world.load()


REDIRECT_SELF = Reply(status=302, headers={"Location": "/table.csv"})
NOT_FOUND = Reply(b"<html>gone</html>", 404)
MISSING_KEY = {"api_key": {"param": "key", "register_at": "https://example.org/keys"}}

FAULTS = [
    # --- the way there
    failed("dns_failure", "no connection", prepare=no_such_host),
    failed("nobody_listens", "no connection", prepare=nobody_listens),
    failed("login_page_elsewhere", "redirect to http://localhost:1/login refused",
           Reply(status=301, headers={"Location": "http://localhost:1/login"})),
    failed("redirects_in_a_circle", "more than 5 redirects", REDIRECT_SELF, requests=6),
    failed("forbidden_html", "HTTP 403", Reply(b"<html>forbidden</html>", 403), requests=1),
    failed("not_found", "HTTP 404", NOT_FOUND, requests=1),
    failed("too_many_requests_without_a_date", "HTTP 429", Reply(status=429), requests=1),
    failed("come_back_tomorrow", "come back in 86400 s", Reply(status=429, headers={"Retry-After": "86400"}),
           requests=1),
    failed("server_error_for_ever", "HTTP 500", Reply(status=500), requests=4),
    failed("half_a_body", "truncated|before the answer was whole", Reply(GOOD.encode(), announce=5000)),
    failed("half_a_gzip", "compressed body is cut off",
           Reply(gzip.compress(BETTER.encode())[:-12], headers={"Content-Encoding": "gzip"})),
    failed("strange_compression", "Content-Encoding br", Reply(b"x", headers={"Content-Encoding": "br"})),
    failed("far_too_large", "larger than the limit", csv(GOOD * 50), prepare=a_hundred_bytes_is_the_limit),
    failed("too_slow", "when time was up", csv(BETTER), prepare=time_is_up),
    failed("not_modified_since_never", "304", Reply(status=304)),
    failed("disk_full", "No space left on device", csv(BETTER), prepare=disk_is_full),
    Fault("429_with_a_date", (Reply(status=429, headers={"Retry-After": "1"}), csv(BETTER)), requests=2),
    Fault("500_three_times_then_good", (Reply(status=500),) * 3 + (csv(BETTER),), requests=4),
    Fault("retry_after_in_the_past",
          (Reply(status=503, headers={"Retry-After": format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)}),
           csv(BETTER)), requests=2),
    # --- a wrong page with 200
    rejected("login_page_on_the_same_host", "web page",
             Reply(status=302, headers={"Location": "/login"})),
    rejected("html_with_200", "web page", Reply(b"<!DOCTYPE html><html>maintenance</html>")),
    rejected("empty_200", "empty", Reply(b"")),
    rejected("an_image", "not UTF-8", Reply(b"\x89PNG\r\n\x1a\n\x00\xff\xfe", headers={"Content-Type": "image/png"})),
    rejected("json_instead", "lacks a required column", Reply(b'{"error": "quota"}')),
    rejected("cp950_bytes", "(?i)not utf-8", Reply((HEADER + "台,2026-01-01,1,gpu\n").encode("cp950"))),
    rejected("cut_off_in_a_quote", "", Reply((GOOD + 'g,2026-01-03,"5').encode())),
    # --- a changed form
    rejected("renamed_column", r"missing_column:day.*\['id', 'date'", csv(BETTER.replace("id,day", "id,date"))),
    rejected("required_column_gone", "missing_column:id", csv("day,IT power (MW),kind\n2026-01-01,1,gpu\n")),
    Fault("optional_column_gone", (csv("id,day,kind\na,2026-01-01,gpu\nb,2026-01-01,gpu\nc,2026-01-01,gpu\n"),),
          rows=(3, 0)),
    Fault("extra_column", (csv(BETTER.replace("kind\n", "kind,novel\n").replace("gpu\n", "gpu,1\n")
                               .replace("asic\n", "asic,1\n").replace(",,\n", ",,,1\n")),),
          says="columns not in the contract, kept: novel"),
    rejected("column_twice", "twice", csv(BETTER.replace("kind\n", "ID\n"))),
    Fault("byte_order_mark", (Reply(b"\xef\xbb\xbf" + BETTER.encode()),)),
    Fault("windows_line_ends", (csv(BETTER.replace("\n", "\r\n")),)),
    Fault("an_old_name_of_a_column", (csv(BETTER.replace("IT power (MW)", "Power")),),
          contract={"columns": columns(aliases=["Power"])}),
    # --- wrong rows
    Fault("kilowatts_for_megawatts", (csv(BETTER.replace(",50,", ",50000,")),), rows=(5, 1),
          rule="max:IT power (MW)"),
    Fault("negative", (csv(BETTER.replace(",50,", ",-50,")),), rows=(5, 1), rule="min:IT power (MW)"),
    Fault("nan", (csv(BETTER.replace(",50,", ",NaN,")),), rows=(5, 1), rule="type:IT power (MW)"),
    Fault("currency_in_a_number", (csv(BETTER.replace(",50,", ",EUR 50,")),), rows=(5, 1),
          rule="type:IT power (MW)"),
    Fault("taiwanese_year", (csv(BETTER.replace("2026-01-03", "115-01-03")),), rows=(5, 1), rule="type:day"),
    Fault("a_date_to_come", (csv(BETTER.replace("2026-01-03", "2036-01-03")),), rows=(5, 1),
          rule="future_observation"),
    Fault("an_unknown_word", (csv(BETTER.replace("50,gpu", "50,toaster")),), rows=(5, 1), rule="allowed:kind"),
    Fault("the_same_row_twice", (csv(BETTER + "e,2026-01-03,50,gpu\n"),), rows=(6, 1), rule="duplicate_row"),
    rejected("one_key_two_values", "duplicate_key", csv(BETTER + "e,2026-01-03,51,gpu\n"), rows=(0, 7)),
    # --- a wrong whole
    rejected("half_the_rows_gone", "row_loss", csv(HEADER + "a,2026-01-01,10,gpu\nb,2026-01-01,20,gpu\n"),
             contract={"max_row_loss_pct": 30}, rows=(0, 2)),
    rejected("hardly_any_row", "too_few_rows", csv(HEADER + "a,2026-01-01,10,gpu\n"), rows=(0, 1)),
    rejected("ten_times_everything", "magnitude:IT power", csv(
        HEADER + "a,2026-01-01,100,gpu\nb,2026-01-01,205,asic\nc,2026-01-02,,\nd,2026-01-02,400,gpu\n"),
        contract={"columns": columns(max_ratio=3)}, rows=(0, 4)),
    # --- time
    Fault("the_same_file_again", (csv(BETTER),), status=None, prepare=same_file_before),
    Fault("an_older_file_after_a_newer", (csv(BETTER),), prepare=newer_copy_before),
    Fault("our_clock_is_set_back", (csv(BETTER),), prepare=clock_goes_back),
    # --- packed
    Fault("zip_instead_of_csv", (Reply(zipped(("deep/table.csv", BETTER.encode()), ("README.md", b"x"))),),
          contract={"member": "table.csv"}),
    rejected("zip_without_the_file", "table.csv", Reply(zipped(("other.csv", b"x"))), contract={"member": "table.csv"}),
    rejected("zip_that_climbs", r"\.\./", Reply(zipped(("../../table.csv", BETTER.encode()))),
             contract={"member": "table.csv"}),
    rejected("zip_bomb", "bomb|ratio|larg", Reply(zipped(("table.csv", b"0" * (70 << 20)))),
             contract={"member": "table.csv"}),
    rejected("half_a_zip", "zip", Reply(zipped(("table.csv", BETTER.encode()))[:-30]),
             contract={"member": "table.csv"}),
]  # fmt: skip


def test_the_matrix_is_large_and_names_each_fault_once() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 25


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault(fault: Fault, world: World, local_http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", local_http.url)
    patient = http.ask
    monkeypatch.setattr(http, "ask", lambda *a, **o: patient(*a, **({"backoff_s": 0.01} | o)))
    world.contract(**fault.contract)
    world.bundle("2026-02-01", GOOD)
    world.fetch()
    world.load()
    local_http.play("/other.csv", csv(GOOD + "y,2026-01-09,9,gpu\n"))
    local_http.play("/login", Reply(b"<html>please log in</html>"))
    local_http.play("/table.csv", *fault.answers or (NOT_FOUND,))
    if fault.prepare:
        fault.prepare(world, local_http, monkeypatch)
    local_http.requests.clear()

    said = ""
    try:
        world.fetch("live")
    except run.FetchFailed as error:
        said = str(error)
    # the first of a table: contents that follow it by date are judged again
    reports = {report["resource"]: report for report in reversed(world.load())}

    outcomes = world.rows("SELECT DISTINCT outcome FROM raw.fetches WHERE resource = 'table' AND vintage_kind = 'live'")
    assert outcomes == [(fault.fetched,)]
    report = reports.get("table")
    assert (report["status"] if report else None) == fault.status, report
    words = said + (report["reason"] or "" if report else "")
    if fault.says is not None:
        assert re.search(fault.says, words), words
    if report:
        assert (report["rows_loaded"], report["rows_quarantined"]) == fault.rows
        assert report["rows_in"] == report["rows_loaded"] + report["rows_quarantined"]
    if fault.status == "rejected":
        assert "last good content stays in use" in words
    if fault.rule:
        quarantined = world.rows("SELECT resource, rule, \"row\" IS NOT NULL, message <> '' FROM raw.quarantine")
        assert quarantined == [("table", fault.rule, True, True)]
    if fault.requests is not None:
        asked = [path for path, _ in local_http.requests if path == "/table.csv"]
        assert len(asked) == fault.requests

    # nothing lost: the first good content is still there, and so are the archived bytes of all that came
    assert world.rows('SELECT count(*) FROM raw.tiny__table WHERE "_known_from" = \'2026-02-01\'') == [(4,)]
    kept = {path.name for path in (settings().archive_dir / "tiny/table/objects").iterdir()}
    named = world.rows("SELECT DISTINCT sha256 FROM raw.fetches WHERE resource = 'table' AND outcome = 'fetched'")
    assert {sha for (sha,) in named} == kept
    # others unaffected: the neighbour in the same source was loaded, unless the whole host was away
    if fault.prepare not in (no_such_host, nobody_listens, a_hundred_bytes_is_the_limit, same_file_before):
        assert reports["other"]["status"] == "loaded"
    # and the next good day is a good day
    monkeypatch.undo()
    monkeypatch.setenv("GIGAWATCH_HOME", str(world.home))
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", local_http.url)
    good = BETTER + "h,2026-01-06,80,gpu\n"
    if fault.contract.get("member"):
        local_http.play("/table.csv", Reply(zipped(("table.csv", good.encode()))))
    else:
        local_http.play("/table.csv", csv(good))
    world.fetch("live")
    (report,) = [report for report in world.load() if report["resource"] == "table"]
    assert (report["status"], report["rows_loaded"]) == ("loaded", 7)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (MISSING_KEY, "no key: get one at https://example.org/keys and set GIGAWATCH_KEY_TINY"),
        ({"robots": "forbidden"}, "robots.txt .* forbids this.*GIGAWATCH_ALLOW_TINY=1"),
    ],
    ids=["key_missing", "robots_forbid"],
)
def test_a_source_that_may_not_be_asked_is_skipped_with_a_notice(
    document: dict[str, Any], says: str, world: World, local_http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", local_http.url)
    world.source |= document
    world.contract()
    world.bundle("2026-02-01", GOOD)
    records = world.fetch("live")["records"]
    skipped = [record for record in records if record["outcome"] == "skipped"]
    assert {record["resource"] for record in skipped} == {"table", "other"}
    assert all(re.search(says, record["error"]) for record in skipped)
    assert local_http.requests == []
    assert {report["status"] for report in world.load()} == {"loaded"}
    assert world.rows("SELECT DISTINCT outcome FROM raw.fetches ORDER BY 1") == [("fetched",), ("skipped",)]


def test_a_key_is_sent_and_never_written(
    world: World, local_http: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", local_http.url)
    monkeypatch.setenv("GIGAWATCH_KEY_TINY", "s3cret-key")
    world.source |= MISSING_KEY
    world.contract()
    world.bundle("2026-02-01", GOOD)
    local_http.play("/table.csv?key=s3cret-key", csv(BETTER))
    away = {"Location": "http://x.invalid/?k=s3cret-key"}
    local_http.play("/other.csv?key=s3cret-key", Reply(status=301, headers=away))
    with caplog.at_level(0), pytest.raises(run.FetchFailed) as caught:
        world.fetch("live")
    world.load()
    assert len(local_http.requests) == 2
    assert "k=***" in str(caught.value)
    assert "s3cret" not in str(caught.value) + caplog.text
    stored = b"".join(path.read_bytes() for path in world.home.rglob("*") if path.is_file())
    assert b"s3cret" not in stored
