"""The cost tables of the published file: complete, adding up, and at the figures worked out by hand."""

from __future__ import annotations

import duckdb
import pytest

pytestmark = pytest.mark.e2e

Connection = duckdb.DuckDBPyConnection


def test_every_system_is_costed_or_says_what_is_missing(published: Connection) -> None:
    rows = published.execute(
        """
        with costed as (select distinct system_id from marts.tco_metrics)
        select
            systems.vendor, systems.system_id, costed.system_id is not null, coverage.coverage_status, coverage.reason
        from marts.system_comparison as systems
        left join costed using (system_id)
        left join marts.coverage as coverage
            on coverage.mart_name = 'tco_metrics' and coverage.subject_id = systems.system_id
        """
    ).fetchall()
    costed: dict[str, int] = {}
    for vendor, system, is_costed, status, reason in rows:
        assert status == "known" if is_costed else status in ("unknown", "not_covered"), system
        assert is_costed or reason.startswith(("missing: ", "second name of ", "never sold as a system: ")), system
        costed[vendor] = costed.get(vendor, 0) + is_costed
    assert costed["Nvidia"] >= 50
    assert costed["AMD"] >= 22 and costed["Google"] >= 9 and costed["AWS"] >= 22


@pytest.mark.parametrize(
    ("system", "vintage", "capital", "operating", "total"),
    [
        ("hgx-h100-8", "v2025", 1.01, 0.34, 1.35),
        ("gb200-nvl72", "v2025", 1.74, 0.49, 2.23),
        ("gb200-nvl72", "v2026", 1.34, 0.49, 1.83),
    ],
)
def test_worked_examples(
    published: Connection, system: str, vintage: str, capital: float, operating: float, total: float
) -> None:
    row = published.execute(
        """select capital_usd_per_chip_hour_p50, operating_usd_per_chip_hour_p50, tco_usd_per_chip_hour_p50
           from marts.tco_metrics
           where system_id = ? and assumption_vintage = ? and buyer_class = 'hyperscaler'""",
        [system, vintage],
    ).fetchone()
    # 0.03 USD: rates are drawn around their centres, and one operating cost per kW stands for all chips.
    assert row == pytest.approx((capital, operating, total), abs=0.03)


def test_parts_add_up_to_the_cost_everywhere(published: Connection) -> None:
    n_costs, worst_mean, worst_share, worst_total = published.execute(  # type: ignore[misc]
        """
        with parts as (
            select
                system_id, buyer_class, assumption_vintage,
                sum(usd_per_chip_hour_mean) filter (where component <> 'total') as parts_mean,
                max(usd_per_chip_hour_mean) filter (where component = 'total') as total_mean,
                max(usd_per_chip_hour_p50) filter (where component = 'total') as total_p50,
                sum(tco_share) filter (where component <> 'total') as shares
            from marts.tco_by_system group by all
        )
        select
            count(*), max(abs(parts_mean / total_mean - 1)), max(abs(shares - 1)),
            max(abs(total_p50 / tco_usd_per_chip_hour_p50 - 1))
        from parts full join marts.tco_metrics using (system_id, buyer_class, assumption_vintage)
        """
    ).fetchone()
    assert n_costs > 600
    assert max(worst_mean, worst_share) < 1e-9
    assert worst_total == 0


def test_the_server_is_published_where_somebody_published_it(published: Connection) -> None:
    share, basis, evidence = published.execute(  # type: ignore[misc]
        """select server.capex_usd_per_chip_mean / total.capex_usd_per_chip_mean, server.component_basis,
                  server.evidence_ids
           from marts.tco_by_system as server
           inner join marts.tco_by_system as total using (system_id, buyer_class, assumption_vintage)
           where server.component = 'server' and total.component = 'total' and system_id = 'hgx-h100-8'
               and buyer_class = 'hyperscaler' and assumption_vintage = 'v2025'"""
    ).fetchone()
    assert share == pytest.approx(190 / 250)
    assert basis == "published"
    assert {"C0002", "C0003"} <= set(evidence.split(", "))


def test_domains_cost_what_their_chips_cost(published: Connection) -> None:
    rows = published.execute(
        """select system_id, scale_up_domain_memory_bandwidth_tb_per_s,
                  usd_per_scale_up_domain_hour_p50 / scale_up_domain_memory_bandwidth_tb_per_s,
                  usd_per_tb_per_s_hour_p50
           from marts.tco_metrics
           where system_id in ('gb200-nvl72', 'trn2-ultraserver') and buyer_class = 'hyperscaler'
           qualify assumption_vintage = max(assumption_vintage) over ()
           order by system_id"""
    ).fetchall()
    assert [(system, bandwidth) for system, bandwidth, _, _ in rows] == [
        ("gb200-nvl72", pytest.approx(576)),
        ("trn2-ultraserver", pytest.approx(185.6)),
    ]
    for _, _, domain, chip in rows:
        assert domain == pytest.approx(chip)


def test_scenarios_of_the_systems_people_compare(published: Connection) -> None:
    rows = published.execute(
        """select scenario_kind, count(distinct system_id), count(distinct scenario_name), min(tco_ratio_to_base_p50),
                  max(tco_ratio_to_base_p50)
           from marts.tco_scenarios group by all"""
    ).fetchall()
    kinds = {kind: (systems, names, low, high) for kind, systems, names, low, high in rows}
    assert kinds["base"] == (11, 1, 1, 1)
    # Makers of their own fabric have no choice of network.
    assert kinds["network"][:2] == (8, 4)
    assert kinds["electricity_market"][:2] == (11, 50)
    assert kinds["electricity_market"][2] < 1 < kinds["electricity_market"][3]
    assert kinds["depreciation"][3] < 1
    assert 0.8 < kinds["facility"][2] <= kinds["facility"][3] < 1.2


def test_derived_bounds_are_marked_and_say_what_they_rest_on(published: Connection) -> None:
    rows = published.execute(
        """select distinct system_id, is_derived_bound, capex_basis, evidence_ids from marts.tco_by_system
           where component = 'server' and buyer_class = 'hyperscaler'
               and system_id in ('trn2-ultraserver', 'trn3-gen2-ultraserver', 'helios-mi455x')"""
    ).fetchall()
    assert len({system for system, _, _, _ in rows}) == 3
    for system, bound, basis, evidence in rows:
        assert (bound, basis) == (True, "prior_bound"), system
        assert "assumption:" in evidence


def test_sources_that_disagree_on_a_specification_are_counted(published: Connection) -> None:
    rows = dict(
        published.execute(
            """select accelerator_id, n_conflicting_claims from marts.accelerator_specs
               where accelerator_id in ('trainium2', 'trainium3', 'b200')"""
        ).fetchall()
    )
    # TDP of Trainium3: 1,000 or 700 W; bandwidth of the B200: 8.0 or 7.7 TB/s; nobody disputes Trainium2.
    assert rows["trainium3"] >= 1 and rows["b200"] >= 1
    assert rows["trainium2"] == 0
