"""AWS's price list over HTTP: one download per version, every row of the file accounted for."""

from __future__ import annotations

from typing import Any

import pytest

from settings import REPO

SAMPLE = REPO.parent / "shared" / "samples" / "aws_price_list" / "offers_v1.0_aws_AmazonEC2_current_eu-west-1_index.csv"
FILE = "/offers/v1.0/aws/AmazonEC2/20260728175247/us-east-1/index.csv"
HEADER = (
    "SKU,RateCode,TermType,PriceDescription,EffectiveDate,Unit,PricePerUnit,Currency,Product Family,Location Type,"
    "Region Code,Instance Type,Tenancy,Operating System,License Model,CapacityStatus,MarketOption"
)
GOOD = (
    "A,A.J.6,OnDemand,$35.00 per Hour,2026-07-01,Hrs,35.0000000000,USD,Compute Instance,AWS Region,"
    "us-east-1,p5.48xlarge,Shared,Linux,No License required,Used,OnDemand"
)


def listed(*rows: str) -> bytes:
    return "\n".join(['"Publication Date","2026-07-28T17:52:47Z"', HEADER, GOOD, *rows, ""]).encode()


def of_us_east_1(feed: Any) -> dict[str, Any]:
    feed.fetch()
    (report,) = [r for r in feed.load() if r["part"] == "us_east_1" and str(r["known_from"]) > "2026-09-02"]
    return report


def test_a_version_is_downloaded_once(play) -> None:
    feed = play("aws_price_list")
    assert [(r.part, r.error) for r in feed.fetch() if r.outcome != "fetched"] == []
    files = [path for _, path, _, _ in feed.requests if path.endswith(".csv")]
    assert len(files) == 3
    again = feed.fetch()
    assert {r.version for r in again} == {"20260728175247"}
    assert [path for _, path, _, _ in feed.requests if path.endswith(".csv")] == files
    assert feed.load() != []
    # of the synthetic regions' three rows, Windows and the Capacity Block's zero are none of ours
    assert feed.rows(
        'select _part, "Instance Type", "PricePerUnit" from raw.aws_price_list__ec2 '
        "where _part <> 'us_east_1' order by 1"
    ) == [("us_east_2", "trn1.32xlarge", "21.5000000000"), ("us_west_2", "trn1.32xlarge", "21.5000000000")]


def test_a_file_that_fails_is_told_and_the_others_come(play) -> None:
    feed = play("aws_price_list", routes=[{"path": FILE, "body": b"no", "status": 403}])
    outcomes = {r.part: (r.outcome, r.http_status) for r in feed.fetch()}
    assert outcomes["us_east_1"] == ("failed", 403)
    assert outcomes["us_east_2"][0] == "fetched"


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"some\nheader\nSKU;OfferTermCode\n"])
def test_a_body_without_a_header_is_rejected_whole(play, body: bytes) -> None:
    report = of_us_east_1(play("aws_price_list", routes=[{"path": FILE, "body": body}]))
    assert report["status"] == "rejected"
    assert "starts with SKU" in report["reason"]


def test_each_trap_goes_to_quarantine_with_its_reason(play) -> None:
    traps = {
        "zero_price": GOOD.replace("35.0000000000", "0.0000000000").replace("$35.00", "$0.00"),
        "allowed:Currency": GOOD.replace("USD", "CNY"),
        "allowed:Unit": GOOD.replace("Hrs", "Quantity"),
        "effective_date": GOOD.replace("2026-07-01", "2026/07/01"),
        "rate_code_of_another_sku": GOOD.replace("A.J.6", "B.J.6"),
        "price_description": GOOD.replace("$35.00", "$98.32"),
        "allowed:CapacityStatus": GOOD.replace("Used", "Whatever"),
        "not_null:Operating System": GOOD.replace("Linux", ""),
        "allowed:Operating System": GOOD.replace("Linux", "NA"),
        "no_region": GOOD.replace("AWS Region,us-east-1", ","),
        "implausible_price": GOOD.replace("35.0000000000", "0.0350000000").replace("$35.00", "$0.035"),
        "not_null:TermType": "INVALID",
        "not_null:PricePerUnit": GOOD.replace("35.0000000000", ""),
        "duplicate_row": GOOD,
    }
    old = GOOD.replace("A,A.J.6", "C,C.J.6").replace("2026-07-01", "30/04/2015")
    report = of_us_east_1(play("aws_price_list", routes=[{"path": FILE, "body": listed(old, *traps.values())}]))
    assert (report["status"], report["rows_loaded"]) == ("loaded", 2)
    for rule in traps:
        assert f"{rule} 1" in report["reason"], rule
    assert report["rows_quarantined"] == len(traps)


def test_two_prices_of_one_rate_reject_the_file(play) -> None:
    twice = GOOD.replace("35.0000000000", "36.0000000000").replace("$35.00", "$36.00")
    report = of_us_east_1(play("aws_price_list", routes=[{"path": FILE, "body": listed(twice)}]))
    assert report["status"] == "rejected"
    assert "duplicate_key" in report["reason"]


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payloads are not here")
def test_the_real_reduced_list_with_its_deliberately_broken_rows(play) -> None:
    # it lists no accelerator of ours: c1, p2, t9 and one t2 play them
    body = SAMPLE.read_bytes()
    body = body.replace(b"c1.medium", b"trn1.2xlarge").replace(b"t2.medium", b"p4d.24xlarge")
    body = body.replace(b"p2.", b"p5.").replace(b"t9.", b"g6.")
    report = of_us_east_1(play("aws_price_list", routes=[{"path": FILE, "body": body}]))
    assert report["status"] == "loaded"
    assert (report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (10, 3, 7)
    # INVALID; the row without location; OS NA; capacity N/A at a price of 0; rate codes of others twice; 5 cents
    for rule in ("not_null:TermType 1", "no_region 1", "allowed:Operating System 1", "allowed:CapacityStatus 1",
                 "rate_code_of_another_sku 2", "implausible_price 1"):  # fmt: skip
        assert rule in report["reason"]
