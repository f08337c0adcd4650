"""Fixtures for all tests: an own home folder, and a local web server that plays a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GIGAWATCH_HOME pointed at an empty folder."""
    path = tmp_path / "home"
    monkeypatch.setenv("GIGAWATCH_HOME", str(path))
    return path


@dataclass
class Reply:
    """One scripted answer. `announce` overrides Content-Length (None = the true length)."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    announce: int | None = None


class LocalHttp:
    """A server on 127.0.0.1: a path answers its replies in order, the last one for ever; unknown paths answer 404."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script.requests.append((self.path, dict(self.headers.items())))
                queue = script.replies.get(self.path, [Reply(status=404)])
                reply = queue.pop(0) if len(queue) > 1 else queue[0]
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 304:
                    length = len(reply.body) if reply.announce is None else reply.announce
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def play(self, path: str, *replies: Reply) -> None:
        self.replies[path] = list(replies)


@pytest.fixture
def local_http() -> Iterator[LocalHttp]:
    """A scripted web server; `local_http.play(path, Reply(...), ...)`, then look at `local_http.requests`."""
    script = LocalHttp()
    thread = threading.Thread(target=script.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield script
    script.server.shutdown()
    script.server.server_close()
    thread.join()


@pytest.fixture
def reply() -> type[Reply]:
    """The class of a scripted answer, for tests that have no other way to name it."""
    return Reply
