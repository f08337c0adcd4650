"""Reading suites: what is refused, and in which words. great-expectations itself is not needed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.validate import SuiteError, load_suites, validate

CHECK = "  - {expect: ExpectTableRowCountToBeBetween, kwargs: {min_value: 1}, severity: fail, reason: there are rows}\n"


def suite(root: Path, text: str, name: str = "campuses.yml", stage: str = "marts") -> None:
    (root / stage).mkdir(parents=True, exist_ok=True)
    (root / stage / name).write_text(text)


def test_suites_come_in_order_of_table_name(tmp_path):
    suite(tmp_path, f"table: marts.b\nexpectations:\n{CHECK}", "b.yml")
    suite(tmp_path, f"table: marts.a\nexpectations:\n{CHECK}", "a.yml")
    suite(tmp_path, f"table: draws.a\nexpectations:\n{CHECK}", "draws.a.yml")
    assert [s.table for s in load_suites("marts", tmp_path)] == ["draws.a", "marts.a", "marts.b"]
    check = load_suites("marts", tmp_path)[0].checks[0]
    assert (check.expect, check.kwargs, check.severity) == ("ExpectTableRowCountToBeBetween", {"min_value": 1}, "fail")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("table: marts.campuses\n", "exactly two keys"),
        ("table: marts.campuses\nexpectations: []\n", "non-empty"),
        (f"table: marts.other\nexpectations:\n{CHECK}", "named after its table"),
        (
            "table: marts.campuses\nexpectations:\n  - {expect: X, severity: fail}\n",
            "needs expect, severity and reason",
        ),
        (
            "table: marts.campuses\nexpectations:\n  - {expect: X, severity: error, reason: r}\n",
            "severity fail or warn",
        ),
        ("table: marts.campuses\nexpectations:\n  - {expect: X, severity: warn, reason: ' '}\n", "a reason in words"),
        (
            "table: marts.campuses\nexpectations:\n  - {expect: X, severity: warn, reason: r, mostly: 1}\n",
            "expectation 1",
        ),
    ],
)
def test_a_badly_written_suite_is_named(tmp_path, text, words):
    suite(tmp_path, text)
    with pytest.raises(SuiteError, match=words) as failure:
        load_suites("marts", tmp_path)
    assert "campuses.yml" in str(failure.value)


def test_two_suites_for_one_table_are_refused(tmp_path):
    suite(tmp_path, f"table: marts.a\nexpectations:\n{CHECK}", "a.yml")
    suite(tmp_path, f"table: marts.a\nexpectations:\n{CHECK}", "draws.a.yml")
    with pytest.raises(SuiteError, match=r"two suites for the same table: marts\.a"):
        load_suites("marts", tmp_path)


def test_a_stage_or_domain_that_makes_no_sense_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no stage 'core'"):
        validate("core", tmp_path)
    with pytest.raises(ValueError, match="Only the raw stage"):
        validate("marts", tmp_path, domain="pricing")
    with pytest.raises(FileNotFoundError, match="has not run"):
        validate("marts", tmp_path)
