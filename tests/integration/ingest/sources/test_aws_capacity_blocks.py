"""The Capacity Block page over HTTP, and prices entered by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PATH = "/ec2/capacityblocks/pricing/"
HEADER = "Instance Type|Region|Effective Instance Hourly Rate|Effective Accelerator Hourly Rate|GPU"
OVERRIDES = "instance_type,region,price_usd_per_hour,effective_from,valid_until,known_from,source_url,publisher,note"
ENTRY = "trn2.48xlarge,us-east-2,36,2026-11-01,,2026-11-02,https://aws.amazon.com/ec2/capacityblocks/pricing/,aws.amazon.com,"


def page(*rows: str) -> bytes:
    lines = "".join(f"<tr><td>{'</td><td>'.join(row.split('|'))}</td></tr>" for row in (HEADER, *rows))
    return f"<html><table>{lines}</table></html>".encode()


GOOD = [
    "trn2.48xlarge|US East (Ohio)|$35.7608 USD|$2.235 USD|16 x AWS Trainium2",
    "trn1.32xlarge|US East (Ohio)|$9.532 USD|$0.596 USD|16 x AWS Trainium",
    "p5.48xlarge|US West (Oregon)|$41.528 USD ($5.191 USD)||8 x H100",
    "p5en.48xlarge|US West (Oregon)||$7.895 USD|8 x H200",
]


def of_page(feed: Any) -> dict[str, Any]:
    feed.fetch()
    (report,) = [r for r in feed.load() if r["resource"] == "prices"]
    return report


def test_rows_that_cannot_be_trusted_are_held_back(play) -> None:
    traps = {
        "not_null:Instance Type": "|US East (Ohio)|$43.26 USD|$5.408 USD|8 x H200",
        "instance_type": "US West (Oregon)|$14.75 USD|$1.844 USD|8 x A100|96",
        "price": "p4d.24xlarge|US East (Ohio)|14,75 EUR|$1.844 USD|8 x A100",
        "two_prices_disagree": "p5e.48xlarge|US East (Ohio)|$47.76 USD|$4.975 USD|8 x H200",
        "price_of_one_accelerator": "u-p6e-gb200x72|US East (Dallas) Local Zone|$10.582 USD||72 x GB200",
        "duplicate_row": GOOD[0],
    }
    report = of_page(play("aws_capacity_blocks", routes=[{"path": PATH, "body": page(*GOOD, *traps.values())}]))
    assert (report["status"], report["rows_loaded"]) == ("loaded", len(GOOD))
    for rule in traps:
        assert f"{rule} 1" in report["reason"], rule


@pytest.mark.parametrize("body", [b"<html><p>Robot check</p></html>", page().replace(b"Region", b"Place")])
def test_another_layout_is_rejected_and_the_entries_stay(play, body: bytes) -> None:
    feed = play("aws_capacity_blocks", routes=[{"path": PATH, "body": body}])
    assert of_page(feed)["status"] == "rejected"
    assert feed.rows("select count(*) from raw.aws_capacity_blocks__prices") == [(0,)]
    assert feed.rows("select count(*) from raw.aws_capacity_blocks__overrides") == [(12,)]


def test_the_newest_sheet_of_the_inbox_is_taken(play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = tmp_path / "drop" / "overrides"
    inbox.mkdir(parents=True)
    bad = ENTRY.replace("us-east-2", "Ohio"), ENTRY.replace("2026-11-01", "2026-12-01")
    (inbox / "mine.csv").write_text("\n".join([OVERRIDES, ENTRY, *bad, ""]), encoding="utf-8")
    monkeypatch.setenv("GIGAWATCH_INBOX_AWS_CAPACITY_BLOCKS", str(inbox.parent))
    feed = play("aws_capacity_blocks")
    feed.fetch()
    (report,) = [r for r in feed.load() if r["part"] == "overrides"]
    assert (report["rows_loaded"], report["rows_quarantined"]) == (1, 2)
    assert "not_yet_in_force 1, region_code 1" in report["reason"]
    assert feed.rows(
        "select price_usd_per_hour, _known_from::date::varchar from raw.aws_capacity_blocks__overrides "
        "where _part = 'overrides'"
    ) == [("36", "2026-11-02")]
