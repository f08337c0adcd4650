"""What a reader may rely on in every mart: each column described, typed for BI tools, named with its unit."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

DBT = Path(__file__).parents[2] / "dbt"

# Types that survive Parquet, Postgres and the drivers inside BI tools.
BI_TYPES = re.compile(r"bigint|integer|double|decimal\((\d|1[0-8]),\s*\d+\)|varchar|boolean|date|timestamp")
NUMERIC = re.compile(r"bigint|integer|double|decimal")

# What may stand after the unit: the statistic (it_capacity_mw_p50), or how the figure came about.
AFTER_UNIT = re.compile(r"(_(p\d\d|mean|low|high|rank|cumulative|stated|modelled))+$")
UNITS = (
    *("w", "kw", "mw", "gw", "pue"),
    *("usd", "usd_m", "usd_bn"),
    *("gb", "tb", "gb_per_s", "tb_per_s", "tflops", "pflops"),
    *("tokens", "tok_per_s", "tok_per_s_user", "tok_per_s_chip", "equivalents"),
    *("units", "chips", "racks", "buildings", "dies"),
    *("share", "pct", "probability", "days", "months", "years", "hours"),
)
# A quotient names both units (usd_per_gb_hour), a ratio what it compares with (fp16_ratio_to_trainium2).
UNIT = re.compile(rf"(^|_)(({'|'.join(UNITS)})(_per_[a-z0-9_]+)?|ratio(_to_[a-z0-9_]+)?)$")
# Numbers that are no quantities, and one count that keeps its source's name. `_value` needs a `unit` column beside it.
IDENTIFIERS = {
    "draw_id", "source_row_number", "building_number", "step_number", "stage_number", "claim_rank", "price_year",
    "seed",
}  # fmt: skip
COUNT = re.compile(r"n_[a-z_]+")
PLACES = {"latitude", "longitude"}
COUNTS = {"buildings_operational"}


def _models(layer: str) -> dict[str, Path]:
    """Model name -> SQL file, of a folder below dbt/models."""
    return {path.stem: path for path in sorted((DBT / "models" / layer).rglob("*.sql"))}


def _properties() -> dict[str, dict[str, Any]]:
    """Model name -> its YAML, over the whole project; a model described in two files fails here."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((DBT / "models").rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models") or []:
            assert model["name"] not in found, f"{model['name']} is described twice, again in {path}"
            found[model["name"]] = model
    return found


def _blocks() -> list[str]:
    """Names of all doc blocks, in file order."""
    return [
        name
        for path in sorted((DBT / "docs").rglob("*.md"))
        for name in re.findall(r"{%-?\s*docs\s+(\w+)\s*-?%}", path.read_text(encoding="utf-8"))
    ]


def _block_of(description: str | None) -> str | None:
    """The doc block a description points to, None if it is free text or missing."""
    match = re.fullmatch(r"{{\s*doc\(['\"](\w+)['\"]\)\s*}}", (description or "").strip())
    return match[1] if match else None


MARTS = _models("marts")
DRAWS = _models("draws")
PROPERTIES = _properties()
BLOCKS = _blocks()


def _columns(name: str) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in PROPERTIES.get(name, {}).get("columns") or []}


def test_each_doc_block_is_defined_once() -> None:
    assert [name for name, times in Counter(BLOCKS).items() if times > 1] == []


def test_marts_enforce_contracts() -> None:
    project = yaml.safe_load((DBT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["models"]["gigawatch"]["marts"]["+contract"] == {"enforced": True}
    switched_off = [
        name
        for name, path in MARTS.items()
        if re.search(r"enforced['\"]?\s*[:=]\s*false", path.read_text(encoding="utf-8"), re.IGNORECASE)
        or (PROPERTIES.get(name, {}).get("config") or {}).get("contract", {}).get("enforced") is False
    ]
    assert switched_off == []


@pytest.mark.parametrize("name", [*MARTS, *DRAWS])
def test_columns_are_described_and_typed(name: str) -> None:
    columns = _columns(name)
    assert columns, f"{name} has no columns in YAML; add them with data_type and description"
    undescribed = [c for c, column in columns.items() if _block_of(column.get("description")) not in BLOCKS]
    assert undescribed == [], f"{name}: describe these by a doc block in dbt/docs"
    wrong = {c: column.get("data_type") for c, column in columns.items() if not _is_bi_type(column.get("data_type"))}
    assert wrong == {}, f"{name}: types that BI tools cannot be relied on to read"


@pytest.mark.parametrize("name", MARTS)
def test_marts_are_described_and_keyed(name: str) -> None:
    model = PROPERTIES.get(name, {})
    assert model.get("description"), f"{name} needs a description"
    tests = model.get("data_tests") or []
    keys = [
        test["unique_key"]["arguments"]["columns"] for test in tests if isinstance(test, dict) and "unique_key" in test
    ]
    assert len(keys) == 1, f"{name} needs exactly one unique_key test, has {len(keys)}"
    assert set(keys[0]) <= set(_columns(name)), f"{name}: the key names columns the mart does not have"


@pytest.mark.parametrize("name", [*MARTS, *DRAWS])
def test_numeric_columns_name_their_unit(name: str) -> None:
    columns = _columns(name)
    unnamed = [
        column
        for column, properties in columns.items()
        if NUMERIC.match(properties.get("data_type") or "") and not _names_its_unit(column, set(columns))
    ]
    assert unnamed == [], f"{name}: end these with a unit ({', '.join(UNITS)}, ... per ..., ratio), or call a count n_*"


@pytest.mark.parametrize("name", [*MARTS, *DRAWS])
def test_capacity_says_whether_it_is_it_or_facility(name: str) -> None:
    assert [column for column in _columns(name) if re.match(r"capacity_mw", column)] == []


def _is_bi_type(data_type: str | None) -> bool:
    return BI_TYPES.fullmatch((data_type or "").lower()) is not None


def _names_its_unit(column: str, columns: set[str]) -> bool:
    quantity = AFTER_UNIT.sub("", column)
    if column in IDENTIFIERS or quantity in PLACES | COUNTS or COUNT.fullmatch(quantity):
        return True
    if quantity == "value" or quantity.endswith("_value"):
        return "unit" in columns
    return UNIT.search(quantity) is not None


@pytest.mark.parametrize(
    ("column", "others", "good"),
    [
        ("it_capacity_mw_p50", set(), True),
        ("revenue_usd_m", set(), True),
        ("package_units_cumulative_p95", set(), True),
        ("usd_per_gb_hour_p05", set(), True),
        ("memory_bandwidth_ratio_to_trainium2", set(), True),
        ("n_sources", set(), True),
        ("winning_value", {"unit"}, True),
        ("winning_value", set(), False),
        ("capacity", set(), False),
        ("price", set(), False),
        ("view", set(), False),
        ("p50", set(), False),
    ],
)
def test_the_unit_rule_itself(column: str, others: set[str], good: bool) -> None:
    assert _names_its_unit(column, others) is good
