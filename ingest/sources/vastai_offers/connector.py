"""vast.ai offers: asks for the rentable offers of one GPU, removes all that tells hosts apart, flattens the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingest import wire
from ingest.wire import Request, Requests

LIMIT = 1000  # without a limit the server answers with 64 offers and does not say so

# Kept of an offer. A list of what may stay, not of what must go: a field added tomorrow could name a host.
FIELDS = (
    "gpu_name", "num_gpus", "gpu_frac", "gpu_ram", "dph_base", "dph_total", "min_bid", "storage_total_cost",
    "geolocation", "verification", "reliability2", "rentable", "rented", "is_bid", "resource_type",
)  # fmt: skip
COLUMNS = ("offer_no", *FIELDS)


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """Ask for the offers of one GPU (`part`: gpu_name) on demand. Raises ValueError when the answer is cut or none."""
    query = {
        "gpu_name": {"eq": part["gpu_name"]}, "rentable": {"eq": True}, "type": "on-demand", "limit": LIMIT,
    }  # fmt: skip
    answer = yield Request("/api/v0/bundles/", params={"q": json.dumps(query)})
    offers = _offers(answer.read(), resource)
    if len(offers) >= LIMIT:
        raise ValueError(f"{resource}: {len(offers)} offers of {part['gpu_name']} came, as many as asked for: cut off")
    if strangers := sorted({str(offer.get("gpu_name")) for offer in offers} - {part["gpu_name"]}):
        raise ValueError(f"{resource}: asked for {part['gpu_name']}, got offers of {', '.join(strangers)}")


def scrub(data: bytes) -> bytes:
    """The answer without anything that tells a host or an offer apart: FIELDS and a number within this answer.

    To be called on each answer before it is stored. Offers with one id get one number, so that repetitions still show;
    scrubbing twice changes nothing. Raises ValueError when the bytes are not an answer: what is not understood cannot
    be cleaned, and is not to be stored.
    """
    numbers: dict[str, int] = {}
    kept = []
    for place, offer in enumerate(_offers(data, "scrub")):
        identity = offer.get("offer_no", offer.get("id")) or f"no id, place {place}"
        number = numbers.setdefault(str(identity), len(numbers) + 1)
        kept.append({"offer_no": number, **{field: offer[field] for field in FIELDS if field in offer}})
    return json.dumps({"offers": kept}, ensure_ascii=False).encode()


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the answer into a table of strings with COLUMNS, one row per offer in the order they came.

    Scrubs first (a no-op on archived bytes). Numbers keep their digits, booleans are true and false, what an offer
    lacks is NULL. Raises ValueError when the bytes are not a list of offers.
    """
    rows = [row for page in wire.pages(data) for row in _offers(scrub(page), resource, as_text=True)]
    columns = {name: [_text(row.get(name)) for row in rows] for name in COLUMNS}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in COLUMNS]))


def _offers(data: bytes, resource: str, as_text: bool = False) -> list[dict[str, Any]]:
    """The offers of one answer. Raises ValueError, without quoting the bytes: they may name hosts."""
    try:
        document = json.loads(data, parse_float=str, parse_int=str) if as_text else json.loads(data)
    except ValueError:
        raise ValueError(f"{resource}: the answer is not JSON") from None
    offers = document.get("offers") if isinstance(document, dict) else None
    if not isinstance(offers, list) or not all(isinstance(offer, dict) for offer in offers):
        raise ValueError(f"{resource}: the answer has no list of offers")
    return offers


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
