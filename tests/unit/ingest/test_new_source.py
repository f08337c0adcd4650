"""The drafts of a new source: they are a contract that loads, a model that parses, and they say what is missing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from expectations.validate import load_suites
from ingest import IngestError, contracts, new_source

PRICES = "offer id,Price (USD/h),day,note\na-1,2.5,2026-01-03,x\nb-2,,2026-01-04,\n"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.csv"
    file.write_text(PRICES)
    return file


def test_a_csv_file_becomes_a_contract_of_its_columns(tmp_path: Path, prices: Path) -> None:
    paths = new_source.draft("acme_prices", "pricing", prices, tmp_path)
    source = contracts.load_source("acme_prices", tmp_path / "ingest/sources")
    (resource,) = source.resources
    assert [(c.name, c.type) for c in resource.columns] == [
        ("offer id", "varchar"), ("Price (USD/h)", "double"), ("day", "date"), ("note", "varchar")
    ]  # fmt: skip
    assert (resource.domain, resource.key, resource.format) == ("pricing", ["offer id"], "csv")
    (bundled,) = contracts.bundled_files(source, resource)
    assert bundled.path.read_text() == PRICES
    assert bundled.sidecar.retrieved_at.date() == datetime.now(UTC).date()
    assert all(path.is_file() for path in paths)
    by_hand = [path for path in paths if "suites" not in path.parts and not path.name.endswith(".meta.json")]
    assert len(by_hand) <= 6


def test_the_model_and_the_suites_fit_the_contract(tmp_path: Path, prices: Path) -> None:
    new_source.draft("acme_prices", "pricing", prices, tmp_path)
    sql = (tmp_path / "dbt/models/staging/acme_prices/stg_acme_prices__items.sql").read_text()
    assert "{{ field('Price (USD/h)', 'double', 'price_usd_h') }}" in sql
    assert "vintages.part = items._part" in sql
    properties = yaml.safe_load((tmp_path / "dbt/models/staging/acme_prices/_acme_prices.yml").read_text())
    assert properties["models"][0]["name"] == "stg_acme_prices__items"
    for stage, table in (("raw", "raw.acme_prices__items"), ("staging", "staging.stg_acme_prices__items")):
        assert [suite.table for suite in load_suites(stage, tmp_path / "expectations/suites")] == [table]


def test_a_custom_wire_gets_a_parser_that_runs(tmp_path: Path) -> None:
    new_source.draft("acme_api", "shipments", None, tmp_path)
    source = contracts.load_source("acme_api", tmp_path / "ingest/sources")
    parse = contracts.connector(source).parse
    assert parse(b'[{"id": 1.50, "x": 2}]', "items").to_pylist() == [{"id": "1.50"}]
    for wrong in (b"<html>", b'{"a": 1}', b"[1]"):
        with pytest.raises(ValueError, match="not a JSON array"):
            parse(wrong, "items")


def test_what_is_to_be_filled_in_is_marked_in_every_file_a_person_writes(tmp_path: Path, prices: Path) -> None:
    paths = new_source.draft("acme_prices", "pricing", prices, tmp_path)
    marked = {path.name for path in paths if re.search(r"\bTODO\b", path.read_text())}
    assert {"source.yml", "prices.csv.meta.json", "_acme_prices.yml", "acme_prices__items.yml"} <= marked


@pytest.mark.parametrize(("code", "says"), [("../evil", "not a valid name"), ("acme", "exists")])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, code: str, says: str) -> None:
    (tmp_path / "ingest/sources/acme").mkdir(parents=True)
    with pytest.raises(IngestError, match=says):
        new_source.draft(code, "pricing", None, tmp_path)
    assert not list(tmp_path.rglob("source.yml"))


def test_a_file_that_is_no_csv_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(IngestError, match="cannot be read"):
        new_source.draft("acme", "pricing", file, tmp_path)


def test_the_sidecar_is_json(tmp_path: Path, prices: Path) -> None:
    new_source.draft("acme_prices", "pricing", prices, tmp_path)
    (meta,) = tmp_path.rglob("*.meta.json")
    assert json.loads(meta.read_text())["vintage_kind"] == "bundled"
