"""SEC EDGAR: what is asked of it, and how its answers become rows; the real Marvell payloads where they are at hand."""

from __future__ import annotations

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest import contracts, wire
from ingest.wire import Answer, Request
from settings import REPO

SOURCE = contracts.load_source("sec_edgar")
RESOURCES = {resource.resource: resource for resource in SOURCE.resources}
CONNECTOR = contracts.connector(SOURCE)
SAMPLES = REPO.parent / "shared" / "samples" / "sec_edgar"
INSTANCE = (SOURCE.folder / "replay" / "amzn-20221231_htm.xml").read_bytes()
INDEX = (SOURCE.folder / "replay" / "index_0001018724-23-000004.json").read_bytes()
NOW = datetime(2026, 6, 8, 6, tzinfo=UTC)
MARVELL = {"cik": "0001835632", "name_has": "marvell"}
AMAZON = {"cik": "0001018724", "name_has": "amazon"}

real = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")


def bundled(resource: str, part: str) -> bytes:
    files = contracts.bundled_files(SOURCE, RESOURCES[resource])
    return next(file.path for file in files if file.sidecar.part == part).read_bytes()


def rows(data: bytes, resource: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = CONNECTOR.parse(data, resource).to_pylist()
    return parsed


def bound(*pages: bytes, tmp_path: Path) -> bytes:
    files = [tmp_path / f"{number}" for number in range(len(pages))]
    for file, page in zip(files, pages, strict=True):
        file.write_bytes(page)
    book = io.BytesIO()
    wire.bind_pages(files, book)
    return book.getvalue()


def converse(
    resource: str, part: Mapping[str, str], answers: Mapping[str, bytes], tmp_path: Path, now: datetime = NOW
) -> list[Request]:
    """Play the fetch: answer each request by its path; returns all requests made."""
    talk = CONNECTOR.requests(resource, part, now)
    made: list[Request] = []
    file = tmp_path / "answer"
    try:
        request = next(talk)
        while True:
            made.append(request)
            file.write_bytes(answers[request.path])
            request = talk.send(Answer(request.path, file, None, {}))
    except StopIteration:
        return made


def filings(**arrays: list[Any]) -> bytes:
    """A list of filings with these arrays, all others empty texts."""
    length = len(arrays["form"])
    recent = {name: arrays.get(name, [""] * length) for name in CONNECTOR.FILING_ARRAYS}
    body = {"cik": "0001835632", "name": "Marvell Technology, Inc.", "fiscalYearEnd": "0130"}
    return json.dumps(body | {"filings": {"recent": recent, "files": []}}).encode()


SUBMISSIONS = "/submissions/CIK0001835632.json"
FACTS = "/api/xbrl/companyfacts/CIK0001835632.json"


@pytest.fixture
def marvell() -> dict[str, bytes]:
    return {SUBMISSIONS: bundled("submissions", "mrvl"), FACTS: bundled("companyfacts", "mrvl")}


# --- what is bundled


@pytest.mark.parametrize("resource", sorted(RESOURCES))
def test_bundled_files_have_the_contracted_columns(resource: str) -> None:
    for file in contracts.bundled_files(SOURCE, RESOURCES[resource]):
        names = CONNECTOR.parse(file.path.read_bytes(), resource).column_names
        assert names == [column.name for column in RESOURCES[resource].columns]


def test_the_bundled_segment_figures_are_the_two_answers_of_the_replay(tmp_path: Path) -> None:
    assert wire.pages(bundled("segment_facts", "amzn")) == [INDEX, INSTANCE]
    assert bundled("segment_facts", "amzn") == bound(INDEX, INSTANCE, tmp_path=tmp_path)


def test_parts_name_their_company() -> None:
    assert RESOURCES["companyfacts"].parts == RESOURCES["submissions"].parts
    for part in RESOURCES["submissions"].parts.values():
        assert re.fullmatch(r"\d{10}", part["cik"])
        assert part["name_has"] == part["name_has"].lower()


# --- what is asked


def test_the_list_of_filings_is_kept_only_as_itself(marvell: dict[str, bytes], tmp_path: Path) -> None:
    (asked,) = converse("submissions", MARVELL, marvell, tmp_path)
    assert (asked.path, asked.is_kept, asked.version) == (SUBMISSIONS, True, None)


def test_facts_are_versioned_by_the_newest_financial_filing(marvell: dict[str, bytes], tmp_path: Path) -> None:
    asked, facts = converse("companyfacts", MARVELL, marvell, tmp_path)
    assert (asked.path, asked.is_kept) == (SUBMISSIONS, False)
    # not the Form 4 and 144 filed after it
    assert (facts.path, facts.is_kept, facts.version) == (FACTS, True, "0001835632-26-000019")


@pytest.mark.parametrize("form", ["10-Q", "10-K", "8-K", "6-K", "20-F", "40-F", "10-K/A"])
def test_each_financial_form_makes_a_new_version(form: str, marvell: dict[str, bytes], tmp_path: Path) -> None:
    marvell[SUBMISSIONS] = filings(
        form=["4", form, "10-Q"], accessionNumber=["c", "b", "a"], filingDate=["2026-06-07", "2026-01-02", "2026-01-01"]
    )
    assert converse("companyfacts", MARVELL, marvell, tmp_path)[1].version == "b"


def test_facts_that_lag_a_fresh_filing_are_not_kept_as_its_facts(marvell: dict[str, bytes], tmp_path: Path) -> None:
    marvell[SUBMISSIONS] = filings(
        form=["10-Q"], accessionNumber=["0001835632-26-000099"], filingDate=["2026-06-07"], isXBRL=[1]
    )
    with pytest.raises(ValueError, match="do not hold the 10-Q of 2026-06-07 yet"):
        converse("companyfacts", MARVELL, marvell, tmp_path)
    later = datetime(2026, 6, 20, tzinfo=UTC)  # so late the filing has no facts of its own
    assert len(converse("companyfacts", MARVELL, marvell, tmp_path, later)) == 2


@pytest.mark.parametrize("resource", ["submissions", "companyfacts", "segment_facts"])
def test_a_wrong_cik_fails_loudly(resource: str, marvell: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"CIK 0001835632 is 'Marvell .*', expected a name with 'nvidia'"):
        converse(resource, MARVELL | {"name_has": "nvidia"}, marvell, tmp_path)


def test_facts_of_another_company_fail_loudly(marvell: dict[str, bytes], tmp_path: Path) -> None:
    marvell[FACTS] = bundled("companyfacts", "amzn")
    with pytest.raises(ValueError, match=r"is 'AMAZON.COM, INC.'"):
        converse("companyfacts", MARVELL, marvell, tmp_path)


def test_segments_come_from_the_instance_of_the_newest_report(tmp_path: Path) -> None:
    folder = "/Archives/edgar/data/1018724/000101872423000004"
    answers = {
        "/submissions/CIK0001018724.json": bundled("submissions", "amzn"),
        f"{folder}/index.json": INDEX,
        f"{folder}/amzn-20221231_htm.xml": INSTANCE,
    }
    asked, *kept = converse("segment_facts", AMAZON, answers, tmp_path)
    assert not asked.is_kept
    assert [(r.path, r.host, r.is_kept, r.version) for r in kept] == [
        (path, "www", True, "0001018724-23-000004") for path in list(answers)[1:]
    ]


@pytest.mark.parametrize("resource", ["submissions", "companyfacts"])
def test_the_synthetic_stand_in_is_no_company(resource: str) -> None:
    data = (SOURCE.folder / "replay" / f"synthetic_{resource}.json").read_bytes()
    assert {row["cik"].strip("0") for row in rows(data, resource)} == {""}
    assert b"synthetic stand-in" in data.lower()


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], r"names \[\]"),
        (["a_htm.xml", "b_htm.xml"], "one XBRL instance"),
        (["../../x_htm.xml"], "one XBRL instance"),
    ],
)
def test_a_filing_without_exactly_one_plain_instance_is_refused(items: list[str], message: str) -> None:
    directory = {"name": "/Archives/edgar/data/1018724/000101872423000004", "item": [{"name": name} for name in items]}
    with pytest.raises(ValueError, match=message):
        CONNECTOR._instance_name({"directory": directory})


