"""`play`: one source over real HTTP, from a local server to its raw tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import contracts, http, load, run
from ingest.archive import Archive, Fetch
from ingest.contracts import Source
from ingest.replay import ReplayServer, read_route, routes_of
from settings import settings


class Feed:
    """One source that is being played: fetch it live, load it, look."""

    def __init__(self, source: Source, server: ReplayServer) -> None:
        self.source, self.server = source, server

    @property
    def domains(self) -> list[str]:
        return sorted({resource.domain for resource in self.source.resources})

    @property
    def requests(self) -> list[tuple[str, str, dict[str, str], bytes]]:
        return self.server.requests

    def fetch(self) -> list[Fetch]:
        """Fetch live, all domains; returns the records of this round, failed and skipped ones too."""
        archive, names = Archive(settings().archive_dir), [r.resource for r in self.source.resources]
        before = {name: len(list(archive.fetches(self.source.source, name))) for name in names}
        for domain in self.domains:
            with suppress(run.FetchFailed):  # the records tell
                run.fetch_source(self.source.source, domain, "live")
        return [
            fetch
            for name in names
            for fetch in list(archive.fetches(self.source.source, name))[before[name] :]
            if fetch.vintage_kind == "live"
        ]

    def load(self) -> list[dict[str, Any]]:
        """Load what was archived and raw lacks; returns the reports, bundled contents included."""
        with load.connect(settings()) as con:
            load.prepare(con, settings())
            return [r for d in self.domains for r in load.load_source(con, settings(), self.source.source, d)]

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Query the raw store."""
        with duckdb.connect() as con:
            con.execute(f"ATTACH '{settings().raw_db}' AS rawdb (READ_ONLY)")
            con.execute("USE rawdb")
            return con.execute(sql, list(parameters)).fetchall()


@pytest.fixture
def play(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Feed]]:
    """`play(code, routes=None)`: the source `code`, played from `routes` (as in replay.yml, or with `body`) and then
    from its own bundled bytes; no waiting between retries."""
    patient = http.ask

    def impatient(*arguments: Any, **options: Any) -> Any:
        return patient(*arguments, **({"backoff_s": 0.01} | options))

    monkeypatch.setattr(http, "ask", impatient)
    with ExitStack() as servers:

        def start(code: str, routes: Sequence[dict[str, Any]] | None = None) -> Feed:
            source = contracts.load_source(code)
            given = [read_route(route, source.folder) for route in routes or ()]
            server = ReplayServer({code: given + routes_of(source)})
            servers.enter_context(server.serving())
            for name, value in server.environment([source]).items():
                monkeypatch.setenv(name, value)
            return Feed(source, server)

        yield start
