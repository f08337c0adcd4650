"""Every picture can be drawn from a release as it is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.pictures.__main__ import PICTURES, draw
from tests.contract.test_pictures import MAX_BYTES
from tests.e2e.conftest import REPO

pytestmark = pytest.mark.e2e


def test_a_release_has_the_figures_of_every_picture(refreshed: Path, tmp_path: Path) -> None:
    written = draw(refreshed / "serving" / "gigawatch.duckdb", REPO / "docs" / "methods", tmp_path)
    assert [name for name, path in written.items() if path is None] == []
    assert set(written) == set(PICTURES)
    assert {
        name: path.stat().st_size for name, path in written.items() if path and path.stat().st_size > MAX_BYTES
    } == {}
