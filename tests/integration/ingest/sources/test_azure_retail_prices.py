"""Azure's price list over HTTP: pages are followed and bound, bad rows held back, a silent empty list turned down."""

from __future__ import annotations

import json
from typing import Any

GOOD = {
    "currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": 98.32, "unitPrice": 98.32, "armRegionName": "eastus",
    "effectiveStartDate": "2025-01-01T00:00:00Z", "meterId": "m1", "skuId": "s1", "productName": "ND H100 v5 Series",
    "skuName": "ND96isr H100 v5", "unitOfMeasure": "1 Hour", "type": "Consumption", "isPrimaryMeterRegion": True,
    "armSkuName": "Standard_ND96isr_H100_v5",
}  # fmt: skip
LINK = "https://prices.azure.com:443/api/retail/prices?$filter=armRegionName%20eq%20%27eastus%27&$skip=1000"


def page(items: list[dict[str, Any]], link: str | None = None) -> bytes:
    return json.dumps({"Items": items, "NextPageLink": link, "Count": len(items)}).encode()


def eastus(first: bytes, second: bytes = page([])) -> list[dict[str, Any]]:
    """Routes for one region: the first page of its ND machines, and the page a link leads to."""
    return [
        {"path": "/api/retail/prices", "query": {"$skip": "1000"}, "body": second},
        {"path": "/api/retail/prices", "query": {"$filter": "*'eastus'*'ND')"}, "body": first},
    ]


def eastus_load(feed: Any) -> dict[str, Any]:
    (report,) = [r for r in feed.load() if r["part"] == "eastus" and str(r["known_from"]) > "2026-06-19"]
    return report


def test_linked_pages_are_fetched_and_bound(play) -> None:
    second = GOOD | {"meterId": "m2", "effectiveStartDate": "2026-12-01T00:00:00Z"}
    feed = play("azure_retail_prices", routes=eastus(page([GOOD], LINK), page([second])))
    failed = [(record.part, record.error) for record in feed.fetch() if record.outcome != "fetched"]
    assert failed == []
    report = eastus_load(feed)
    assert (report["status"], report["rows_loaded"]) == ("loaded", 2)
    assert any("skip=1000" in path for _, path, _, _ in feed.requests)


def test_each_trap_goes_to_quarantine_with_its_reason(play) -> None:
    traps = {
        "allowed:currencyCode": {"currencyCode": "EUR"},
        "allowed:unitOfMeasure": {"unitOfMeasure": "1 Month"},
        "zero_price": {"retailPrice": 0.0},
        "term_contradicts_type": {"type": "Reservation"},
        "allowed:reservationTerm": {"type": "Reservation", "reservationTerm": "2 Years", "retailPrice": 900000.0},
        "hourly_price_too_high": {"retailPrice": 71000.0},
        "reservation_looks_hourly": {"type": "Reservation", "reservationTerm": "3 Years"} | {"retailPrice": 39.2},
        "allowed:type": {"type": "SpotFuture"},
        "type:effectiveStartDate": {"effectiveStartDate": "soon"},
    }
    # the same meter with a second start date is no repetition; a reservation of a whole term is good
    good = [GOOD, GOOD | {"effectiveStartDate": "2026-12-01T00:00:00Z"}]
    good += [GOOD | {"type": "Reservation", "reservationTerm": "1 Year", "retailPrice": 560000.0}]
    bad = [GOOD | {"meterId": rule} | cells for rule, cells in traps.items()]
    feed = play("azure_retail_prices", routes=eastus(page([*good, *bad])))
    feed.fetch()
    report = eastus_load(feed)
    assert (report["rows_loaded"], report["rows_quarantined"]) == (3, len(traps))
    held_back = feed.rows("select rule, json_extract_string(row_json, '$.meterId') from raw.quarantine")
    assert {meter: rule for rule, meter in held_back} == {rule: rule for rule in traps}


def test_an_empty_region_is_turned_down_and_the_others_stay(play) -> None:
    """A filter in the wrong case answers 200 with nothing: the last good list must stay in force."""
    feed = play("azure_retail_prices", routes=eastus(page([])))
    feed.fetch()
    report = eastus_load(feed)
    assert report["status"] == "rejected"
    assert "too_few_rows" in report["reason"]
    parts = feed.rows("select distinct _part from raw.azure_retail_prices__retail_prices where _vintage_kind = 'live'")
    bundled_only = feed.rows("select distinct _part from raw.azure_retail_prices__retail_prices")
    assert ("eastus",) not in parts
    assert ("eastus",) in bundled_only


def test_a_wrong_count_fails_the_fetch_of_that_region_only(play) -> None:
    feed = play("azure_retail_prices", routes=eastus(page([GOOD]).replace(b'"Count": 1', b'"Count": 7')))
    outcomes = {record.part: record for record in feed.fetch()}
    assert "says Count 7 and holds 1" in str(outcomes["eastus"].error)
    assert {record.outcome for part, record in outcomes.items() if part != "eastus"} == {"fetched"}
