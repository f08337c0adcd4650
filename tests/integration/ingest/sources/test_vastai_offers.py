"""vast.ai over HTTP: no address reaches the archive, the raw store or a message; thin markets stay thin."""

from __future__ import annotations

import json
from typing import Any

from settings import settings

ADDRESS = "203.0.113.77"


def offer(number: int, price: float, **further: Any) -> dict[str, Any]:
    return {
        "id": 5000 + number, "host_id": 880001, "public_ipaddr": ADDRESS, "hostname": "basement-rig.example",
        "gpu_name": "H200", "num_gpus": 2, "dph_total": price, "geolocation": "Texas, US", "rentable": True,
    } | further  # fmt: skip


def routes(body: bytes) -> list[dict[str, Any]]:
    return [{"path": "/api/v0/bundles/", "query": {"q": '*"H200"*'}, "body": body}]


def everything_stored() -> bytes:
    return b"".join(path.read_bytes() for path in settings().home.rglob("*") if path.is_file())


def test_no_host_is_stored_anywhere(play) -> None:
    offers = [offer(1, 5.0), offer(2, 6.0), offer(3, 0.0), offer(4, 1500.0), offer(5, 5.0, num_gpus=0)]
    feed = play("vastai_offers", routes=routes(json.dumps({"offers": offers}).encode()))
    assert {record.outcome for record in feed.fetch()} == {"fetched"}
    (report,) = [r for r in feed.load() if r["part"] == "h200"]
    assert (report["rows_loaded"], report["rows_quarantined"]) == (2, 3)
    rules = feed.rows("select rule from raw.quarantine order by 1")
    assert rules == [("min:num_gpus",), ("price_per_gpu",), ("zero_price",)]
    stored = everything_stored()
    for telling in (ADDRESS, "basement-rig", "880001", "5001"):
        assert telling.encode() not in stored


def test_an_answer_that_cannot_be_scrubbed_is_not_stored(play) -> None:
    feed = play("vastai_offers", routes=routes(f"<html>blocked for {ADDRESS}</html>".encode()))
    outcomes = {record.part: record for record in feed.fetch()}
    assert outcomes["h200"].outcome == "failed"
    assert "not JSON" in str(outcomes["h200"].error)
    assert {record.outcome for part, record in outcomes.items() if part != "h200"} == {"fetched"}
    assert ADDRESS.encode() not in everything_stored()


def test_an_empty_market_is_turned_down_aloud(play) -> None:
    feed = play("vastai_offers", routes=routes(b'{"offers": []}'))
    feed.fetch()
    (report,) = [r for r in feed.load() if r["part"] == "h200"]
    assert report["status"] == "rejected"
    assert "too_few_rows" in report["reason"]
