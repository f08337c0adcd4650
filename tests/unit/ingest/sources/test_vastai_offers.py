"""vast.ai offers: nothing that tells a host apart survives the scrubbing, prices do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import contracts, wire
from settings import REPO

SOURCE = contracts.load_source("vastai_offers")
CONNECTOR = contracts.connector(SOURCE)
(RESOURCE,) = SOURCE.resources
SAMPLE = REPO.parent / "shared" / "samples" / "vastai" / "vastai_bundles.json"

# What the wire is known to carry about a host, its machine, its network and its offer, with values easy to find again.
TELLING = {
    "id": 42557070, "ask_contract_id": 42557071, "bundle_id": 1115179210, "host_id": 77123, "machine_id": 66456,
    "public_ipaddr": "203.0.113.77", "hostname": "basement-rig.example", "direct_port_count": 398398,
    "gpu_ids": [182523], "cluster_id": 5511, "avail_vol_ask_id": 42557073, "webpage": "https://someone.example",
    "mobo_name": "SB27B24796", "disk_name": "Micron_7450_SN123", "cpu_name": "AMD EPYC 9554", "geolocode": 433199645,
    "driver_version": "550.163.01", "start_date": 1784148037.5, "brand_new_owner_email": "host@someone.example",
}  # fmt: skip
OFFER = TELLING | {
    "gpu_name": "H100 SXM", "num_gpus": 4, "dph_total": 6.935555555555556, "geolocation": "Washington, US",
    "verification": "verified", "rentable": True, "rented": False, "is_bid": False, "reliability2": 0.9975568,
}  # fmt: skip


def answer(*offers: dict[str, Any]) -> bytes:
    return json.dumps({"offers": offers}).encode()


def ask(tmp_path: Path, data: bytes) -> wire.Request:
    """Play the kit for one request; returns it. Raises what the connector raises."""
    talk = CONNECTOR.requests("offers", {"gpu_name": "H100 SXM"}, datetime(2026, 11, 22, tzinfo=UTC))
    request: wire.Request = next(talk)
    path = tmp_path / "answer"
    path.write_bytes(data)
    with pytest.raises(StopIteration):
        talk.send(wire.Answer(request.path, path, "application/json", {}))
    return request


def test_nothing_telling_survives() -> None:
    scrubbed = CONNECTOR.scrub(answer(OFFER)).decode()
    for name, value in TELLING.items():
        assert name not in json.loads(scrubbed)["offers"][0]
        assert str(value) not in scrubbed
    assert set(json.loads(scrubbed)["offers"][0]) <= {column.name for column in RESOURCE.columns}
    assert CONNECTOR.parse(answer(OFFER), "offers") == CONNECTOR.parse(scrubbed.encode(), "offers")


def test_scrubbing_twice_changes_nothing_and_repetitions_still_show() -> None:
    other = OFFER | {"id": 1}
    once = CONNECTOR.scrub(answer(OFFER, other, OFFER))
    assert CONNECTOR.scrub(once) == once
    assert [offer["offer_no"] for offer in json.loads(once)["offers"]] == [1, 2, 1]


def test_offers_without_an_id_are_all_kept_apart() -> None:
    nameless = {key: value for key, value in OFFER.items() if key != "id"}
    scrubbed = CONNECTOR.scrub(answer(nameless, nameless | {"id": None}, OFFER))
    assert [offer["offer_no"] for offer in json.loads(scrubbed)["offers"]] == [1, 2, 3]


def test_parse_keeps_the_wire() -> None:
    (row,) = CONNECTOR.parse(answer(OFFER), "offers").to_pylist()
    assert list(row) == [column.name for column in RESOURCE.columns]
    assert (row["offer_no"], row["num_gpus"], row["dph_total"]) == ("1", "4", "6.935555555555556")
    assert (row["rentable"], row["rented"], row["gpu_ram"]) == ("true", "false", None)


@pytest.mark.parametrize("data", [b"<html>203.0.113.77", b"[]", b'{"error": "203.0.113.77"}', b'{"offers": [7]}'])
def test_what_is_no_answer_is_refused_without_quoting_it(tmp_path: Path, data: bytes) -> None:
    for use in (CONNECTOR.scrub, lambda got: CONNECTOR.parse(got, "offers"), lambda got: ask(tmp_path, got)):
        with pytest.raises(ValueError, match="the answer") as error:
            use(data)
        assert "203.0.113.77" not in str(error.value)


def test_asks_for_one_gpu_and_more_than_the_default_number(tmp_path: Path) -> None:
    request = ask(tmp_path, answer(OFFER))
    assert request.path == "/api/v0/bundles/"
    assert json.loads(request.params["q"]) == {
        "gpu_name": {"eq": "H100 SXM"}, "rentable": {"eq": True}, "type": "on-demand", "limit": 1000,
    }  # fmt: skip


def test_an_answer_as_long_as_the_limit_is_cut(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cut off"):
        ask(tmp_path, answer(*[OFFER] * 1000))


def test_offers_of_another_gpu_say_that_the_filter_was_ignored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got offers of RTX 3060"):
        ask(tmp_path, answer(OFFER, OFFER | {"gpu_name": "RTX 3060"}))


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payloads are not part of the repository")
def test_the_real_answer() -> None:
    table = CONNECTOR.parse(SAMPLE.read_bytes(), "offers")
    per_gpu = [round(float(row["dph_total"]) / int(row["num_gpus"]), 6) for row in table.to_pylist()]
    assert sorted(per_gpu) == [1.601111, 1.733889, 1.733889, 1.788889, 2.000278, 2.208829]
    raw = json.loads(SAMPLE.read_bytes())["offers"]
    scrubbed = CONNECTOR.scrub(SAMPLE.read_bytes()).decode()
    for offer in raw:
        for name in ("id", "bundle_id", "mobo_name", "cpu_name", "geolocode", "avail_vol_ask_id"):
            assert not offer[name] or str(offer[name]) not in scrubbed