# --- pages for people instead of data


@real
@pytest.mark.parametrize("resource", sorted(RESOURCES))
@pytest.mark.parametrize(
    ("file", "advice"),
    [
        ("SEC.AutomatedTool.html", "set GIGAWATCH_USER_AGENT to your name and e-mail"),
        ("rate-exceeded.html", "blocks it for 10 minutes, and longer while requests go on"),
    ],
)
def test_the_pages_of_sec_are_refused_with_advice(resource: str, file: str, advice: str, tmp_path: Path) -> None:
    page = (SAMPLES / file).read_bytes()
    with pytest.raises(ValueError, match=advice):
        CONNECTOR.parse(bound(INDEX, page, tmp_path=tmp_path) if resource == "segment_facts" else page, resource)
    with pytest.raises(ValueError, match=advice):
        converse(resource, MARVELL, {SUBMISSIONS: page}, tmp_path)


@real
def test_the_error_document_of_an_unknown_cik_is_refused() -> None:
    response = yaml.safe_load((SAMPLES / "cassette_404.yaml").read_text())["interactions"][0]["response"]
    assert response["status"]["code"] == 404
    with pytest.raises(ValueError, match=r"no such file \(NoSuchKey\); check the cik"):
        CONNECTOR.parse(response["body"]["string"].encode(), "submissions")


