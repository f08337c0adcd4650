"""The publishers' real answers, over HTTP, through the loader and the suites of the raw stage: the line does not stop.

The payloads lie beside the repository (../shared/samples) and are not part of it: without them these tests are skipped.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from expectations.validate import validate
from ingest import contracts, run
from ingest.contracts import DOMAINS
from settings import REPO

SAMPLES = REPO.parent / "shared" / "samples"
EPOCH = SAMPLES / "epoch_data_centers"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real payloads lie beside the repository only")


def file(*path: str) -> bytes:
    return SAMPLES.joinpath(*path).read_bytes()


def epoch_zip() -> bytes:
    """The publisher's zip of 2026-08-20; of the cooling tables only July's copies were collected."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for path in [*(EPOCH / "v2026-08-20").iterdir(), *(EPOCH / "v2026-07-07").glob("*_c[ho]*l*er*.csv")]:
            if path.name not in {Path(name).name for name in book.namelist()}:
                book.write(path, f"data_centers/{path.name}")
    return packed.getvalue()


def recent(body: bytes) -> bytes:
    """An Overpass answer as if taken today: the connector refuses stale mirrors."""
    document = json.loads(body)
    document["osm3s"]["timestamp_osm_base"] = "{today-1}T00:00:00Z"
    return json.dumps(document).encode()


def real_routes() -> dict[str, list[dict[str, Any]]]:
    """Source -> routes that play the real payloads; what they do not cover is played from the bundle."""
    marvell = "CIK0001835632.json"
    return {
        "twse_monthly_revenue": [{"path": "*t187ap05_L*", "body": file("twse_openapi", "t187ap05_L.csv")}],
        "sec_edgar": [
            {"path": f"/submissions/{marvell}", "body": file("sec_edgar", f"submissions_{marvell}")},
            {"path": f"/api/xbrl/companyfacts/{marvell}", "body": file("sec_edgar", f"companyfacts_{marvell}")},
        ],
        "epoch_data_centers": [{"path": "*.zip", "body": epoch_zip()}],
        "epoch_ml_hardware": [{"path": "*ml_hardware*", "body": file("epoch_ml_hardware", "ml_hardware.csv")}],
        "osm_overpass": [
            {"path": "*", "method": "POST", "body_has": [f"US-{state.upper()}"],
             "body": recent(file("osm_overpass", f"osm_us_{state}.json"))}
            for state in ("va", "tx")
        ],
        "litellm_model_prices": [{"path": "*", "body": gzip.decompress(file("litellm_model_prices.json.gz"))}],
        "openrouter_models": [{"path": "*", "body": file("openrouter", "openrouter_models.json")}],
        "vastai_offers": [{"path": "*", "query": {"q": "*H100 SXM*"}, "body": file("vastai", "vastai_bundles.json")}],
    }  # fmt: skip


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_raw_stage_holds_on_real_bytes(play, home: Path, domain: str) -> None:
    reals = {code: routes for code, routes in real_routes().items() if code in run.sources_in(domain)}
    feeds = {}
    for code in run.sources_in(domain):
        source = contracts.load_source(code)
        if any(r.is_live and r.inbox is None and r.domain == domain for r in source.resources):
            feeds[code] = play(code, routes=reals.get(code))
        else:
            run.fetch_source(code, domain)
    assert set(reals) <= set(feeds)
    for code, feed in feeds.items():
        assert [(code, r.resource, r.part, r.error) for r in feed.fetch() if r.outcome != "fetched"] == []
    reports = run.load_domain(domain)
    assert [r["reason"] for r in reports if r["status"] != "loaded"] == []
    assert all(r["rows_in"] == r["rows_loaded"] + r["rows_quarantined"] for r in reports)
    lost = {r["source"]: r["rows_quarantined"] / r["rows_in"] for r in reports if r["source"] in reals and r["rows_in"]}
    assert max(lost.values()) < 0.05, lost
    report = validate("raw", domain=domain)
    assert report["n_failed"] == 0
