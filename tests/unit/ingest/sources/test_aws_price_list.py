"""AWS's price list: the way to the file in force, the header wherever it stands, and every row accounted for."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import contracts, wire
from settings import REPO

SOURCE = contracts.load_source("aws_price_list")
CONNECTOR = contracts.connector(SOURCE)
(RESOURCE,) = SOURCE.resources
SAMPLES = REPO.parent / "shared" / "samples" / "aws_price_list"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
HEADER = (
    "SKU", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "Unit", "PricePerUnit", "Currency",
    "Product Family", "Location Type", "Region Code", "Instance Type", "Tenancy", "Operating System",
    "Pre Installed S/W", "License Model", "CapacityStatus", "MarketOption",
)  # fmt: skip
GOOD = {
    "SKU": "A", "RateCode": "A.JRTCKXETXF.6YS6EN2CT7", "TermType": "OnDemand", "EffectiveDate": "2026-07-01",
    "PriceDescription": "$35.00 per On Demand Linux p5.48xlarge Instance Hour", "Unit": "Hrs",
    "PricePerUnit": "35.0000000000", "Currency": "USD", "Product Family": "Compute Instance",
    "Location Type": "AWS Region", "Region Code": "us-east-1", "Instance Type": "p5.48xlarge", "Tenancy": "Shared",
    "Operating System": "Linux", "Pre Installed S/W": "NA", "License Model": "No License required",
    "CapacityStatus": "Used", "MarketOption": "OnDemand",
}  # fmt: skip


def written(
    folder: Path, rows: Sequence[dict[str, str]], header: Sequence[str] = HEADER, preamble: Sequence[str] | None = None
) -> Path:
    lines = ['"Publication Date","2026-07-28T17:52:47Z"', '"Version","20260728175247"']
    lines = list(lines if preamble is None else preamble)
    lines += [",".join(f'"{cell}"' for cell in header)]
    lines += [",".join(f'"{row.get(name, "")}"' for name in header) for row in rows]
    path = folder / "index.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as con:
        found = con.execute(CONNECTOR.relation(path, "ec2", "us_east_1"))
        names = [column[0] for column in found.description]
        assert {column[1] for column in found.description} == {"VARCHAR"}
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def converse(index: object, region: str = "us-east-1", folder: Path | None = None) -> list[wire.Request]:
    """Play the kit; returns the requests."""
    assert folder is not None
    talk = CONNECTOR.requests("ec2", {"region": region}, NOW)
    asked = [next(talk)]
    answer = folder / "index.json"
    answer.write_text(json.dumps(index), encoding="utf-8")
    try:
        asked.append(talk.send(wire.Answer("u", answer, "application/json", {})))
        talk.send(wire.Answer("u", answer, "text/csv", {}))
    except StopIteration:
        return asked
    raise AssertionError("the connector asks for ever")


# --- the way to the file


def test_the_version_in_the_link_makes_the_file_fetched_once(tmp_path: Path) -> None:
    link = "/offers/v1.0/aws/AmazonEC2/20260728175247/us-east-1/index.json"
    first, second = converse({"regions": {"us-east-1": {"currentVersionUrl": link}}}, folder=tmp_path)
    assert not first.is_kept
    assert (second.path, second.version, second.is_kept) == (link.replace(".json", ".csv"), "20260728175247", True)


def test_a_link_without_a_version_is_asked_for_each_time(tmp_path: Path) -> None:
    link = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/us-east-1/index.json"
    _, second = converse({"regions": {"us-east-1": {"currentVersionUrl": link}}}, folder=tmp_path)
    assert (second.path, second.version) == (link.replace(".json", ".csv"), None)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ({"message": "no"}, "not a region index"),
        ([], "not a region index"),
        ({"regions": {"eu-west-1": {}}}, "names no price list of us-east-1; it has eu-west-1"),
        ({"regions": {"us-east-1": {"currentVersionUrl": None}}}, "names no price list"),
        ({"regions": {"us-east-1": {"currentVersionUrl": "/offers/v1.0/aws/AmazonEC2/1/empty.json"}}}, "leads to"),
    ],
)
def test_an_index_that_leads_nowhere_says_so(tmp_path: Path, index: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        converse(index, folder=tmp_path)


def test_the_real_region_index(tmp_path: Path) -> None:
    path = SAMPLES / "offers_v1.0_aws_AmazonEC2_current_region_index.json"
    if not path.is_file():
        pytest.skip("the real payloads are not here")
    index = json.loads(path.read_text(encoding="utf-8"))
    _, second = converse(index, "eu-west-1", tmp_path)
    assert second.path == "/offers/v1.0/aws/AmazonEC2/current/eu-west-1/index.csv"
    with pytest.raises(ValueError, match=r"empty\.json"):  # how that test server says a region has none
        converse(index, "us-east-1", tmp_path)


# --- the file


def test_the_bundled_prices_are_those_written_down() -> None:
    found = {}
    for bundled in contracts.bundled_files(SOURCE, RESOURCE):
        for row in read(bundled.path):
            found[row["Instance Type"]] = (row["PricePerUnit"], row["SKU"], row["Version"])
    assert found == {
        "p5.48xlarge": ("55.0400000000", "3D4V8UAYEMB38GU2", "20260728175247"),
        "p4d.24xlarge": ("21.9576420000", "H7NGEAC6UEHNTKSJ", "20260728175247"),
        "trn1.32xlarge": ("21.5000000000", "WVVQPJVCQU4SR8XF", None),
    }


def test_the_header_is_found_by_its_words_also_in_a_gzip(tmp_path: Path) -> None:
    preamble = ["sep=,", "some", "header", '"Publication Date","2026-07-28T17:52:47Z"', "", '"a, b","c"', "AWS"]
    path = written(tmp_path, [GOOD], preamble=preamble)
    packed = path.with_name("index.csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, packed):
        (row,) = read(file)
        assert (row["PricePerUnit"], row["Publication Date"], row["Version"]) == (
            "35.0000000000", "2026-07-28T17:52:47Z", None,
        )  # fmt: skip


def test_columns_go_by_name_and_may_lack(tmp_path: Path) -> None:
    header = ["SKU", *reversed(HEADER[1:])]
    header = ["Region code" if name == "Region Code" else name for name in header if name != "MarketOption"]
    (row,) = read(written(tmp_path, [GOOD | {"Region code": "us-east-1"}], header))
    assert (row["Region Code"], row["MarketOption"], row["GPU"], row["Instance Type"]) == (
        "us-east-1", None, None, "p5.48xlarge",
    )  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"TermType": "Reserved"},
        {"Instance Type": "m7i.large"},
        {"Instance Type": "gr6.4xlarge"},
        {"Instance Type": "", "Product Family": "Storage"},
        {"Tenancy": "Dedicated"},
        {"Tenancy": "Host"},
        {"Operating System": "Windows"},
        {"Operating System": "RHEL"},
        {"Pre Installed S/W": "SQL Std"},
        {"License Model": "Bring your own license"},
        {"CapacityStatus": "UnusedCapacityReservation"},
        {"CapacityStatus": "AllocatedCapacityReservation", "PricePerUnit": "0.0000000000"},
        {"MarketOption": "CapacityBlock", "PricePerUnit": "0.0000000000"},
        {"Location Type": "AWS Local Zone"},
    ],
)
def test_what_is_by_its_own_words_another_product_is_left_out(tmp_path: Path, other: dict[str, str]) -> None:
    assert read(written(tmp_path, [GOOD | other])) == []


@pytest.mark.parametrize("family", ["trn2.48xlarge", "trn3.3xlarge", "inf2.xlarge", "p4d.24xlarge", "p6-b200.48xlarge",
                                    "u-p6e-gb200x72", "g6e.xlarge", "g7e.2xlarge"])  # fmt: skip
def test_the_families_that_count(tmp_path: Path, family: str) -> None:
    assert len(read(written(tmp_path, [GOOD | {"Instance Type": family}]))) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "starts with SKU"),
        (b"<html><body>Service Unavailable</body></html>", "starts with SKU"),
        (b"\xff\xfe\x00bad", "line 1 is not CSV in UTF-8"),
        (b"SKU,TermType\nA,OnDemand\n", "lacks Unit, PricePerUnit, Currency"),
        (b"SKU,Term Type,TermType\nA,OnDemand\n", "names a column twice"),
    ],
)
def test_what_is_no_price_list_is_turned_down(tmp_path: Path, body: bytes, words: str) -> None:
    path = tmp_path / "index.csv"
    path.write_bytes(body)
    with pytest.raises(ValueError, match=words):
        CONNECTOR.relation(path, "ec2", "us_east_1")


@pytest.mark.parametrize("name", ["index-error.csv", "index-header-not-found.csv"])
def test_the_real_error_bodies_are_turned_down(name: str) -> None:
    if not (SAMPLES / name).is_file():
        pytest.skip("the real payloads are not here")
    with pytest.raises(ValueError, match="none of the first 50 lines is a header that starts with SKU"):
        CONNECTOR.relation(SAMPLES / name, "ec2", "us_east_1")


def test_the_real_reduced_list_leaves_only_its_broken_line() -> None:
    path = SAMPLES / "offers_v1.0_aws_AmazonEC2_current_eu-west-1_index.csv"
    if not path.is_file():
        pytest.skip("the real payloads are not here")
    (row,) = read(path)  # it lists no accelerator of ours
    assert {name: cell for name, cell in row.items() if cell} == {"SKU": "INVALID"}
