"""Pages bound to one content come out as they went in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import wire


@given(st.lists(st.binary(max_size=200), min_size=2, max_size=12))
def test_pages_survive_the_binding(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("pages")
    files = [folder / f"{number}" for number in range(len(bodies))]
    for file, body in zip(files, bodies, strict=True):
        file.write_bytes(body)
    books = [io.BytesIO(), io.BytesIO()]
    for book in books:
        wire.bind_pages(files, book)
    assert wire.pages(books[0].getvalue()) == bodies
    assert books[0].getvalue() == books[1].getvalue(), "equal pages, equal bytes: no load for what has not changed"


def test_one_answer_is_its_own_page() -> None:
    assert wire.pages(b'{"a": 1}') == [b'{"a": 1}']


def test_a_broken_book_is_said() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        wire.pages(b"PK\x03\x04 nothing more")


def test_an_answer_reads_itself(tmp_path: Path) -> None:
    file = tmp_path / "answer"
    file.write_bytes(b'{"a": [1]}')
    answer = wire.Answer("http://x", file, None, {})
    assert answer.json() == {"a": [1]}
    file.write_bytes(b"<html>")
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
