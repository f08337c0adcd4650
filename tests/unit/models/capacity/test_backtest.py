"""What is asked and said about site power on a past day, and that nothing known later gets in."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.capacity.backtest import (
    DAY_ZERO,
    NEVER,
    _last_day,
    forecasts,
    printed_levels,
    projected_levels,
    quarter_ends,
)
from models.capacity.days import to_days
from models.capacity.run import LookAheadError
from models.scoring import COLUMNS

DAY = date(2026, 1, 3)
SEED = 7
N_DRAWS = 300

Frames = dict[str, pd.DataFrame]

# Site a runs one building and prints two more; site b prints its first one; site c is empty for ever.
TIMELINES = [
    ("a", "2025-03-01", 0, 0.0),
    ("a", "2025-06-01", 1, 100.0),
    ("a", "2026-02-15", 3, 300.0),
    ("b", "2025-10-01", 0, 0.0),
    ("b", "2026-03-20", 1, 80.0),
    ("b", "2026-09-01", 1, 120.0),
    ("c", "2025-10-01", 0, 0.0),
]


def timelines(rows: list[tuple[str, str, int, float]], vintage: str = "2026-01-03") -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["campus_id", "observed_date", "buildings_operational", "facility_capacity_mw"])
    table["observed_date"] = pd.to_datetime(table["observed_date"])
    table["buildings_operational"] = table["buildings_operational"].astype("Int64")
    return table.assign(vintage_date=pd.Timestamp(vintage), known_from=pd.Timestamp(vintage))


def building(building_id: str, number: int, observed: str, basis: str, mw: float, **more: Any) -> dict[str, Any]:
    campus_id = building_id.split("-")[0]
    return {
        "building_id": building_id, "campus_id": campus_id, "operator": "Op", "cloud_provider": "Cloud",
        "building_number": number, "step_number": number, "step_kind": "new_building", "observed_date": observed,
        "previous_observed_date": None, "confirmed_date": None, "date_basis": basis, "design_family": "other",
        "capacity_evidence_kind": "permit", "is_started": True, "it_increment_mw": mw / 1.2,
        "facility_increment_mw": mw, "vintage_date": "2026-01-03", "known_from": "2026-01-03",
    } | more  # fmt: skip


def dated(rows: list[dict[str, Any]], columns: list[str] | None = None) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns)
    for name in table:
        if name.endswith("_date") or name == "known_from":
            table[name] = pd.to_datetime(table[name])
    return table


@pytest.fixture
def frames(assumptions: pd.DataFrame) -> Frames:
    steps = [
        building("a-b01", 1, "2025-06-01", "observed", 100.0),
        building("a-b02", 2, "2026-02-15", "projected", 100.0),
        building("a-b03", 2, "2026-02-15", "projected", 100.0),
        building("b-b01", 1, "2026-03-20", "projected", 80.0),
        building("b-b01", 2, "2026-09-01", "projected", 40.0, step_kind="upgrade"),
    ]
    plans = [
        "building_id", "campus_id", "operator", "cloud_provider", "planned_it_capacity_mw",
        "planned_facility_capacity_mw", "status_class", "is_started", "start_earliest_date", "start_latest_date",
        "known_from",
    ]  # fmt: skip
    projected = [
        "campus_id", "level_kind", "level", "vintage_date", "projected_date", "lead_days", "outcome",
        "outcome_from_date", "outcome_to_date", "newest_vintage_date", "design_family", "known_from",
    ]  # fmt: skip
    stages = [
        "building_id", "campus_id", "design_family", "stage", "stage_number", "not_yet_date", "seen_date",
        "last_look_date", "is_estimate", "is_campus_level", "known_from",
    ]  # fmt: skip
    return {
        "building_steps": dated(steps),
        "plans": dated([], plans),
        "projected_steps": dated([], projected),
        "building_stages": dated([], stages),
        "assumptions": assumptions,
        "timelines": timelines(TIMELINES),
        "deals": dated([], ["campus_id", "start_period", "known_from"]),
    }


def said(found: pd.DataFrame, forecaster: str, target: str, subject: str, period: str) -> pd.Series:
    rows = found.query("forecaster == @forecaster and target == @target and subject == @subject and period == @period")
    assert len(rows) == 1, f"{len(rows)} forecasts"
    return rows.iloc[0]


def since(day: str) -> int:
    return (date.fromisoformat(day) - DAY_ZERO).days


def test_each_forecast_is_there_once_and_its_quantiles_rise(frames: Frames) -> None:
    found = forecasts(frames, DAY, SEED, N_DRAWS)
    assert not found.duplicated(["target", "subject", "period", "forecaster"]).any()
    assert (np.diff(found[list(COLUMNS)].to_numpy(), axis=1) >= 0).all()
    assert (found["p01"] >= 0).all()
    assert (found.loc[found["is_point_forecast"], "p01"] == found.loc[found["is_point_forecast"], "p99"]).all()
    ours = found["forecaster"].str.startswith("gigawatch")
    assert (found["is_point_forecast"] == ~ours).all()
    assert dict(found.groupby("target")["unit"].first()) == {
        "all_sites_facility_mw": "mw", "site_facility_mw": "mw", "step_date": "days",
    }  # fmt: skip


def test_same_seed_same_rows_whatever_the_row_order(frames: Frames) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in frames.items()}
    pd.testing.assert_frame_equal(forecasts(frames, DAY, SEED, N_DRAWS), forecasts(shuffled, DAY, SEED, N_DRAWS))


@pytest.mark.parametrize(
    "name", ["timelines", "deals", "building_steps", "projected_steps", "building_stages", "plans", "assumptions"]
)
def test_a_row_known_a_day_later_is_refused(name: str, frames: Frames) -> None:
    late = pd.DataFrame({"known_from": [pd.Timestamp("2026-01-04")]})
    with pytest.raises(LookAheadError, match="2026-01-03"):
        forecasts({**frames, name: pd.concat([frames[name], late])}, DAY, SEED, N_DRAWS)


def test_the_running_quarter_and_four_more_are_asked_for(frames: Frames) -> None:
    assert list(quarter_ends(DAY)) == ["2026Q1", "2026Q2", "2026Q3", "2026Q4", "2027Q1"]
    assert quarter_ends(date(2026, 3, 31))["2026Q1"] == date(2026, 3, 31)
    found = forecasts(frames, DAY, SEED, N_DRAWS)
    row = said(found, "gigawatch", "site_facility_mw", "a", "2026Q2")
    assert (row["period_end_date"], row["horizon_months"]) == (date(2026, 6, 30), 6)


def test_rivals_say_what_is_printed_and_what_is_printed_90_days_late(frames: Frames) -> None:
    found = forecasts(frames, DAY, SEED, N_DRAWS)
    for rival, expected in {
        # Printed for 15 February and 20 March; 90 days on it is 16 May and 18 June, and 30 November for the upgrade.
        "epoch_as_printed": {"a": [300, 300, 300, 300, 300], "b": [80, 80, 120, 120, 120]},
        "epoch_plus_90_days": {"a": [100, 300, 300, 300, 300], "b": [0, 80, 80, 120, 120]},
    }.items():
        for site, levels in expected.items():
            told = [said(found, rival, "site_facility_mw", site, period)["p50"] for period in quarter_ends(DAY)]
            assert told == levels, (rival, site)
        total = said(found, rival, "all_sites_facility_mw", "sites of 2026-01-03", "2026Q1")["p50"]
        assert total == expected["a"][0] + expected["b"][0]
    assert said(found, "epoch_plus_90_days", "step_date", "b", "1 building")["p50"] == since("2026-06-18")


def test_ours_has_the_running_building_and_waits_for_the_others(frames: Frames) -> None:
    found = forecasts(frames, DAY, SEED, N_DRAWS)
    near, far = (said(found, "gigawatch", "site_facility_mw", "a", period) for period in ("2026Q1", "2027Q1"))
    assert near["p05"] < 100 < near["p50"] + 1 and near["p50"] < 300
    assert far["p50"] > near["p50"]
    counted = said(found, "gigawatch_as_source_counts", "site_facility_mw", "a", "2026Q1")
    assert counted["p05"] > near["p05"], "without errors of size that the source repeats it is narrower"
    step = said(found, "gigawatch", "step_date", "a", "3 buildings")
    assert since("2026-02-15") <= step["p50"] <= step["p99"] <= (NEVER - DAY_ZERO).days


def test_the_total_is_wider_than_independent_sites_would_make_it(frames: Frames) -> None:
    found = forecasts(frames, DAY, SEED, N_DRAWS)
    total = said(found, "gigawatch", "all_sites_facility_mw", "sites of 2026-01-03", "2026Q3")
    sites = [said(found, "gigawatch", "site_facility_mw", site, "2026Q3") for site in ("a", "b")]
    width = total["p95"] - total["p05"]
    assert np.sqrt(sum((s["p95"] - s["p05"]) ** 2 for s in sites)) < width <= sum(s["p95"] - s["p05"] for s in sites)


def test_a_date_100_days_later_moves_its_site_and_no_other(frames: Frames) -> None:
    before = forecasts(frames, DAY, SEED, N_DRAWS)
    moved = dict(frames)
    later = pd.Timestamp("2026-05-26")
    printed = pd.Timestamp("2026-02-15")
    for name in ("timelines", "building_steps"):
        moved[name] = frames[name].assign(observed_date=frames[name]["observed_date"].replace(printed, later))
    after = forecasts(moved, DAY, SEED, N_DRAWS)
    keys = ["target", "subject", "period", "forecaster"]
    both = before.merge(after, on=keys, suffixes=("_before", "_after"))
    changed = both[(both["p50_before"] != both["p50_after"])]
    assert set(changed["subject"]) == {"a", "sites of 2026-01-03"}
    for rival in ("epoch_as_printed", "epoch_plus_90_days"):
        at = (rival, "step_date", "a", "3 buildings")
        assert said(after, *at)["p50"] - said(before, *at)["p50"] == 100


def test_halving_the_printed_power_halves_the_rivals(frames: Frames) -> None:
    halved = timelines([(site, day, n, mw / 2 if site == "b" else mw) for site, day, n, mw in TIMELINES])
    found = forecasts({**frames, "timelines": halved}, DAY, SEED, N_DRAWS)
    assert said(found, "epoch_as_printed", "site_facility_mw", "b", "2026Q1")["p50"] == 40
    assert said(found, "epoch_as_printed", "site_facility_mw", "a", "2026Q1")["p50"] == 300


def test_levels_are_told_by_buildings_or_else_by_power(frames: Frames) -> None:
    table = frames["timelines"].assign(day=to_days(frames["timelines"]["observed_date"]))
    table["buildings_operational"] = table["buildings_operational"].astype(float)
    table["is_ahead"] = table["observed_date"] > pd.Timestamp(DAY)
    found = projected_levels(table)
    assert list(zip(found["campus_id"], found["level"], strict=True)) == [
        ("a", "3 buildings"), ("b", "1 building"), ("b", "120 MW"),
    ]  # fmt: skip


def test_a_level_that_does_not_rise_is_no_step() -> None:
    rows = [("a", "2025-06-01", 2, 100.0), ("a", "2026-02-15", 1, 90.0), ("a", "2026-03-15", 2, 100.0)]
    table = timelines(rows).assign(is_ahead=[False, True, True])
    table["day"] = to_days(table["observed_date"])
    assert projected_levels(table).empty


def test_a_company_speaks_of_the_first_power_of_a_site_that_has_none(frames: Frames) -> None:
    deals = dated([
        {"campus_id": "a", "start_period": "2026-06", "known_from": "2025-12-01"},
        {"campus_id": "b", "start_period": "2026-04", "known_from": "2025-12-01"},
        {"campus_id": "b", "start_period": "2026", "known_from": "2025-12-02"},
        {"campus_id": "c", "start_period": None, "known_from": "2025-12-01"},
        {"campus_id": None, "start_period": "2026-02", "known_from": "2025-12-01"},
    ])  # fmt: skip
    found = forecasts({**frames, "deals": deals}, DAY, SEED, N_DRAWS)
    told = found[found["forecaster"] == "company_target"]
    assert list(zip(told["subject"], told["period"], told["p50"], strict=True)) == [
        ("b", "1 building", since("2026-04-30"))
    ]
    passed = deals.assign(start_period="2025-12")
    found = forecasts({**frames, "deals": passed}, DAY, SEED, N_DRAWS)
    assert "company_target" not in set(found["forecaster"]), "a start that has passed is no forecast"


def test_periods_of_deals() -> None:
    assert [_last_day(p) for p in ("2026", "2026-02", "2026-02-03")] == [
        date(2026, 12, 31), date(2026, 2, 28), date(2026, 2, 3),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="2026H1"):
        _last_day("2026H1")


def test_before_the_first_vintage_there_is_nothing_to_say(frames: Frames) -> None:
    empty = {name: frame if name == "assumptions" else frame.iloc[:0] for name, frame in frames.items()}
    found = forecasts(empty, date(2020, 1, 1), SEED, N_DRAWS)
    assert found.empty
    assert set(COLUMNS) <= set(found.columns)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.floats(0, 500)), min_size=1, max_size=8), st.integers(0, 400))
def test_late_dates_never_raise_a_rising_level(rows: list[tuple[int, float]], late: int) -> None:
    """Where levels only rise, moving what is ahead can only take power away, and what is past stays."""
    days = np.sort([day for day, _ in rows]).astype(float)
    mw = np.sort([level for _, level in rows])
    table = pd.DataFrame({"day": days, "facility_capacity_mw": mw, "is_ahead": days > 300})
    at = np.arange(0.0, 1400.0, 50.0)
    on_time, delayed = printed_levels(table, at, 0), printed_levels(table, at, late)
    assert (delayed <= on_time).all()
    assert (delayed[at <= 300] == on_time[at <= 300]).all()
    assert delayed[-1] == mw[-1]
