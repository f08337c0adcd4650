"""Azure's price list: paging, whole pages only, and every trap of the wire kept visible."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import contracts, wire
from settings import REPO

SOURCE = contracts.load_source("azure_retail_prices")
CONNECTOR = contracts.connector(SOURCE)
(RESOURCE,) = SOURCE.resources
SAMPLES = REPO.parent / "shared" / "samples" / "azure_retail_prices"
NOW = datetime(2026, 11, 22, tzinfo=UTC)

Item = dict[str, Any]


def page(items: list[Item], link: str | None = None, count: int | None = None) -> bytes:
    count = len(items) if count is None else count
    return json.dumps({"BillingCurrency": "USD", "Items": items, "NextPageLink": link, "Count": count}).encode()


def converse(tmp_path: Path, answer: Callable[[wire.Request], bytes]) -> list[wire.Request]:
    """Play the kit: answer every request of the connector; returns the requests."""
    talk = CONNECTOR.requests("retail_prices", {"region": "westus3"}, NOW)
    asked: list[wire.Request] = []
    try:
        request = next(talk)
        while True:
            asked.append(request)
            path = tmp_path / str(len(asked))
            path.write_bytes(answer(request))
            request = talk.send(wire.Answer(request.path, path, "application/json", {}))
    except StopIteration:
        return asked


def test_asks_per_region_and_family_for_primary_meters(tmp_path: Path) -> None:
    asked = converse(tmp_path, lambda _: page([]))
    assert [request.params["$filter"] for request in asked] == [
        f"serviceName eq 'Virtual Machines' and armRegionName eq 'westus3' and contains(armSkuName,'{family}')"
        for family in ("ND", "NC")
    ]
    assert {request.params["api-version"] for request in asked} == {"2023-01-01-preview"}
    assert {request.params["meterRegion"] for request in asked} == {"'primary'"}


def test_follows_the_links_to_the_end(tmp_path: Path) -> None:
    link = "https://prices.azure.com:443/api/retail/prices?$skip=1000"
    asked = converse(tmp_path, lambda request: page([], link if "'ND')" in request.params.get("$filter", "") else None))
    assert [request.path for request in asked] == [
        "/api/retail/prices", link.replace(":443", ""), "/api/retail/prices",
    ]  # fmt: skip


def test_links_that_run_in_circles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not end"):
        converse(tmp_path, lambda _: page([], "https://prices.azure.com/api/retail/prices?$skip=1000"))


def test_links_that_never_end_are_refused(tmp_path: Path) -> None:
    count = iter(range(10**6))
    with pytest.raises(ValueError, match="do not end"):
        converse(tmp_path, lambda _: page([], f"https://prices.azure.com/api/retail/prices?$skip={next(count)}"))
    assert len(list(tmp_path.iterdir())) == 51


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<!DOCTYPE html><html></html>", "not JSON"),
        (b'{"error": {"code": "BadRequest", "message": "Invalid OData parameters supplied"}}', "Invalid OData"),
        (b'{"Items": null, "Count": 0}', "no list of Items"),
        (b'{"Items": ["x"], "Count": 1}', "not an object"),
        (page([{"type": "Consumption"}], count=2), "says Count 2 and holds 1"),
        (b'{"Items": []}', "says Count None"),
    ],
)
def test_what_is_not_a_whole_page_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CONNECTOR.parse(data, "retail_prices")
    with pytest.raises(ValueError, match=says):
        converse(tmp_path, lambda _: data)


def test_several_pages_become_one_table(tmp_path: Path) -> None:
    paths = [tmp_path / "1", tmp_path / "2", tmp_path / "3"]
    for path, items in zip(paths, ([{"meterId": "a"}], [], [{"meterId": "b"}]), strict=True):
        path.write_bytes(page(items))
    bound = io.BytesIO()
    wire.bind_pages(paths, bound)
    assert CONNECTOR.parse(bound.getvalue(), "retail_prices")["meterId"].to_pylist() == ["a", "b"]


def test_numbers_keep_their_digits_and_plans_stay_json() -> None:
    data = page([{"isPrimaryMeterRegion": True, "retailPrice": 1, "location": None}]).replace(b": 1,", b": 21.9576420,")
    (row,) = CONNECTOR.parse(data, "retail_prices").to_pylist()
    assert (row["retailPrice"], row["isPrimaryMeterRegion"], row["location"]) == ("21.9576420", "true", None)
    plans = [{"unitPrice": 0.1, "retailPrice": 0.1, "term": "1 Year"}]
    (row,) = CONNECTOR.parse(page([{"savingsPlan": plans}]), "retail_prices").to_pylist()
    assert json.loads(row["savingsPlan"]) == [{"unitPrice": "0.1", "retailPrice": "0.1", "term": "1 Year"}]


def test_the_table_has_the_contracted_columns_always() -> None:
    assert CONNECTOR.parse(page([]), "retail_prices").column_names == [column.name for column in RESOURCE.columns]


def test_the_bundled_figures() -> None:
    rows = [
        row
        for file in contracts.bundled_files(SOURCE, RESOURCE)
        for row in CONNECTOR.parse(file.path.read_bytes(), "retail_prices").to_pylist()
    ]
    price = {(row["armRegionName"], row["armSkuName"], row["type"]): row["retailPrice"] for row in rows}
    assert len(price) == len(rows)
    assert price["westus3", "Standard_ND128isr_NDR_GB200_v6", "Consumption"] == "108.16"
    assert price["brazilsouth", "Standard_ND96isr_H200_v5", "Consumption"] == "169.6"
    assert price["southcentralus", "Standard_E64_v4", "Reservation"] == "25007.0"
    assert {file.sidecar.part for file in contracts.bundled_files(SOURCE, RESOURCE)} == set(RESOURCE.parts)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads are not part of the repository")
def test_real_payloads() -> None:
    empty = (SAMPLES / "empty_page_2026-10-03.transcribed.json").read_bytes()
    assert CONNECTOR.parse(empty, "retail_prices").num_rows == 0
    items = json.loads((SAMPLES / "items_from_ms_doc.transcribed.json").read_bytes())
    spot, reservation, euro = CONNECTOR.parse(page(items), "retail_prices").to_pylist()
    assert (spot["type"], spot["skuName"], spot["productName"]) == (
        "DevTestConsumption", "F16s Spot", "Virtual Machines FS Series Windows",
    )  # fmt: skip
    assert (reservation["reservationTerm"], reservation["retailPrice"]) == ("1 Year", "25007.0")
    assert (euro["currencyCode"], euro["tierMinimumUnits"]) == ("EUR", "0")
