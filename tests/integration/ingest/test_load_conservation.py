"""Whatever the rows are: each is loaded or in quarantine, once; a custom connector is held to the same rules."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.load import LoadFailed
from tests.integration.ingest.tiny_world import GOOD, HEADER, World

CELL = st.one_of(
    st.sampled_from(["", "a", "b", "gpu", "asic", "2026-01-01", "2026-01-02", "2027-01-01", "5", "-5", "nan", "1e400"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\x00\r\n"), max_size=8),
)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=25))
def test_rows_in_are_rows_loaded_plus_rows_quarantined(
    rows: list[tuple[str, ...]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("GIGAWATCH_HOME", f"{folder}/home")
        world = World(Path(folder))
        world.contract(min_rows=0)
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
        report = world.ingest("2026-02-01", HEADER + text.getvalue())
        assert report["rows_in"] == len(rows)
        assert report["rows_in"] == report["rows_loaded"] + report["rows_quarantined"]
        loaded = [row for (row,) in world.rows("SELECT _row FROM raw.tiny__table")]
        held = [row for (row,) in world.rows('SELECT "row" FROM raw.quarantine')]
        if report["status"] == "loaded":
            assert sorted(loaded + held) == list(range(1, len(rows) + 1))
        else:
            assert (loaded, held) == ([], [None])
            assert "duplicate_key" in report["reason"]


LINE = st.sampled_from(["", "too,few", "a,2026-01-01,5,gpu,x", '"a"b,2026-01-01,5,gpu', 'a,"2026-01-01,5,gpu', ",,,"])


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=st.dictionaries(st.integers(0, 399), LINE, max_size=5))
def test_lines_that_cannot_be_read_are_rows_too(
    odd: dict[int, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("GIGAWATCH_HOME", f"{folder}/home")
        world = World(Path(folder))
        lines = [odd.get(i, f"s{i},2026-01-01,5,gpu") for i in range(400)]
        report = world.ingest("2026-02-01", HEADER + "\n".join(lines) + "\n")
        assert report["rows_in"] == report["rows_loaded"] + report["rows_quarantined"]
        if report["status"] == "rejected":
            return
        swallowed = sum(value.count("\n") for (value,) in world.rows(
            "SELECT value FROM raw.quarantine WHERE rule = 'malformed_row'"))  # fmt: skip
        assert report["rows_in"] + swallowed + lines.count("") == 400, "an empty line is no row"
        loaded = {name for (name,) in world.rows("SELECT id FROM raw.tiny__table")}
        held = "\n".join(value or "" for (value,) in world.rows("SELECT value FROM raw.quarantine"))
        missing = [i for i in range(400) if i not in odd and f"s{i}" not in loaded and f"s{i}," not in held]
        assert missing == [], "what was swallowed by a quote is kept as text"


def connect_with(world: World, body: str) -> None:
    world.folder.mkdir(parents=True, exist_ok=True)
    (world.folder / "connector.py").write_text(
        f"import io, json\nimport pyarrow as pa\n\ndef parse(content, resource):\n    {body}\n", encoding="utf-8"
    )
    world.contract(format="custom")


PARSE = "return pa.Table.from_pylist(json.loads(content), pa.schema(dict.fromkeys(['id', 'day', 'kind'], pa.string())))"


def test_a_custom_connector_takes_the_same_path(world: World) -> None:
    connect_with(world, PARSE)
    report = world.ingest(
        "2026-02-01",
        '[{"id": "a", "day": "2026-01-01", "kind": ""}, {"id": "b", "day": "yesterday", "kind": "gpu"},'
        ' {"id": "c", "day": "2026-01-01", "kind": "gpu"}]',
    )
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("loaded", 3, 2)
    assert world.rows("SELECT id, kind, _row FROM raw.tiny__table ORDER BY _row") == [("a", None, 1), ("c", "gpu", 3)]
    assert world.rows('SELECT "row", rule, value FROM raw.quarantine') == [(2, "type:day", "yesterday")]


@pytest.mark.parametrize("content", ["<html>login</html>", "42", "[", ""])
def test_bytes_a_parser_cannot_read_are_rejected(world: World, content: str) -> None:
    connect_with(world, PARSE)
    report = world.ingest("2026-02-01", content)
    assert report["status"] == "rejected"
    assert "wrong_content: the connector's parser cannot read the bytes" in report["reason"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return pa.table({'id': [1]})", "string columns only"),
        ("return [{'id': 'a'}]", "must return a pyarrow.Table"),
    ],
)
def test_a_connector_that_breaks_its_own_contract_is_a_fault(world: World, body: str, says: str) -> None:
    connect_with(world, body)
    world.bundle("2026-02-01", GOOD)
    world.fetch()
    with pytest.raises(LoadFailed, match=says):
        world.load()


def test_a_connector_that_does_not_import_is_a_fault(world: World) -> None:
    connect_with(world, PARSE)
    (world.folder / "connector.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    world.bundle("2026-02-01", GOOD)
    world.fetch()
    with pytest.raises(LoadFailed, match=r"connector\.py cannot be imported.*nothing_of_that_name"):
        world.load()


def test_a_repaired_parser_tries_rejected_bytes_again(world: World) -> None:
    connect_with(world, "raise ValueError('not yet')")
    content: Any = '[{"id": "a", "day": "2026-01-01", "kind": "gpu"}, {"id": "b", "day": "2026-01-01", "kind": "gpu"}]'
    assert world.ingest("2026-02-01", content)["status"] == "rejected"
    connect_with(world, PARSE)
    assert [report["status"] for report in world.load()] == ["loaded"]
