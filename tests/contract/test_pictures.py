"""Pages show only pictures that exist, and every picture is made by `make pictures` and shown somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from serve.pictures.__main__ import PICTURES

REPO = Path(__file__).resolve().parents[2]
IMAGES = REPO / "docs" / "img"
# Drawn by hand.
BY_HAND = {"flow.svg"}
MAX_BYTES = 150_000
PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]


def shown() -> dict[Path, list[str]]:
    """Picture file -> the pages that show it, under which words."""
    found: dict[Path, list[str]] = {}
    for page in PAGES:
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert words, f"{page.name}: {target} has no words for those who cannot see it"
                found.setdefault((page.parent / target).resolve(), []).append(page.name)
    return found


def test_pages_show_pictures_that_exist() -> None:
    assert {str(path): pages for path, pages in shown().items() if not path.exists()} == {}


def test_every_picture_is_made_by_the_command_and_shown() -> None:
    files = {path.name for path in IMAGES.glob("*")}
    assert files <= {f"{name}.svg" for name in PICTURES} | BY_HAND
    assert sorted(files - {path.name for path in shown()}) == []


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_drawn_and_small(name: str) -> None:
    path = IMAGES / f"{name}.svg"
    assert path.exists(), "make pictures draws it"
    assert path.stat().st_size < MAX_BYTES
    assert path in shown(), "no page shows it"
