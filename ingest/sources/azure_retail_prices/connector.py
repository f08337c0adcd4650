"""Azure's retail price list: asks for the accelerator machines of a region page by page, and flattens the items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingest import wire
from ingest.wire import Request, Requests

PATH = "/api/retail/prices"
API_VERSION = "2023-01-01-preview"  # the version with savings plans and pages of 1,000
FAMILIES = ("ND", "NC")  # machines with accelerators for training, and for inference
MAX_PAGES = 50

FIELDS = (
    "currencyCode", "tierMinimumUnits", "reservationTerm", "retailPrice", "unitPrice", "armRegionName", "location",
    "effectiveStartDate", "effectiveEndDate", "meterId", "meterName", "productId", "skuId", "productName", "skuName",
    "serviceName", "serviceId", "serviceFamily", "unitOfMeasure", "type", "isPrimaryMeterRegion", "armSkuName",
    "savingsPlan",
)  # fmt: skip


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """Ask for the machines of one region (`part`: region), family by family, following the links to further pages.

    Page by page within a region, because the links count rows and prices can move while one walks. Raises ValueError
    when a page is not one, or when the links do not end.
    """
    for family in FAMILIES:
        request = Request(
            PATH,
            params={
                "api-version": API_VERSION,
                "$filter": "serviceName eq 'Virtual Machines' "
                f"and armRegionName eq '{part['region']}' and contains(armSkuName,'{family}')",
                "meterRegion": "'primary'",
            },
        )
        seen: set[str] = set()
        while True:
            answer = yield request
            link = _page(answer.read(), resource).get("NextPageLink")
            if not link:
                break
            if link in seen or len(seen) == MAX_PAGES:
                raise ValueError(f"{resource}: the links to further pages do not end (after {len(seen)}: {link})")
            seen.add(link)
            request = Request(link.replace(":443/", "/", 1))  # Azure's links name the port


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the pages into a table of strings with FIELDS, one row per item in the order they came.

    Numbers keep the digits of the wire, booleans are true and false, the list of savings plans is JSON text; a field an
    item lacks is NULL. Raises ValueError when a page is not a whole page of items.
    """
    items: list[dict[str, Any]] = [item for page in wire.pages(data) for item in _page(page, resource)["Items"]]
    columns = {field: [_text(item.get(field)) for item in items] for field in FIELDS}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in FIELDS]))


def _page(data: bytes, resource: str) -> dict[str, Any]:
    """One page: an object with Items and their Count. Raises ValueError when it is not."""
    try:
        page = json.loads(data, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"{resource}: the page is not JSON: {error}") from error
    if not isinstance(page, dict) or not isinstance(page.get("Items"), list):
        raise ValueError(f"{resource}: the page has no list of Items: {str(page)[:200]}")
    if not all(isinstance(item, dict) for item in page["Items"]):
        raise ValueError(f"{resource}: an item of the page is not an object")
    if page.get("Count") != str(len(page["Items"])):
        raise ValueError(f"{resource}: the page says Count {page.get('Count')} and holds {len(page['Items'])} items")
    return page


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)  # true and false, and lists as JSON
