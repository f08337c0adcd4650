"""Every live source over real HTTP, played from what is bundled: all requests answered, nothing rejected or lost."""

from __future__ import annotations

import pytest

from ingest import contracts

LIVE = [s.source for s in contracts.load_all() if any(r.is_live and r.inbox is None for r in s.resources)]


@pytest.mark.parametrize("code", LIVE)
def test_a_live_round_ends_in_raw(play, code: str) -> None:
    feed = play(code)
    records = feed.fetch()
    assert [(r.resource, r.part, r.error) for r in records if r.outcome != "fetched"] == []
    expected = {
        (resource.resource, part)
        for resource in feed.source.resources
        if resource.is_live and resource.inbox is None
        for part in resource.parts or {"": {}}
    }
    assert {(r.resource, r.part) for r in records} == expected
    reports = feed.load()
    assert [(r["resource"], r["reason"]) for r in reports if r["status"] != "loaded"] == []
    assert all(r["rows_in"] == r["rows_loaded"] + r["rows_quarantined"] for r in reports)
    assert feed.server.unplayed == []
    user_agents = {headers.get("User-Agent") for _, _, headers, _ in feed.requests}
    assert len(user_agents) == 1
    assert "gigawatch" in user_agents.pop()


@pytest.mark.parametrize("code", LIVE)
def test_the_same_bytes_again_are_not_loaded_again(play, code: str) -> None:
    feed = play(code)
    feed.fetch()
    feed.load()
    again = feed.fetch()
    assert {r.outcome for r in again} == {"fetched"}
    assert feed.load() == []
