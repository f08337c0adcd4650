"""Cost per million tokens in the published file: measured and modelled kept apart, the roofline's error in the open."""

from __future__ import annotations

import duckdb
import pytest

pytestmark = pytest.mark.e2e

Connection = duckdb.DuckDBPyConnection


def test_what_nobody_measured_is_modelled_and_says_so(published: Connection) -> None:
    rows = published.execute(
        """
        select accelerator_id, list(distinct basis order by basis), max(n_runs), min(throughput_half_width_share)
        from marts.tokens_frontier
        where accelerator_id in ('trainium2', 'trainium3', 'tpu-v7', 'r200', 'gb200')
        group by accelerator_id
        """
    ).fetchall()
    found = {name: rest for name, *rest in rows}
    assert found["gb200"][0] == ["measured", "modelled"]
    for name in ("trainium2", "trainium3", "tpu-v7", "r200"):
        bases, n_runs, half_width = found[name]
        assert bases == ["modelled"] and n_runs == 0 and half_width > 0.5, name


def test_the_rooflines_error_on_unseen_accelerators_is_reported(published: Connection) -> None:
    rows = published.execute(
        "select accelerator_id, n_points, left_out_error_share, class_error_ratio from marts.tokens_calibration"
    ).fetchall()
    found = {name: rest for name, *rest in rows}
    assert {"b200", "gb200", "h200-sxm", "mi300x", "mi325x", "mi355x", "all"} <= set(found)
    for name, (n_points, error, ratio) in found.items():
        assert n_points > 0 and 0 < error < 1 and 1 < ratio < 3, name


def test_measured_cost_is_the_chip_hour_over_the_throughput(published: Connection) -> None:
    """DeepSeek-R1 in FP8 on GB200, 8k in and 1k out, 50 tokens/s per user: 750 tokens/s for 1.83 USD an hour."""
    throughput, usd, hour = published.execute(
        """
        select tokens.output_tok_per_s_chip, tokens.usd_per_million_output_tokens_p50, metrics.tco_usd_per_chip_hour_p50
        from marts.tokens_frontier as tokens
        inner join marts.tco_metrics as metrics using (system_id, buyer_class, assumption_vintage)
        where tokens.accelerator_id = 'gb200' and tokens.model = 'DeepSeek-R1-0528' and tokens.precision = 'fp8'
            and tokens.prompt_tokens = 8192 and tokens.spec_decode = 'none' and tokens.target_tok_per_s_user = 50
            and tokens.basis = 'measured' and tokens.is_best_stack
            and tokens.buyer_class = 'hyperscaler' and tokens.assumption_vintage = 'v2026'
        """
    ).fetchone()
    assert throughput == pytest.approx(750, abs=5)
    assert usd == pytest.approx(hour * 1e6 / 3600 / throughput, rel=1e-9)


def test_every_accelerator_has_a_cost_per_token_or_a_reason(published: Connection) -> None:
    without = published.execute(
        """
        select specs.accelerator_id
        from marts.accelerator_specs as specs
        left join marts.coverage as coverage
            on coverage.mart_name = 'tokens_frontier' and coverage.subject_id = specs.accelerator_id
        where coalesce(coverage.coverage_status, '') <> 'known' and coalesce(coverage.reason, '') not like 'missing: %'
        """
    ).fetchall()
    assert without == []
