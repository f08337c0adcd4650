"""The tiny world of the ingest tests, in a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.ingest.tiny_world import World


@pytest.fixture
def world(tmp_path: Path, home: Path) -> World:
    return World(tmp_path)
