"""source.yml and sidecars: mistakes are named with their file, before any data is touched."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest import contracts
from ingest.contracts import ContractError

DOCUMENT: dict[str, Any] = {
    "source": "tiny",
    "title": "Tiny",
    "publisher": "Nobody",
    "landing_page": None,
    "base_url": "https://example.org",
    "licence": {"name": "CC0", "url": None, "redistributable": True, "attribution": ""},
    "cadence": "daily",
    "robots": "allowed",
    "resources": [
        {
            "resource": "table",
            "domain": "pricing",
            "path": "/table.csv",
            "bundled": "sample/*/table.csv",
            "freshness_sla_days": 1,
            "key": ["id"],
            "columns": [
                {"name": "id", "type": "varchar"},
                {"name": "mw", "type": "double", "min": 0},
                {"name": "day", "type": "date"},
            ],
            "rejects": [{"rule": "odd", "when": "mw > 5", "message": "odd"}],
        }
    ],
}


def write(root: Path, document: object, code: str = "tiny") -> None:
    (root / code).mkdir(parents=True, exist_ok=True)
    (root / code / "source.yml").write_text(yaml.safe_dump(document), encoding="utf-8")


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


def test_a_good_contract(tmp_path: Path) -> None:
    write(tmp_path, DOCUMENT)
    source = contracts.load_source("tiny", tmp_path)
    assert [resource.resource for resource in source.in_domain("pricing")] == ["table"]
    assert source.in_domain("shipments") == []


TABLE = ("resources", 0)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("source",), "other", "its folder is tiny"),
        (("licence", "redistributable"), "perhaps", "licence.redistributable"),
        (("base_url",), None, "base_url is needed"),
        (("surprise",), 1, "surprise: Extra inputs"),
        (("resources",), [], "resources"),
        ((*TABLE, "resource"), "../x", "not a valid name"),
        ((*TABLE, "domain"), "weather", "domain"),
        ((*TABLE, "path"), "table.csv", "path must start with /"),
        ((*TABLE, "bundled"), "../../secret.csv", "inside the source folder"),
        ((*TABLE, "format"), "custom", "need a connector.py"),
        ((*TABLE, "key"), ["nope"], "key names \\['nope'\\]"),
        ((*TABLE, "known_from"), {"column": "id"}, "must be a date column"),
        ((*TABLE, "columns", 0, "min"), 1, "min and max need type"),
        ((*TABLE, "columns", 0, "type"), "money", "columns.0.type"),
        ((*TABLE, "columns", 0, "name"), "_row", "belong to the loader"),
        ((*TABLE, "columns", 0, "name"), "MW", "two columns have the same name"),
        ((*TABLE, "max_row_loss_pct"), 200, "max_row_loss_pct"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, path: tuple[str | int, ...], value: object, says: str) -> None:
    write(tmp_path, changed(path, value))
    with pytest.raises(ContractError, match=says) as caught:
        contracts.load_source("tiny", tmp_path)
    assert "tiny" in str(caught.value)


def test_two_resources_of_one_name(tmp_path: Path) -> None:
    write(tmp_path, DOCUMENT | {"resources": DOCUMENT["resources"] * 2})
    with pytest.raises(ContractError, match="two resources have the same name"):
        contracts.load_source("tiny", tmp_path)


@pytest.mark.parametrize("code", ["absent", "../tiny"])
def test_an_unknown_source(tmp_path: Path, code: str) -> None:
    write(tmp_path, DOCUMENT)
    with pytest.raises(ContractError, match=r"known: tiny|not a valid name"):
        contracts.load_source(code, tmp_path)


@pytest.mark.parametrize("text", ["a: [", "just words", ""])
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    write(tmp_path, DOCUMENT)
    (tmp_path / "tiny/source.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=r"source\.yml is wrong"):
        contracts.load_source("tiny", tmp_path)


def test_evidence_is_first(tmp_path: Path) -> None:
    for code in ("aaa", "evidence", "zzz"):
        write(tmp_path, DOCUMENT | {"source": code}, code)
    assert [source.source for source in contracts.load_all(tmp_path)] == ["evidence", "aaa", "zzz"]


def test_the_hash_follows_the_rules_and_the_parser_but_not_the_prose(tmp_path: Path) -> None:
    def hashed(document: dict[str, Any]) -> str:
        write(tmp_path, document)
        source = contracts.load_source("tiny", tmp_path)
        return source.contract_hash(source.resources[0])

    (tmp_path / "tiny").mkdir()
    connector = tmp_path / "tiny/connector.py"
    connector.write_text("one", encoding="utf-8")
    plain = hashed(DOCUMENT)
    assert hashed(changed(("title",), "Other")) == plain
    assert hashed(changed((*TABLE, "freshness_sla_days"), 9)) == plain
    assert hashed(changed((*TABLE, "columns", 1, "min"), 1)) != plain
    custom = hashed(changed((*TABLE, "format"), "custom"))
    connector.write_text("two", encoding="utf-8")
    assert hashed(changed((*TABLE, "format"), "custom")) != custom


SIDECAR = {
    "retrieved_at": "2026-01-05T08:00:00+08:00", "known_from": "2026-01-03", "known_from_basis": "publication",
    "vintage_kind": "reconstructed", "vintage_scope": "full", "url": "https://example.org/table.csv", "note": "",
}  # fmt: skip


def bundle(root: Path, vintage: str, sidecar: object) -> None:
    folder = root / "tiny/sample" / vintage
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text("id\n1\n", encoding="utf-8")
    if sidecar is not None:
        (folder / "table.csv.meta.json").write_text(json.dumps(sidecar), encoding="utf-8")


def test_bundled_files_come_oldest_knowledge_first_in_utc(tmp_path: Path) -> None:
    write(tmp_path, DOCUMENT)
    bundle(tmp_path, "a", SIDECAR | {"known_from": "2026-02-01"})
    bundle(tmp_path, "b", SIDECAR)
    source = contracts.load_source("tiny", tmp_path)
    found = contracts.bundled_files(source, source.resources[0])
    assert [file.path.parent.name for file in found] == ["b", "a"]
    assert found[0].sidecar.retrieved_at.isoformat() == "2026-01-05T00:00:00+00:00"
    assert found[0].sidecar.known_from.isoformat() == "2026-01-03T00:00:00+00:00"


@pytest.mark.parametrize(
    ("sidecars", "says"),
    [
        ([], "no file matches"),
        ([None], "its sidecar table.csv.meta.json is missing"),
        ([SIDECAR | {"known_from": "soon"}], "known_from"),
        ([SIDECAR | {"vintage_kind": "guessed"}], "vintage_kind"),
        ([SIDECAR, SIDECAR], "equal known_from and retrieved_at"),
    ],
)
def test_bundle_mistakes_are_named(tmp_path: Path, sidecars: list[object], says: str) -> None:
    write(tmp_path, DOCUMENT)
    for number, sidecar in enumerate(sidecars):
        bundle(tmp_path, f"v{number}", sidecar)
    source = contracts.load_source("tiny", tmp_path)
    with pytest.raises(ContractError, match=says):
        contracts.bundled_files(source, source.resources[0])
