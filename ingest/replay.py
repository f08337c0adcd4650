"""Plays all sources on this machine: a web server that answers what their publishers would, from the bundled bytes.

    python -m ingest.replay -- python -m dags.run_refresh --mode live

Which file answers which request is said by `replay.yml` beside a source.yml; without one, each `path` answers with the
newest bundled file of its resource. The command after -- is run with every base URL pointing here.
"""

from __future__ import annotations

import fnmatch
import mimetypes
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from ingest import contracts
from ingest.contracts import SOURCES, Source

DAYS_AGO = re.compile(rb"\{today-(\d+)\}")
BASE_HOST = "base"  # stands for base_url where a source has `hosts` too


@dataclass(frozen=True)
class Route:
    """What answers a request: the first route whose path, method, query, host and body fit.

    path: glob over the path below the base URL. query: parameter -> glob, others are free. body_has: texts that the
    body of a POST contains. file: what is sent (or `body` itself), with status and headers.
    """

    path: str
    file: Path | None = None
    body: bytes = b""
    method: str = "GET"
    query: dict[str, str] = field(default_factory=dict)
    body_has: tuple[str, ...] = ()
    host: str = BASE_HOST
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str | None = None

    def fits(self, host: str, method: str, target: str, body: str) -> bool:
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        return (
            (host, method) == (self.host, self.method)
            and fnmatch.fnmatchcase(unquote(url.path), self.path)
            and all(name in query and fnmatch.fnmatchcase(query[name], glob) for name, glob in self.query.items())
            and all(text in body for text in self.body_has)
        )

    def content(self) -> bytes:
        """What is sent; `{today-3}` in it is the date three days ago, for sources asked for recent days only."""
        today = datetime.now(UTC).date()
        content = self.file.read_bytes() if self.file else self.body
        return DAYS_AGO.sub(lambda ago: str(today - timedelta(days=int(ago[1]))).encode(), content)


def read_route(document: dict[str, Any], folder: Path) -> Route:
    """A route as `replay.yml` writes it; `file` is relative to `folder`. Raises TypeError for an unknown key."""
    facts = {key: value for key, value in document.items() if key != "note"}
    if "file" in facts:
        facts["file"] = folder / facts["file"]
    facts["query"] = {name: str(glob) for name, glob in facts.get("query", {}).items()}
    facts["body_has"] = tuple(facts.get("body_has", ()))
    return Route(**facts)


def routes_of(source: Source) -> list[Route]:
    """The routes of a source: its replay.yml, then each plain `path` with the newest bundled file of its resource."""
    file = source.folder / "replay.yml"
    written = yaml.safe_load(file.read_text(encoding="utf-8"))["routes"] if file.is_file() else []
    routes = [read_route(document, source.folder) for document in written]
    for resource in source.resources:
        for part, parameters in (resource.parts or {"": {}}).items():
            bundled = [b for b in contracts.bundled_files(source, resource) if b.sidecar.part == part]
            if resource.path and bundled:
                path = resource.path.format_map(parameters)
                routes.append(Route(path=path, file=bundled[-1].path))
    return routes


class ReplayServer:
    """A server on 127.0.0.1 that plays sources, each below /<source>/<host>; `requests` is what it was asked."""

    def __init__(self, routes: dict[str, Sequence[Route]]) -> None:
        self.routes = routes
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.unplayed: list[str] = []
        play = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = play.answer(self.command, self.path, dict(self.headers.items()), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for one request; 404 names what nothing was there for."""
        _, source, host, *rest = target.split("/", 3)
        below = "/" + "".join(rest)
        self.requests.append((method, below, headers, body))
        for route in self.routes.get(source, ()):
            if route.fits(host, method, below, body.decode("utf-8", errors="replace")):
                if route.headers.get("ETag") and headers.get("If-None-Match") == route.headers["ETag"]:
                    return 304, {}, b""
                guessed = route.media_type or mimetypes.guess_type(route.path)[0] or "application/octet-stream"
                return route.status, {"Content-Type": guessed} | route.headers, route.content()
        self.unplayed.append(f"{method} {target} {body[:200]!r}")
        return 404, {"Content-Type": "text/plain"}, f"replay has no route for {method} {below}".encode()

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()

    def environment(self, sources: Sequence[Source]) -> dict[str, str]:
        """The variables that point each source here, with a key where one is wanted."""
        found = {}
        for source in sources:
            code = source.source.upper()
            found[f"GIGAWATCH_BASE_URL_{code}"] = f"{self.url}/{source.source}/{BASE_HOST}"
            for host in source.hosts:
                found[f"GIGAWATCH_BASE_URL_{code}_{host.upper()}"] = f"{self.url}/{source.source}/{host}"
            if source.api_key:
                found[f"GIGAWATCH_KEY_{code}"] = "replay"
        return found


def main(argv: list[str], sources: Path = SOURCES) -> int:
    """Play all sources while the command in `argv` runs; returns its exit status."""
    if argv[:1] != ["--"] or not argv[1:]:
        print("usage: python -m ingest.replay -- command ...", file=sys.stderr)
        return 2
    known = [source for source in contracts.load_all(sources) if any(r.is_live for r in source.resources)]
    server = ReplayServer({source.source: routes_of(source) for source in known})
    with server.serving():
        print(f"Playing {len(known)} sources on {server.url}", flush=True)
        status = subprocess.run(argv[1:], env=os.environ | server.environment(known), check=False).returncode
    print(f"{len(server.requests)} requests were answered", flush=True)
    for request in server.unplayed:
        print(f"  nothing to play for {request}", file=sys.stderr)
    return status or bool(server.unplayed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