@pytest.mark.parametrize("resource", ["submissions", "companyfacts"])
@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b"<html>busy</html>", b'{"cik": 1, "entityName": "x", "facts": {}}']
)
def test_anything_else_is_refused(resource: str, data: bytes) -> None:
    with pytest.raises(ValueError, match=resource):
        CONNECTOR.parse(data, resource)


# --- filings


def test_arrays_of_unequal_length_are_refused() -> None:
    data = filings(form=["4", "4"], filingDate=["2026-01-01"])
    with pytest.raises(ValueError, match="unequal lengths"):
        CONNECTOR.parse(data, "submissions")


def test_a_new_array_becomes_a_column_and_a_lost_one_is_missing() -> None:
    document = json.loads(bundled("submissions", "mrvl"))
    document["filings"]["recent"]["isNew"] = [True] * 31
    table = CONNECTOR.parse(json.dumps(document).encode(), "submissions")
    assert table.column_names[-1] == "isNew"
    assert set(table["isNew"].to_pylist()) == {"true"}


@real
def test_the_real_filings_flatten_whole() -> None:
    data = (SAMPLES / "submissions_CIK0001835632.json").read_bytes()
    parsed = rows(data, "submissions")
    recent = json.loads(data)["filings"]["recent"]
    assert len(recent) == 16
    assert len(parsed) == len(recent["form"]) == 787
    for name, values in recent.items():
        assert [row[name] for row in parsed] == [None if value is None else str(value) for value in values]
    assert {row["fiscalYearEnd"] for row in parsed} == {"0130"}
    assert sum(row["form"] == "8-K" and "2.02" in row["items"].split(",") for row in parsed) > 20
    of_bundle = {tuple(row.items()) for row in rows(bundled("submissions", "mrvl"), "submissions")}
    assert of_bundle <= {tuple(row.items()) for row in parsed}


# --- facts


def test_figures_keep_their_digits_and_absence_is_null() -> None:
    facts = [
        {"end": "2026-01-31", "val": 0.10, "accn": "a", "fy": None, "form": "DEF 14A", "filed": "2026-05-13"},
        {"start": "2025-02-02", "end": "2026-01-31", "val": 8194600000, "accn": "b", "filed": "2026-03-11"},
    ]
    body = {"cik": 1, "entityName": "X", "facts": {"us-gaap": {"T": {"units": {"USD": facts}}}}}
    text = json.dumps(body).replace("0.1,", "0.10,")
    first, second = rows(text.encode(), "companyfacts")
    assert (first["val"], first["start"], first["fy"], first["frame"]) == ("0.10", None, None, None)
    assert (second["val"], second["start"]) == ("8194600000", "2025-02-02")


