"""Stages, power and withdrawal in the engine: each moves the right cells, and the three stages make up the whole."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.capacity.run import LookAheadError, engine, run_stage_dates
from models.capacity.simulate import simulate, step_date_draws
from tests.unit.models.capacity.test_capacity_engine import (
    AS_OF,
    N_DRAWS,
    PLAN,
    SEED,
    STEPS,
    cells,
    frame,
    lab_draws,
    moved,
    quarterly,
    step,
    world,
)  # fmt: skip
from tests.unit.models.capacity.test_capacity_fit import NEWEST, printed

FEW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LAST_LOOK = "2026-09-20"


def seen(building_id: str, stage: str, number: int, when: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "building_id": building_id, "campus_id": building_id[0], "design_family": "other", "stage": stage,
        "stage_number": number, "not_yet_date": "2026-01-01", "seen_date": when, "last_look_date": LAST_LOOK,
        "is_estimate": False, "is_campus_level": False, "known_from": NEWEST,
    } | changes  # fmt: skip


def stage_dates(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    found = run_stage_dates(frames, AS_OF, SEED, N_DRAWS)
    return found.set_index(["campus_id", "building_id", "stage"]).sort_index()


def draws_of(frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    model, ends = engine(frames, AS_OF)
    return {c.campus_id: c for c in simulate(frames["building_steps"], frames["plans"], model, ends, SEED, N_DRAWS)}


@FEW
@given(
    it_mw=st.lists(st.floats(1, 900), min_size=5, max_size=5),
    days=st.lists(st.integers(0, 1200), min_size=5, max_size=5),
)
def test_the_stages_make_up_the_whole_in_every_draw(assumptions, it_mw, days):
    steps = [
        row | {"it_increment_mw": mw, "facility_increment_mw": 1.3 * mw,
               "observed_date": pd.Timestamp("2024-06-01") + pd.Timedelta(days=d), "previous_observed_date": None}
        for row, mw, d in zip(STEPS, it_mw, days, strict=True)
    ]  # fmt: skip
    never = assumptions.copy()
    never.loc[never["parameter"] == "withdrawal_per_year", "value"] = 0.0
    for campus in draws_of(world(never, steps, [], [PLAN])).values():
        assert (campus.energised_it_mw >= campus.it_mw - 1e-9).all()
        whole = campus.energised_it_mw + campus.under_construction_it_mw + campus.planned_it_mw
        assert np.allclose(whole, whole[:, :1, :], rtol=1e-9), "MW change stage, they are not made or lost"
        for values in campus.draws.values():
            assert (values >= 0).all()


def test_buildings_are_the_campus_in_every_draw_and_measure(assumptions):
    frames = world(assumptions, tenancies=[], plans=[PLAN])
    total = {
        measure: sum(c.draws[measure].sum(axis=0) for c in draws_of(frames).values())
        for measure in ("it", "facility", "energised_it", "under_construction_it", "planned_it")
    }
    labs = lab_draws(frames).groupby(["quarter_start_date", "draw_id"]).sum(numeric_only=True)
    for measure, values in total.items():
        column = labs[f"{measure}_capacity_mw"].unstack("draw_id").to_numpy()
        assert np.allclose(column, values[-len(column) :], rtol=1e-9, atol=1e-9)


def test_a_stage_seen_moves_its_building_only(assumptions):
    steps = [*STEPS, step("b-b03", operator="Other", step_number=3, observed_date="2027-06-01", date_basis="projected")]
    before = quarterly(world(assumptions, steps))
    looks = [
        seen("b-b03", "land_cleared", 3, "2026-08-01"),
        seen("b-b03", "operational", 9, None, not_yet_date=LAST_LOOK),
    ]
    after = quarterly(world(assumptions, steps, stages=looks))
    assert moved(before, after, "building") == {"b-b03"}
    assert moved(before, after, "campus") == {"b"}
    mean = "it_capacity_mw_mean"
    later = cells(after, "building").loc["b-b03", mean] - cells(before, "building").loc["b-b03", mean]
    assert (later <= 1e-9).all() and (later < 0).any(), "bare ground in August is no running building in June"


def test_not_running_at_the_last_look_is_not_before_it(assumptions):
    steps = [step("a-b01", observed_date="2026-03-01", date_basis="unconfirmed", previous_observed_date="2026-01-01")]
    looks = [seen("a-b01", "operational", 9, None, not_yet_date=LAST_LOOK)]
    dates = stage_dates(world(assumptions, steps, [], stages=looks))
    assert dates.loc[("a", "a-b01", "operational"), "date_p05"] >= pd.Timestamp(LAST_LOOK)
    assert stage_dates(world(assumptions, steps, [])).loc[("a", "a-b01", "operational"), "date_p05"] < pd.Timestamp(
        LAST_LOOK
    )


def test_an_estimate_is_no_look(assumptions):
    looks = [seen("a-b03", "structural", 5, "2026-08-01", is_estimate=True)]
    assert moved(quarterly(world(assumptions)), quarterly(world(assumptions, stages=looks)), "building") == set()


def gate(building_number: int | None, first: str, last: str | None, campus_id: str = "a") -> dict[str, Any]:
    return {"campus_id": campus_id, "building_number": building_number, "power_ready_from_date": first,
            "power_ready_to_date": last, "known_from": NEWEST}  # fmt: skip


def test_no_building_runs_before_its_power(assumptions):
    steps = [row | {"building_number": int(row["building_id"][-1])} for row in STEPS]
    frames = world(assumptions, steps)
    before = quarterly(frames)
    gates = frame([gate(3, "2027-10-01", "2027-12-31")])
    after = quarterly(frames | {"power_gates": gates})
    assert moved(before, after, "building") == {"a-b03"}
    building = cells(after, "building").loc["a-b03", "it_capacity_mw_mean"]
    assert (building[:"2027-07-01"] == 0).all() and building["2028-10-01"] > 0
    whole_campus = quarterly(frames | {"power_gates": frame([gate(None, "2027-10-01", None)])})
    assert moved(before, whole_campus, "building") == {"a-b03"}, "what was seen running has power"
    passed = quarterly(frames | {"power_gates": frame([gate(3, "2025-01-01", "2025-06-30")])})
    assert moved(before, passed, "building") == set()


def test_withdrawal_falls_with_the_stage(assumptions):
    often = assumptions.copy()
    often.loc[often["parameter"].eq("withdrawal_per_year") & often["value"].gt(0), "value"] *= 20
    steps = [
        step(f"{name}-b01", date_basis="projected", observed_date="2027-12-01", is_started=name != "n")
        for name in "nsr"
    ]
    looks = [seen("r-b01", "roofed", 6, "2026-08-01"), seen("r-b01", "operational", 9, None, not_yet_date=LAST_LOOK)]
    model, _ = engine(world(often, steps, [], stages=looks), AS_OF)
    given_up = {
        campus_id: float(np.isinf(dates[-1]).mean())
        for campus_id, _, dates in step_date_draws(frame(steps), model, SEED, N_DRAWS)
    }
    assert given_up["n"] > given_up["s"] > given_up["r"] == 0


def test_what_is_given_up_is_planned_until_then_and_nothing_after(assumptions):
    surely = assumptions.copy()
    surely.loc[surely["subject"].eq("stage_announced") & surely["parameter"].eq("withdrawal_per_year"), "value"] = 50.0
    steps = [step("n-b01", date_basis="projected", observed_date="2028-06-01", is_started=False)]
    planned = cells(quarterly(world(surely, steps, [])), "campus").loc["n", "planned_it_capacity_mw_mean"]
    assert planned["2026-07-01"] > 0 and planned["2028-10-01"] == 0


def test_error_of_size_follows_the_evidence(assumptions):
    steps = [
        step(f"{name[0]}-b01", capacity_evidence_kind=name) for name in ("company_statement", "permit", "estimate")
    ]
    rows = cells(quarterly(world(assumptions, steps, [])), "campus").xs(pd.Timestamp("2026-01-01"), level=1)
    ratio = rows["it_capacity_mw_p95"] / rows["it_capacity_mw_p05"]
    assert ratio["c"] < ratio["p"] < ratio["e"]
    alone = [step("e-b01", capacity_evidence_kind="estimate")]
    with_sister = [
        *alone,
        step("e-b02", capacity_evidence_kind="permit", it_increment_mw=0.0, facility_increment_mw=0.0),
    ]
    widths = []
    for these in (alone, with_sister):
        row = cells(quarterly(world(assumptions, these, [])), "building").loc[("e-b01", "2026-01-01")]
        widths.append(row["it_capacity_mw_p95"] / row["it_capacity_mw_p05"])
    assert widths[1] < widths[0], "a sister on the site sizes it better"
    with pytest.raises(ValueError, match="capacity_evidence_kind 'rumour'"):
        quarterly(world(assumptions, [step("a-b01", capacity_evidence_kind="rumour")], []))


def test_against_the_source_only_dates_are_unsure(assumptions):
    frames = world(assumptions)
    model, ends = engine(frames, AS_OF)
    widths = []
    for used in (model, model.against_source()):
        campus = next(iter(simulate(frames["building_steps"], frames["plans"], used, ends, SEED, N_DRAWS)))
        widths.append(float(np.std(np.log(campus.it_mw.sum(axis=0)[12]))))
    assert widths[1] == pytest.approx(0.03, rel=0.1) and widths[1] < widths[0]


def test_a_region_is_one_grid(assumptions):
    steps = [step(f"{n}-b01", operator=n, date_basis="projected", observed_date="2027-01-01") for n in "abcdefgh"]
    only = assumptions.copy()
    only.loc[only["subject"] == "delay_shock", "value"] = 0.0
    only.loc[only["parameter"] == "region_variance_share", "value"] = 1.0
    frames = world(only, steps, [])

    def width(states: str) -> float:
        campuses = pd.DataFrame({"campus_id": list("abcdefgh"), "state": list(states), "country": "US",
                                 "known_from": NEWEST})  # fmt: skip
        total = cells(quarterly(frames | {"campuses": campuses}), "total").loc[("all", "all", "2027-04-01")]
        return float(total["it_capacity_mw_p95"] - total["it_capacity_mw_p05"])

    assert width("TTTTTTTT") > 1.5 * width("ABCDEFGH")


def test_stage_dates_are_ordered_and_those_of_the_steps(assumptions):
    frames = world(assumptions, plans=[PLAN])
    dates = stage_dates(frames)
    for _, stages in dates.groupby(["campus_id", "building_id"]):
        by_stage = stages.droplevel([0, 1])
        for p in ("date_p05", "date_p50"):
            days = by_stage[p].fillna(pd.Timestamp("2100-01-01"))
            assert days["energised"] <= days["operational"] <= days["ramped"]
    known = dates.dropna(subset=["date_p95"])
    assert ((known["date_p05"] <= known["date_p50"]) & (known["date_p50"] <= known["date_p95"])).all()
    model, _ = engine(frames, AS_OF)
    drawn = {c: d for c, _, d in step_date_draws(frames["building_steps"], model, SEED, N_DRAWS)}
    median = pd.Timestamp("1970-01-01") + pd.Timedelta(days=float(np.median(drawn["a"][1])))
    assert abs((dates.loc[("a", "a-b03", "operational"), "date_p50"] - median).days) <= 2
    assert dates.loc["a"].xs("passes_1_gw_facility", level="stage")["probability_by_horizon_share"].iloc[0] == 0


def test_a_gigawatt_is_passed_when_the_steps_add_up_to_it(assumptions):
    steps = [
        step("g-b01", it_increment_mw=700.0, facility_increment_mw=800.0),
        step("g-b02", step_number=2, observed_date="2027-03-01", date_basis="projected", it_increment_mw=700.0,
             facility_increment_mw=800.0),
    ]  # fmt: skip
    frames = world(assumptions, steps, [])
    passes = stage_dates(frames).xs("passes_1_gw_facility", level="stage").iloc[0]
    opens = stage_dates(frames).loc[("g", "g-b02", "operational")]
    assert passes["probability_by_horizon_share"] > 0.5
    assert passes["date_p50"] >= opens["date_p50"] - pd.Timedelta(days=30)


@pytest.mark.parametrize("name", ["projected_steps", "building_stages", "power_gates", "campuses"])
def test_evidence_known_later_stops_the_run(assumptions, name):
    late = pd.Timestamp(AS_OF) + pd.Timedelta(days=1)
    rows = {
        "projected_steps": [printed("a", 100, 0)], "building_stages": [seen("a-b03", "roofed", 6, "2026-08-01")],
        "power_gates": [gate(3, "2027-01-01", None)],
        "campuses": [{"campus_id": "a", "state": "IN", "country": "US", "known_from": NEWEST}],
    }[name]  # fmt: skip
    frames = world(assumptions)
    quarterly(frames | {name: frame(rows)})
    with pytest.raises(LookAheadError, match=f"1 rows of {name}"):
        quarterly(frames | {name: frame([row | {"known_from": late} for row in rows])})


def test_an_early_day_has_no_dates_but_the_columns(assumptions):
    empty = world(assumptions, [], [])
    empty["building_steps"] = world(assumptions)["building_steps"].iloc[:0]
    none = run_stage_dates(empty, date(2026, 10, 2), SEED, N_DRAWS)
    some = run_stage_dates(world(assumptions), AS_OF, SEED, N_DRAWS)
    assert len(none) == 0 and [str(t) for t in none.dtypes] == [str(t) for t in some.dtypes]
