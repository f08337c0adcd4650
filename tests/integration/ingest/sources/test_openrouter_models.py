"""OpenRouter over HTTP: what the contract holds back, and what an error page does."""

from __future__ import annotations

import json
from typing import Any


def routes(models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"path": "/api/v1/models", "body": json.dumps({"data": models}).encode()}]


def model(name: str, prompt: str = "0.000001", **further: Any) -> dict[str, Any]:
    return {"id": name, "pricing": {"prompt": prompt, "completion": "0.000002"}, **further}


GOOD = [model(f"lab/m{number}", brand_new={"a": 1}) for number in range(6)]


def test_prices_that_cannot_be_go_to_quarantine(play) -> None:
    bad = {
        "lab/million": ("2.5", "max:pricing.prompt"),
        "lab/negative": ("-0.5", "negative_price"),
        "lab/word": ("free", "type:pricing.prompt"),
    }
    models = [*GOOD, model("openrouter/auto", "-1"), *(model(name, price) for name, (price, _) in bad.items())]
    models += [{"id": "lab/unpriced", "pricing": {}}, model("", "0.000001"), GOOD[0]]
    feed = play("openrouter_models", routes=routes(models))
    assert [record.outcome for record in feed.fetch()] == ["fetched"]
    (report,) = [r for r in feed.load() if r["rows_in"] == len(models)]
    assert (report["status"], report["rows_loaded"]) == ("loaded", 7)
    held_back = dict(feed.rows("select coalesce(json_extract_string(row_json, '$.id'), ''), rule from raw.quarantine"))
    assert held_back == {name: rule for name, (_, rule) in bad.items()} | {
        "lab/unpriced": "no_price", "": "not_null:id", "lab/m0": "duplicate_row",
    }  # fmt: skip
    (variable,) = feed.rows("select \"pricing.prompt\" from raw.openrouter_models__models where id = 'openrouter/auto'")
    assert variable == ("-1",)


def test_one_model_with_two_prices_turns_the_list_down(play) -> None:
    feed = play("openrouter_models", routes=routes([*GOOD, model("lab/m0", "0.000009")]))
    feed.fetch()
    (report,) = [r for r in feed.load() if r["rows_in"] == 7]
    assert report["status"] == "rejected"
    assert "duplicate_key" in report["reason"]


def test_an_error_page_with_200_leaves_the_last_good_list(play) -> None:
    feed = play("openrouter_models", routes=[{"path": "/api/v1/models", "body": b"<html>Just a moment...</html>"}])
    feed.fetch()
    assert sorted(report["status"] for report in feed.load()) == ["loaded", "rejected"]
    assert feed.rows("select count(*) from raw.openrouter_models__models") == [(6,)]