@real
def test_the_real_facts_flatten_whole_and_restatements_are_rows() -> None:
    parsed = rows((SAMPLES / "companyfacts_CIK0001835632.json").read_bytes(), "companyfacts")
    assert Counter(row["taxonomy"] for row in parsed) == {
        "us-gaap": 7969, "ecd": 35, "dei": 26, "srt": 17, "ffd": 6,
    }  # fmt: skip
    key = RESOURCES["companyfacts"].key
    assert len({tuple(row[name] for name in key) for row in parsed}) == len(parsed) == 8053
    values: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in parsed:
        if row["taxonomy"] == "us-gaap":
            values[row["tag"], row["unit"], row["start"], row["end"]].add(row["val"])
    assert (sum(len(different) > 1 for different in values.values()), len(values)) == (467, 4512)
    of_bundle = {tuple(row.items()) for row in rows(bundled("companyfacts", "mrvl"), "companyfacts")}
    assert of_bundle <= {tuple(row.items()) for row in parsed}


@real
def test_sec_sends_nothing_to_ask_conditionally_with() -> None:
    text = (SAMPLES / "cassette_marvell_companyfacts_submissions.yaml").read_text()
    headers = re.findall(r"^      ([a-z-]+):$", text, re.MULTILINE)
    assert headers.count("content-length") == 2
    assert not {"etag", "last-modified"} & set(headers)


# --- segments


def segment(data: bytes, tmp_path: Path) -> list[dict[str, Any]]:
    return rows(bound(INDEX, data, tmp_path=tmp_path), "segment_facts")


def test_aws_figures_and_their_cuts(tmp_path: Path) -> None:
    parsed = segment(INSTANCE, tmp_path)
    assert {(row["accession"], row["form"], row["document_period_end"], row["cik"]) for row in parsed} == {
        ("0001018724-23-000004", "10-K", "2022-12-31", "0001018724")
    }
    aws = {
        (row["concept"].split(":")[1], row["start"], row["other_dimensions"]): (
            row["value"], row["decimals"], row["unit"],
        )
        for row in parsed
        if row["segment_member"] == "amzn:AmazonWebServicesSegmentMember" and row["end"] == "2022-12-31"
    }
    operating = "srt:ConsolidationItemsAxis=us-gaap:OperatingSegmentsMember"
    by_type = f"{operating};us-gaap:PropertyPlantAndEquipmentByTypeAxis=amzn:"
    usd = "iso4217:USD"
    year = "2022-01-01"
    assert aws == {
        ("RevenueFromContractWithCustomerExcludingAssessedTax", year, None): ("80096000000", "-6", usd),
        ("CostsAndExpenses", year, None): ("57255000000", "-6", usd),
        ("OperatingIncomeLoss", year, None): ("22841000000", "-6", usd),
        ("PropertyPlantAndEquipmentAdditions", year, operating): ("27755000000", "-6", usd),
        ("PropertyPlantAndEquipmentAdditions", year, f"{by_type}AssetsHeldUnderFinanceLeasesMember"): (
            "253000000", "-6", usd,
        ),
        ("PropertyPlantAndEquipmentAdditions", year, f"{by_type}AssetsUnderFinancingObligationsMember"): (
            "20000000", "-6", usd,
        ),
    }  # fmt: skip
    assert "513983000000" not in {row["value"] for row in parsed}, "a figure of the whole company is no segment's"


