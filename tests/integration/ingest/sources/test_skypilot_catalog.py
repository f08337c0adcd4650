"""SkyPilot's catalogues over HTTP: the order of columns, empty prices, stand-ins, and files that did not change."""

from __future__ import annotations

from typing import Any

import pytest

from settings import REPO

SAMPLE = REPO.parent / "shared" / "samples" / "skypilot_catalog" / "aws_vms_v8_trn_rows.transcribed.csv"
PATH = "/skypilot-org/skypilot-catalog/master/catalogs/v8/{}/vms.csv"


def of(feed: Any, resource: str) -> dict[str, Any]:
    feed.fetch()
    (report,) = [r for r in feed.load() if r["resource"] == resource and str(r["known_from"]) > "2026-08-16"]
    return report


def test_columns_go_by_name_and_info_stays_text(play) -> None:
    body = (
        b"Region,SpotPrice,Price,GpuInfo,InstanceType,AcceleratorCount,AcceleratorName,AvailabilityZone\n"
        b"us-east-1,20.0,55.04,\"{'Gpus': [{'Name': 'H100', 'Count': 8.0}]}\",p5.48xlarge,8.0,H100,use1-az1\n"
        b"us-east-2,,,,trn2.48xlarge,,,use2-az1\n"
        b"us-east-2,,,,trn2.48xlarge,,,use2-az2\n"
    )
    feed = play("skypilot_catalog", routes=[{"path": PATH.format("aws"), "body": body}])
    assert of(feed, "aws_vms")["status"] == "loaded"
    assert feed.rows(
        'select "Price", "AcceleratorName", "GpuInfo" from raw.skypilot_catalog__aws_vms '
        "where _known_from > '2026-08-16' order by all"
    ) == [("55.04", "H100", "{'Gpus': [{'Name': 'H100', 'Count': 8.0}]}"), (None, None, None), (None, None, None)]


def test_stand_ins_and_misread_prices_are_held_back(play) -> None:
    rows = [
        "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice",
        "a2-highgpu-1g,12,85,,,,us-central1,us-central1-a,0.74,0.37", ",,,A100,8,A100,us-central1,us-central1-a,24,12",
        ",,,tpu-v5p-12288,1,tpu-v5p-12288,us-east5,us-east5-a,25804.8,10321.92",
        ",,,tpu-v6e-1,1,tpu-v6e-1,asia-east1,asia-east1-c,700.0,700.0",
        ",,,tpu-v6e-1,1,tpu-v6e-1,southamerica-west1,southamerica-west1-a,2.7,700.0",
        ",,,L4,1,L4,us-east1,us-east1-b,0,0.1", ",,,,,,us-east1,us-east1-b,1,0.1", ",,,L4,1,L4,us-east1,us-east1-b,1,2",
        ",,,A100,8,A100,us-central1,us-central1-a,24,12",
    ]  # fmt: skip
    feed = play("skypilot_catalog", routes=[{"path": PATH.format("gcp"), "body": "\n".join([*rows, ""]).encode()}])
    report = of(feed, "gcp_vms")
    assert (report["status"], report["rows_loaded"], report["rows_quarantined"]) == ("loaded", 3, 6)
    for rule in ("sentinel_price 2", "zero_price 1", "neither_instance_nor_accelerator 1", "spot_above_on_demand 1",
                 "duplicate_row 1"):  # fmt: skip
        assert rule in report["reason"]


def test_an_unchanged_file_is_not_sent_again(play) -> None:
    route = {"path": PATH.format("lambda"), "file": "sample/v2025-06-01/lambda_vms.csv", "headers": {"ETag": '"1"'}}
    feed = play("skypilot_catalog", routes=[route])
    feed.fetch()
    again = {r.resource: r for r in feed.fetch()}
    assert (again["lambda_vms"].outcome, again["lambda_vms"].http_status) == ("fetched", 304)


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payloads are not here")
def test_the_real_excerpt_is_taken_whole(play) -> None:
    feed = play("skypilot_catalog", routes=[{"path": PATH.format("aws"), "body": SAMPLE.read_bytes()}])
    report = of(feed, "aws_vms")
    assert (report["status"], report["rows_loaded"], report["rows_quarantined"]) == ("loaded", 22, 0)
    assert feed.rows(
        "select count(*), count(\"Price\"), count(\"AcceleratorName\") from raw.skypilot_catalog__aws_vms "
        "where \"InstanceType\" = 'trn2.48xlarge' and _known_from > '2026-08-16'"
    ) == [(3, 0, 0)]
