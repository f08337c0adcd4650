"""litellm over HTTP: the whole real file, every entry of it accounted for, and the rules that hold rows back."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from settings import REPO

SAMPLE = REPO.parent / "shared" / "samples" / "litellm_model_prices.json.gz"
PATH = "/BerriAI/litellm/main/model_prices_and_context_window.json"


def live(feed: Any) -> dict[str, Any]:
    feed.fetch()
    (report,) = [report for report in feed.load() if str(report["known_from"]) > "2026-11-22 00:00:01"]
    return report


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the real payloads are not part of the repository")
def test_every_entry_of_the_real_file_is_accounted_for(play) -> None:
    data = gzip.decompress(SAMPLE.read_bytes())
    feed = play("litellm_model_prices", routes=[{"path": PATH, "body": data}])
    report = live(feed)
    assert (report["status"], report["rows_in"]) == ("loaded", len(json.loads(data)) - 1)
    assert report["rows_loaded"] + report["rows_quarantined"] == report["rows_in"]
    held_back = feed.rows(
        "select json_extract_string(row_json, '$.model'), rule from raw.quarantine where load_id = ? order by 1",
        [report["load_id"]],
    )
    assert held_back == [
        ("azure_ai/Meta-Llama-3-70B-Instruct", "output_below_input"),  # 1.10 in, 0.37 out: swapped
        ("azure_ai/jais-30b-chat", "max:input_cost_per_token"),  # 3,200 USD per million: the price per thousand
        ("openinfer/@oi/Qwen3.5-9B", "output_below_input"),  # 5.00 in, 0.15 out: 5e-08 was meant
        ("watsonx/core42/jais-13b-chat", "max:output_cost_per_token"),  # 2,000 USD per million: per thousand
    ]
    # a guard answers with a word; Cloudflare does list 0.484 in and 0.03 out
    kept = feed.rows(
        "select count(*) from raw.litellm_model_prices__model_prices "
        "where model like '%llama-guard-3-8b%' and output_cost_per_token::double < input_cost_per_token::double"
    )
    assert kept[0][0] > 0


def test_a_key_that_stands_twice_costs_one_row_not_the_file(play) -> None:
    entries = ", ".join(f'"m{n}": {{"mode": "chat", "input_cost_per_token": 1e-06}}' for n in range(900))
    data = f'{{{entries}, "m0": {{"mode": "chat", "input_cost_per_token": 2e-06}}}}'.encode()
    feed = play("litellm_model_prices", routes=[{"path": PATH, "body": data}])
    report = live(feed)
    assert (report["status"], report["rows_loaded"], report["rows_quarantined"]) == ("loaded", 900, 1)
    price = feed.rows(
        "select input_cost_per_token from raw.litellm_model_prices__model_prices where model = 'm0' and _load_id = ?",
        [report["load_id"]],
    )
    assert price == [("2e-06",)]