def test_a_balance_a_quotient_and_a_repeated_number(tmp_path: Path) -> None:
    balance = b"""
      <context id="b"><entity><identifier scheme="x">0001018724</identifier><segment>
        <xbrldi:explicitMember dimension="us-gaap:StatementBusinessSegmentsAxis"> amzn:AmazonWebServicesSegmentMember
        </xbrldi:explicitMember></segment></entity><period><instant>2022-12-31</instant></period></context>
      <unit id="q"><divide><unitNumerator><measure>iso4217:USD</measure></unitNumerator>
        <unitDenominator><measure>xbrli:shares</measure></unitDenominator></divide></unit>
      <us-gaap:Assets contextRef="b" decimals="-6" unitRef="usd">88491000000</us-gaap:Assets>
      <us-gaap:Assets contextRef="b" decimals="-6" unitRef="usd">88491000000</us-gaap:Assets>
      <us-gaap:Assets contextRef="b" decimals="-9" unitRef="usd">88000000000</us-gaap:Assets>
      <us-gaap:EarningsPerShareBasic contextRef="b" decimals="2" unitRef="q">1.50</us-gaap:EarningsPerShareBasic>
    </xbrl>"""
    added = segment(INSTANCE.replace(b"</xbrl>", balance), tmp_path)[-3:]
    assert [(row["start"], row["end"], row["value"], row["decimals"], row["unit"]) for row in added] == [
        (None, "2022-12-31", "88491000000", "-6", "iso4217:USD"),
        (None, "2022-12-31", "88000000000", "-9", "iso4217:USD"),
        (None, "2022-12-31", "1.50", "2", "iso4217:USD/xbrli:shares"),
    ]
    assert added[0]["segment_member"] == "amzn:AmazonWebServicesSegmentMember"


def test_a_prefix_of_its_own_for_xbrl_is_read_alike(tmp_path: Path) -> None:
    names = "xbrl|context|entity|identifier|segment|period|startDate|endDate|unit|measure"
    prefixed = re.sub(rf"<(/?)({names})(?=[\s>])", r"<\1xbrli:\2", INSTANCE.decode())
    prefixed = prefixed.replace('xmlns="http://www.xbrl.org', 'xmlns:xbrli="http://www.xbrl.org')
    assert segment(prefixed.encode(), tmp_path) == segment(INSTANCE, tmp_path)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<xbrl xmlns="http://www.xbrl.org/2003/instance">&b;</xbrl>"""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB, "DOCTYPE or ENTITY"),
        (b"<! doctype x>" + INSTANCE, "DOCTYPE or ENTITY"),
        (BOMB.decode().encode("utf-16"), "not UTF-8"),
        (INSTANCE.replace(b'encoding="utf-8"', b'encoding="utf-7"'), "not UTF-8"),
        (INSTANCE[: len(INSTANCE) // 2], "not well-formed"),
        (b"", "not well-formed"),
        (b"<other/>", "no XBRL instance"),
        (INSTANCE.replace(b"StatementBusinessSegmentsAxis", b"OtherAxis"), "no fact with the dimension"),
        (INSTANCE.replace(b'contextRef="aws-2022"', b'contextRef="gone"'), "context 'gone' of us-gaap"),
    ],
)
def test_an_instance_that_is_none_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        segment(data, tmp_path)


def test_an_oversized_instance_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONNECTOR, "MAX_INSTANCE_BYTES", 1000)
    with pytest.raises(ValueError, match="more than 1000"):
        segment(INSTANCE, tmp_path)


def test_an_instance_without_its_index_has_no_accession_and_is_refused() -> None:
    with pytest.raises(ValueError, match="index and its instance"):
        CONNECTOR.parse(INSTANCE, "segment_facts")


@real
def test_the_taxonomy_of_amazon_knows_the_members() -> None:
    taxonomy = (SAMPLES / "amzn-20221231.xsd").read_text()
    members = {row["segment_member"].split(":")[1] for row in rows(bundled("segment_facts", "amzn"), "segment_facts")}
    assert members == {"AmazonWebServicesSegmentMember", "NorthAmericaSegmentMember"}
    for member in members:
        assert f'name="{member}"' in taxonomy
