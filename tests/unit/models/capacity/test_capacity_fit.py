"""The fits behind the dates: what the data teach, what the prior holds, what censoring must not do."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.capacity.fit import delay_weights, fit_delay, fit_log_days, fit_stages, truncated_moments
from models.capacity.parameters import Delay, Lognormal, read_parameters
from models.capacity.randomness import normals
from models.capacity.simulate import days_left, delay_days, pooled_dates
from tests.unit.models.capacity.test_capacity_engine import PROJECTED_COLUMNS, STAGE_COLUMNS, frame

NEWEST = pd.Timestamp("2026-09-24")


def printed(name: str, lead: int, slip: float | None, **changes: Any) -> dict[str, Any]:
    """A step printed `lead` days ahead on 2025-11-12 that came `slip` days late (None: still to come, not moved)."""
    date = pd.Timestamp("2025-11-12") + pd.Timedelta(days=lead)
    reached = None if slip is None else date + pd.Timedelta(days=slip)
    return {
        "campus_id": name, "level_kind": "buildings", "level": 1.0, "vintage_date": "2025-11-12",
        "projected_date": date,
        "lead_days": lead, "outcome": "still_projected" if slip is None else "realised",
        "outcome_from_date": reached if slip is not None else date, "outcome_to_date": reached,
        "newest_vintage_date": NEWEST, "design_family": "aws_hall", "known_from": NEWEST,
    } | changes  # fmt: skip


def delays(rows: list[dict[str, Any]], assumptions: pd.DataFrame):
    return fit_delay(frame(rows, PROJECTED_COLUMNS), read_parameters(assumptions).delay, 0.3)


def median_days(model: Any, lead: float, family: str = "aws_hall") -> float:
    return float(np.median(delay_days(model.delay(lead, family), normals(1, "x", "y", 4000))))


def test_without_a_due_step_the_prior_rules(assumptions):
    prior = read_parameters(assumptions).delay
    for rows in ([], [printed("a", 900, None), printed("b", 900, 400)]):
        model = delays(rows, assumptions)
        found = model.delay(prior.reference_lead_days, "aws_hall")
        assert found.on_time_share == pytest.approx(prior.at_reference.on_time_share, abs=1e-6)
        assert found.late.median == pytest.approx(prior.at_reference.late.median, rel=1e-6)
        assert found.late.log_sd > prior.at_reference.late.log_sd, "not knowing the median widens the spread"
        assert model.n_steps == 0, "a step that is not due yet can show itself late but not on time"


def test_punctual_steps_pull_the_fit_to_punctual_and_late_ones_to_late(assumptions):
    leads = range(20, 300, 10)
    punctual = delays([printed(f"c{x}", x, 0) for x in leads], assumptions)
    late = delays([printed(f"c{x}", x, 300) for x in leads if x + 300 < 600], assumptions)
    neither = delays([], assumptions)
    assert median_days(punctual, 100) < median_days(neither, 100) < median_days(late, 100)
    assert punctual.delay(100, "aws_hall").on_time_share > 0.6 > 0.1 > late.delay(100, "aws_hall").on_time_share


def test_slip_grows_with_lead_and_the_data_can_teach_it(assumptions):
    model = delays([printed(f"c{x}", x, max(8, 1.2 * x)) for x in range(15, 150, 5)], assumptions)
    assert median_days(model, 30) < median_days(model, 120) < median_days(model, 400)
    assert model.late.coefficients[1] > read_parameters(assumptions).delay.lead_slope


def test_families_are_pulled_to_each_other(assumptions):
    slow = [printed(f"s{i}", 100, 200, design_family="meta_h") for i in range(8)]
    fast = [printed(f"f{i}", 100, 30, design_family="aws_hall") for i in range(8)]
    model = delays(slow + fast, assumptions)
    raw = math.log(200 / 30)
    gap = math.log(median_days(model, 100, "meta_h") / median_days(model, 100, "aws_hall"))
    assert 0 < gap < raw
    unseen = model.delay(100, "never seen")
    seen = model.delay(100, "meta_h")
    assert model.delay(100, "aws_hall").late.median < unseen.late.median < seen.late.median
    assert unseen.late.log_sd > seen.late.log_sd


def test_a_step_still_to_come_is_late_by_at_least_its_newest_date(assumptions):
    moved = [printed(f"m{i}", 100, 250, outcome="still_projected", outcome_to_date=None) for i in range(10)]
    came = [printed(f"m{i}", 100, 250) for i in range(10)]
    assert median_days(delays(moved, assumptions), 100) > median_days(delays(came, assumptions), 100)


def test_a_step_counts_once_however_many_vintages_print_it():
    steps = frame(
        [
            printed("a", 100, 0),
            printed("b", 100, 0),
            printed("b", 60, 0),
            printed("c", 90, 0),
            printed("c", 90, 0, level=2.0),
        ],
        PROJECTED_COLUMNS,
    )
    assert delay_weights(steps, 0.0) == pytest.approx([1, 0.5, 0.5, 1, 1])
    assert delay_weights(steps, 1.0) == pytest.approx([1, 0.5, 0.5, 0.5, 0.5])


@settings(max_examples=40, deadline=None)
@given(
    mean=st.floats(-3, 3), sd=st.floats(0.2, 3), low=st.floats(-8, 8), width=st.floats(0, 10), open_end=st.booleans()
)
def test_truncated_moments_lie_inside_their_bounds(mean, sd, low, width, open_end):
    high = math.inf if open_end else low + width
    value, variance = truncated_moments(np.array([mean]), sd, np.array([low]), np.array([high]))
    assert low - 1e-6 <= value[0] <= (high if not open_end else math.inf) + 1e-6
    assert 0 <= variance[0] <= sd**2 + 1e-9


def test_censored_regression_finds_what_made_the_data():
    rng = np.random.default_rng(4)
    n = 4000
    true = 5.0 + 0.4 * rng.standard_normal(n)
    low, high = np.floor(true * 2) / 2, np.floor(true * 2) / 2 + 0.5
    cut = true > 5.2
    low, high = np.where(cut, 5.2, low), np.where(cut, np.inf, high)
    fit = fit_log_days(
        np.ones((n, 1)), pd.Series(["f"] * n), low, high, np.ones(n), np.array([4.0]), np.array([np.nan]), 1.0, 5.0, 0.2
    )
    assert fit.coefficients[0] + fit.families["f"] == pytest.approx(5.0, abs=0.05)
    assert fit.log_sd == pytest.approx(0.4, rel=0.1)


def looks(
    building: str, roofed: str | None, operational: str | None, last: str, **changes: Any
) -> list[dict[str, Any]]:
    row = {
        "building_id": building, "campus_id": "c", "design_family": "aws_hall", "last_look_date": last,
        "is_estimate": False, "is_campus_level": False, "known_from": NEWEST,
    }  # fmt: skip
    before = pd.Timestamp(roofed) - pd.Timedelta(days=20) if roofed else None
    shown = pd.Timestamp(operational) - pd.Timedelta(days=20) if operational else pd.Timestamp(last)
    return [
        row | {"stage": "roofed", "stage_number": 6, "not_yet_date": before, "seen_date": roofed} | changes,
        row | {"stage": "operational", "stage_number": 9, "not_yet_date": shown, "seen_date": operational} | changes,
    ]


def stages(rows: list[dict[str, Any]], assumptions: pd.DataFrame):
    return fit_stages(frame(rows, STAGE_COLUMNS), read_parameters(assumptions).stages)


def test_stage_durations_come_from_the_buildings_and_unfinished_ones_count(assumptions):
    prior = read_parameters(assumptions).stages.months["roofed"].median * 365.25 / 12
    done = [row for i in range(20) for row in looks(f"b{i}", "2025-01-01", "2025-05-01", "2026-09-01")]
    open_ = [row for i in range(20) for row in looks(f"u{i}", "2025-01-01", None, "2026-09-01")]
    none = stages([], assumptions)
    fast = stages(done, assumptions)
    with_open = stages(done + open_, assumptions)
    assert none.to_operational("roofed", "aws_hall").median == pytest.approx(prior)
    assert none.n_buildings["roofed"] == 0 and fast.n_buildings["roofed"] == 20
    assert 110 < fast.to_operational("roofed", "aws_hall").median < prior
    assert (
        with_open.to_operational("roofed", "aws_hall").median > 1.3 * fast.to_operational("roofed", "aws_hall").median
    )


def test_estimates_and_campus_texts_are_no_looks(assumptions):
    rows = looks("b", "2025-01-01", "2025-05-01", "2026-09-01")
    for changes in ({"is_campus_level": True}, {"is_estimate": True}):
        assert stages([row | changes for row in rows], assumptions).n_buildings["roofed"] == 0


@settings(max_examples=40, deadline=None)
@given(on_time=st.floats(0.05, 0.9), median=st.floats(20, 400), log_sd=st.floats(0.2, 1.6), seen=st.floats(0, 600))
def test_lateness_already_seen_is_never_undercut(on_time, median, log_sd, seen):
    score = normals(1, "x", "y", 1000)
    delay = Delay(on_time, Lognormal(median, log_sd))
    days = delay_days(delay, score, seen)
    assert (days >= seen).all()
    assert (days >= delay_days(delay, score) - 1e-6).all(), "what has been seen can only make it later"
    order = np.argsort(score)
    assert (np.diff(days[order]) >= -1e-9).all()
    left = days_left(Lognormal(median, log_sd), seen, score)
    assert (left >= seen).all() and (np.diff(left[order]) >= -1e-9).all()


def test_pooled_dates_lie_between_and_nearer_to_the_surer():
    score = normals(1, "x", "y", 1000)
    sure, vague = 300 + 40 * np.exp(0.2 * score), 300 + 400 * np.exp(0.9 * score)
    pooled = pooled_dates(sure, vague, 300.0)
    low, high = np.minimum(sure, vague), np.maximum(sure, vague)
    assert ((pooled >= low - 1e-9) & (pooled <= high + 1e-9)).all()
    assert abs(np.median(pooled) - np.median(sure)) < abs(np.median(pooled) - np.median(vague))
    spread = [np.std(np.log(dates - 300)) for dates in (sure, pooled, vague)]
    assert spread[0] <= spread[1] <= spread[2], "two readings of one image are not two images"
