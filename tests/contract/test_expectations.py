"""Every table of the four stages is guarded, and every guard says how grave it is and why it must hold."""

from __future__ import annotations

import re
from pathlib import Path

import great_expectations.expectations as gxe
import pytest
import yaml

from expectations.validate import LEDGERS, STAGES, load_suites
from ingest import contracts

REPO = Path(__file__).resolve().parents[2]
DBT_MODELS = REPO / "dbt" / "models"
SUITES = {stage: {suite.table: suite for suite in load_suites(stage)} for stage in STAGES}
CHECKS = [
    pytest.param(suite, check, id=f"{stage}-{suite.table}-{number}")
    for stage in STAGES
    for suite in SUITES[stage].values()
    for number, check in enumerate(suite.checks)
]


def aliases() -> dict[str, str]:
    """Models whose table has another name than their file, by model name."""
    found = {}
    for path in DBT_MODELS.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            if alias := (model.get("config") or {}).get("alias"):
                found[model["name"]] = alias
    for path in DBT_MODELS.rglob("*.sql"):
        if match := re.search(r"alias\s*=\s*['\"](\w+)['\"]", path.read_text(encoding="utf-8")):
            found[path.stem] = match.group(1)
    return found


def tables(folder: str) -> set[str]:
    names = aliases()
    return {f"{folder}.{names.get(path.stem, path.stem)}" for path in (DBT_MODELS / folder).rglob("*.sql")}


def raw_tables() -> set[str]:
    resources = {
        f"raw.{source.source}__{resource.resource}"
        for source in contracts.load_all(contracts.SOURCES)
        for resource in source.resources
    }
    return resources | set(LEDGERS)


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("raw", raw_tables()),
        ("staging", tables("staging")),
        ("marts", tables("marts") | tables("draws")),
        ("published", tables("marts") | tables("draws") | {"marts.validation_results", "pit.releases"}),
    ],
)
def test_every_table_has_a_suite_and_every_suite_a_table(stage, expected):
    assert set(SUITES[stage]) == expected


@pytest.mark.parametrize(("suite", "check"), CHECKS)
def test_every_expectation_can_be_run_and_is_reasoned(suite, check):
    expectation = getattr(gxe, check.expect, None)
    assert expectation is not None, f"{suite.path}: great-expectations has no {check.expect}"
    expectation(**check.kwargs)
    assert len(check.reason.split()) >= 4, f"{suite.path}: {check.expect}: a reason is a sentence"


@pytest.mark.parametrize("stage", STAGES)
def test_every_suite_can_stop_the_line(stage):
    assert [
        suite.table for suite in SUITES[stage].values() if not any(c.severity == "fail" for c in suite.checks)
    ] == []


def test_sql_checks_look_at_the_batch_only():
    """A query that names its table would see all rows where only those of a domain are asked for."""
    queries = [
        (suite.path, check.kwargs["unexpected_rows_query"])
        for stage in STAGES
        for suite in SUITES[stage].values()
        for check in suite.checks
        if "unexpected_rows_query" in check.kwargs
    ]
    assert [
        path
        for path, query in queries
        if "{batch}" not in query or re.search(r"\b(raw|staging|marts|draws|pit)\.\w", query)
    ] == []
