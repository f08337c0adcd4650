"""Who bought, who uses and what happened, as a reader of the published file asks it."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

Connection = duckdb.DuckDBPyConnection


def rows(published: Connection, query: str) -> list[tuple[Any, ...]]:
    return published.execute(query).fetchall()


def test_what_amazon_and_google_bought_with_the_rest_visible(published: Connection) -> None:
    found = dict(rows(published, """
        select buyer, units_p50 from marts.accelerator_purchases_quarterly
        where accelerator = 'b200' and calendar_quarter = '2025Q2' and units_p50 is not null
    """))  # fmt: skip
    assert found["Amazon"] == 53_922
    assert found["Google"] == 44_104
    assert found["unallocated"] >= 0


def test_a_buyer_without_a_figure_is_unknown_and_not_zero(published: Connection) -> None:
    assert rows(published, """
        select units_p50, coverage_status from marts.accelerator_purchases_quarterly
        where accelerator = 'b300' and calendar_quarter = '2026Q2' and buyer = 'Amazon'
    """) == [(None, "unknown")]  # fmt: skip


def test_our_trainium2_stands_beside_the_published_one(published: Connection) -> None:
    ((published_units, own_units),) = rows(published, """
        select units_p50, own_model_units_p50 from marts.accelerator_purchases_quarterly
        where accelerator = 'trainium2' and calendar_quarter = '2025Q2' and buyer = 'Amazon'
    """)  # fmt: skip
    assert published_units == 247_507
    assert own_units is not None
    assert own_units != published_units


def test_every_published_figure_may_be_passed_on_with_credit(published: Connection) -> None:
    assert rows(published, """
        select distinct licence from marts.accelerator_purchases_quarterly where units_p50 is not null
    """) == [("CC BY 4.0",)]  # fmt: skip


def test_anthropic_uses_most_trainium2_and_the_published_count_is_beside(published: Connection) -> None:
    ((p05, p50, p95, count),) = rows(published, """
        select share_p05, share_p50, share_p95, published_units from marts.chip_end_use_quarterly
        where accelerator = 'Trainium2' and calendar_quarter = '2025Q4' and end_user = 'Anthropic'
    """)  # fmt: skip
    assert 0 < p05 < p50 < p95 <= 1
    assert p50 > 0.5
    assert count == 845_000


@pytest.mark.parametrize(
    ("kind", "at_least"),
    [("slip", 3), ("yield_problem", 1), ("socket_change", 5), ("second_source", 4), ("cancellation", 1)],
)
def test_the_events_are_there_with_a_source_each(published: Connection, kind: str, at_least: int) -> None:
    ((n, sourced, known),) = rows(published, f"""
        select count(*), count(source_url), bool_and(known_from <= as_of_date)
        from marts.supply_events where event_kind = '{kind}'
    """)  # fmt: skip
    assert n >= at_least
    assert sourced == n
    assert known
