"""SEC EDGAR over HTTP: what is downloaded when, what is refused, and what staging makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from settings import REPO
from tests.integration.dbt import small

SOURCE = REPO / "ingest" / "sources" / "sec_edgar"
SAMPLES = REPO.parent / "shared" / "samples" / "sec_edgar"
MARVELL = "/submissions/CIK0001835632.json"
MARVELL_FACTS = "/api/xbrl/companyfacts/CIK0001835632.json"

real = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")


def asked(feed: Any) -> list[str]:
    return [path for _, path, _, _ in feed.requests]


def failures(records: list[Any]) -> dict[tuple[str, str], str]:
    return {(r.resource, r.part): r.error for r in records if r.outcome != "fetched"}


def with_filing(form: str, accession: str, filed: str) -> bytes:
    """Marvell's list of filings with one more on top."""
    document = json.loads((SOURCE / "sample/2026-06-08/submissions.json").read_text())
    added = {"form": form, "accessionNumber": accession, "filingDate": filed, "reportDate": filed,
             "acceptanceDateTime": f"{filed}T20:00:00.000Z", "isXBRL": 0, "isInlineXBRL": 0, "size": 1,
             "isXBRLNumeric": 0}  # fmt: skip
    for name, values in document["filings"]["recent"].items():
        values.insert(0, added.get(name, ""))
    return json.dumps(document).encode()


def test_a_list_is_asked_once_and_facts_only_for_a_new_filing(play: Any) -> None:
    feed = play("sec_edgar")
    assert failures(feed.fetch()) == {}
    assert sorted(set(asked(feed))) == sorted(asked(feed)), "nothing is asked twice in a round"
    assert sum("companyfacts" in path for path in asked(feed)) == 9
    assert sum("/Archives/" in path for path in asked(feed)) == 2
    feed.requests.clear()
    again = feed.fetch()
    assert failures(again) == {}
    assert {path.split("/")[1] for path in asked(feed)} == {"submissions"}
    assert {r.version for r in again if r.resource == "companyfacts" and r.part == "mrvl"} == {"0001835632-26-000019"}


@pytest.mark.parametrize(
    ("form", "is_new"), [("4", False), ("144", False), ("8-K", True), ("10-Q/A", True), ("6-K", True)]
)
def test_only_a_filing_with_figures_makes_the_facts_worth_a_download(play: Any, form: str, is_new: bool) -> None:
    feed = play("sec_edgar")
    feed.fetch()
    later = play("sec_edgar", [{"path": MARVELL, "body": with_filing(form, "0001835632-26-900001", "2026-06-09")}])
    assert failures(later.fetch()) == {}
    assert (MARVELL_FACTS in asked(later)) is is_new


@real
@pytest.mark.parametrize(("status", "advice"), [(200, "set GIGAWATCH_USER_AGENT"), (403, "HTTP 403")])
def test_a_page_for_people_fails_its_company_only(play: Any, status: int, advice: str) -> None:
    page = {"path": MARVELL, "file": str(SAMPLES / "SEC.AutomatedTool.html"), "status": status}
    feed = play("sec_edgar", [page])
    failed = failures(feed.fetch())
    assert set(failed) == {("submissions", "mrvl"), ("companyfacts", "mrvl")}
    assert all(advice in error for error in failed.values())
    assert {r["status"] for r in feed.load()} == {"loaded"}


def test_another_companys_answer_fails_and_is_not_archived(play: Any) -> None:
    nvidia = {"path": "/submissions/CIK0001045810.json", "file": "sample/2026-06-08/submissions.json"}
    feed = play("sec_edgar", [nvidia])
    failed = failures(feed.fetch())
    assert set(failed) == {("submissions", "nvda"), ("companyfacts", "nvda")}
    assert all("expected a name with 'nvidia'; correct the cik" in error for error in failed.values())
    feed.load()
    assert feed.rows("select count(*) from raw.sec_edgar__submissions where _part = 'nvda'") == [(0,)]


@real
def test_the_real_payloads_load_whole(play: Any) -> None:
    feed = play("sec_edgar", [
        {"path": MARVELL, "file": str(SAMPLES / "submissions_CIK0001835632.json")},
        {"path": MARVELL_FACTS, "file": str(SAMPLES / "companyfacts_CIK0001835632.json")},
    ])  # fmt: skip
    assert failures(feed.fetch()) == {}
    reports = {r["resource"]: r for r in feed.load() if r["part"] == "mrvl" and r["vintage_kind"] == "live"}
    assert {name: (r["rows_in"], r["rows_loaded"], r["reason"]) for name, r in reports.items()} == {
        "submissions": (787, 787, None),
        "companyfacts": (8053, 8053, None),
    }
    known = "select _known_from::date = filed::date from raw.sec_edgar__companyfacts where _part = 'mrvl'"
    assert set(feed.rows(known)) == {(True,)}


def test_rows_that_break_a_rule_are_set_aside(play: Any) -> None:
    document = json.loads((SOURCE / "sample/2026-06-08/companyfacts.json").read_text())
    facts = document["facts"]["us-gaap"]["InventoryNet"]["units"]["USD"]
    facts[0] |= {"accn": "1835632-21-10"}
    facts[1] |= {"val": "about 268 million"}
    facts[2] |= {"filed": "12/03/2021"}
    facts[3] |= {"start": "2021-05-01"}
    del facts[4]["val"]
    feed = play("sec_edgar", [{"path": MARVELL_FACTS, "body": json.dumps(document).encode()}])
    feed.fetch()
    feed.load()
    assert dict(feed.rows("select rule, count(*) from raw.quarantine group by rule")) == {
        "accession_format": 1, "type:val": 1, "type:filed": 1, "end_before_start": 1, "not_null:val": 1,
    }  # fmt: skip


def build(home: Path, as_of: str) -> duckdb.DuckDBPyConnection:
    return small.build(home, as_of, "run", "--select", "path:models/staging/sec", "int_sec__quarterly_facts")


@real
def test_staging_of_the_real_facts(play: Any, home: Path) -> None:
    """Every version is kept and dated, our calendar quarters are SEC's frames, quarters add up to years."""
    feed = play("sec_edgar", [
        {"path": MARVELL, "file": str(SAMPLES / "submissions_CIK0001835632.json")},
        {"path": MARVELL_FACTS, "file": str(SAMPLES / "companyfacts_CIK0001835632.json")},
    ])  # fmt: skip
    feed.fetch()
    feed.load()
    facts = "staging.stg_sec__facts where ticker = 'MRVL'"
    with build(home, "2027-01-01") as con:
        assert con.execute(f"select count(*) from {facts}").fetchall() == [(8053,)]
        changed = f"select distinct taxonomy, tag, unit, start_date, end_date from {facts} and is_restated"
        assert con.execute(f"select count(*) from ({changed})").fetchall() == [(467,)]
        frames = f"""
            select frame = 'CY' || calendar_quarter || if(is_instant, 'I', ''), count(*) from {facts}
                and frame like '%Q%' and (is_quarter or is_instant) group by 1
        """
        assert con.execute(frames).fetchall() == [(True, 2956)]
        quarters = """
            select quarter_end_date::varchar, round(value_usd / 1e6, 1), is_derived
            from intermediate.int_sec__quarterly_facts where ticker = 'MRVL' and metric = 'revenue'
                and quarter_end_date between '2024-05-04' and '2025-02-01' order by 1
        """
        assert con.execute(quarters).fetchall() == [
            ("2024-05-04", 1160.9, False), ("2024-08-03", 1272.9, False), ("2024-11-02", 1516.1, False),
            ("2025-02-01", 1817.4, True),
        ]  # fmt: skip
