"""The capacity engine on small worlds: what moves what, what adds up, what is refused."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.capacity.parameters import delay_from_quantiles, read_parameters
from models.capacity.randomness import normal_cdf, normal_quantile, normals
from models.capacity.run import LookAheadError, run, run_lab_draws
from models.capacity.simulate import delay_days

AS_OF = date(2026, 10, 2)
SEED = 7
N_DRAWS = 400

STEP: dict[str, Any] = {
    "operator": "Op",
    "cloud_provider": "Cloud",
    "step_number": 1,
    "observed_date": "2025-06-01",
    "previous_observed_date": "2025-05-01",
    "confirmed_date": None,
    "vintage_date": "2026-09-24",
    "date_basis": "observed",
    "building_number": 1,
    "design_family": "other",
    "capacity_evidence_kind": "permit",
    "is_started": True,
    "it_increment_mw": 100.0,
    "facility_increment_mw": 120.0,
    "known_from": "2026-09-24",
}
PLAN_COLUMNS = [
    "building_id", "campus_id", "operator", "cloud_provider", "planned_it_capacity_mw", "planned_facility_capacity_mw",
    "status_class", "is_started", "start_earliest_date", "start_latest_date", "known_from",
]  # fmt: skip
TENANCY_COLUMNS = [
    "tenancy_id", "campus_id", "lab", "cloud_provider", "valid_from", "valid_to", "confidence", "share_low",
    "share_high", "known_from",
]  # fmt: skip
PROJECTED_COLUMNS = [
    "campus_id", "level_kind", "level", "vintage_date", "projected_date", "lead_days", "outcome", "outcome_from_date",
    "outcome_to_date", "newest_vintage_date", "design_family", "known_from",
]  # fmt: skip
STAGE_COLUMNS = [
    "building_id", "campus_id", "design_family", "stage", "stage_number", "not_yet_date", "seen_date", "last_look_date",
    "is_estimate", "is_campus_level", "known_from",
]  # fmt: skip
DATES = ("observed_date", "previous_observed_date", "confirmed_date", "known_from", "valid_from", "valid_to",
         "start_earliest_date", "start_latest_date", "vintage_date", "projected_date", "outcome_from_date",
         "outcome_to_date", "newest_vintage_date", "not_yet_date", "seen_date", "last_look_date",
         "power_ready_from_date", "power_ready_to_date")  # fmt: skip


def frame(rows: Iterable[Mapping[str, Any]], columns: list[str] | None = None) -> pd.DataFrame:
    result = pd.DataFrame(list(rows), columns=columns)
    for column in DATES:
        if column in result:
            result[column] = pd.to_datetime(result[column])
    return result


def step(building_id: str, **changes: Any) -> dict[str, Any]:
    campus_id = building_id.rsplit("-", 1)[0]
    return STEP | {"building_id": building_id, "campus_id": campus_id} | changes


def tenancy(tenancy_id: str, campus_id: str, lab: str, **changes: Any) -> dict[str, Any]:
    return {
        "tenancy_id": tenancy_id, "campus_id": campus_id, "lab": lab, "cloud_provider": "Cloud", "valid_from": None,
        "valid_to": None, "confidence": "likely", "share_low": 0.6, "share_high": 0.9, "known_from": "2026-01-01",
    } | changes  # fmt: skip


STEPS = [
    step("a-b01"),
    step("a-b02"),
    step("a-b03", step_number=2, observed_date="2026-12-01", date_basis="projected"),
    step("b-b01", operator="Other", it_increment_mw=50.0, facility_increment_mw=70.0),
    step("b-b02", operator="Other", step_number=2, observed_date="2027-03-01", date_basis="projected"),
]
TENANCIES = [
    tenancy("a:x", "a", "Lab X", valid_to="2026-05-31"),
    tenancy("a:y", "a", "Lab Y", valid_from="2026-06-01"),
    tenancy("b:x", "b", "Lab X", cloud_provider="Second cloud"),
]


def world(assumptions: pd.DataFrame, steps: Iterable[Mapping[str, Any]] = STEPS,
          tenancies: Iterable[Mapping[str, Any]] = TENANCIES,
          plans: Iterable[Mapping[str, Any]] = (), projected: Iterable[Mapping[str, Any]] = (),
          stages: Iterable[Mapping[str, Any]] = ()) -> dict[str, pd.DataFrame]:  # fmt: skip
    return {
        "building_steps": frame(steps),
        "plans": frame(plans, PLAN_COLUMNS),
        "projected_steps": frame(projected, PROJECTED_COLUMNS),
        "building_stages": frame(stages, STAGE_COLUMNS),
        "tenancies": frame(tenancies, TENANCY_COLUMNS),
        "assumptions": assumptions,
    }


def quarterly(frames: Mapping[str, pd.DataFrame], seed: int = SEED) -> pd.DataFrame:
    return run(frames, AS_OF, seed, N_DRAWS)


def lab_draws(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return run_lab_draws(frames, AS_OF, SEED, N_DRAWS)


def cells(result: pd.DataFrame, level: str) -> pd.DataFrame:
    """One level of a result, indexed by its keys and the quarter."""
    keys = {"building": ["building_id"], "campus": ["campus_id"]}.get(level, ["lab", "cloud_provider"])
    wanted = result[result["level"] == level].set_index([*keys, "quarter_start_date"]).sort_index()
    return wanted[[c for c in wanted if "_mw_" in c and not c.startswith(("untracked_", "total_"))]]


def moved(before: pd.DataFrame, after: pd.DataFrame, level: str) -> set[Any]:
    """First keys of the cells that differ by more than rounding."""
    a, b = cells(before, level), cells(after, level)
    return set(a.index[((a - b).abs() > 1e-9).any(axis=1)].get_level_values(0))


FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_delay_fit_reproduces_the_quantiles_it_was_given():
    delay = delay_from_quantiles(80, 393, 0.3)
    days = delay_days(delay, normals(1, "x", "y", 20_000))
    assert np.quantile(days, 0.1) == 0
    assert np.median(days) == pytest.approx(80, rel=0.01)
    assert np.quantile(days, 0.9) == pytest.approx(393, rel=0.01)
    assert (days <= 30).mean() == pytest.approx(0.34, abs=0.01)


def test_delay_fit_refuses_quantiles_that_cannot_be():
    with pytest.raises(ValueError, match="on_time_share"):
        delay_from_quantiles(80, 393, 0.5)
    with pytest.raises(ValueError, match="median < p90"):
        delay_from_quantiles(80, 60, 0.3)


def test_normal_quantile_inverts_the_cdf():
    z = np.linspace(-5, 5, 101)
    assert np.allclose(normal_quantile(normal_cdf(z)), z, atol=1e-3)


def test_any_sum_of_normals_has_median_zero():
    total = normals(1, "a", "x", 2000) + 0.3 * normals(1, "b", "y", 2000) - 2 * normals(1, "a", "z", 2000)
    assert np.median(total) == pytest.approx(0, abs=1e-9)
    assert np.corrcoef(normals(1, "a", "x", 2000), normals(1, "a", "z", 2000))[0, 1] == pytest.approx(0, abs=0.08)
    assert len(np.unique(normals(1, "a", "x", 2001))) == 2001


def test_certain_dates_give_back_the_printed_figure(assumptions):
    result = cells(quarterly(world(assumptions)), "campus").loc[("a", "2026-01-01")]
    assert result["it_capacity_mw_p50"] == pytest.approx(200, rel=0.002)
    assert result["facility_capacity_mw_p50"] == pytest.approx(240, rel=0.002)
    assert result["it_capacity_mw_p05"] < 0.9 * 200 < 1.1 * 200 < result["it_capacity_mw_p95"]


def test_quantiles_are_ordered_and_strict(assumptions):
    result = quarterly(world(assumptions))
    for name in ("it", "facility"):
        p05, p50, p95 = (result[f"{name}_capacity_mw_{q}"] for q in ("p05", "p50", "p95"))
        assert ((p05 <= p50) & (p50 <= p95)).all()
        assert ((p05 < p50) & (p50 < p95))[p50 > 0].all()


def test_same_seed_same_bytes_whatever_the_row_order(assumptions):
    frames = world(assumptions)
    shuffled = {name: rows.sample(frac=1, random_state=3) for name, rows in frames.items()}
    pd.testing.assert_frame_equal(quarterly(frames), quarterly(shuffled), check_exact=True)
    pd.testing.assert_frame_equal(lab_draws(frames), lab_draws(shuffled), check_exact=True)
    assert not quarterly(frames).equals(quarterly(frames, seed=SEED + 1))


@FEW
@given(
    it_mw=st.lists(st.floats(0.5, 900), min_size=5, max_size=5),
    days=st.lists(st.integers(0, 1500), min_size=5, max_size=5),
    shares=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=3),
)
def test_labs_and_unassigned_are_the_campuses_in_every_draw(assumptions, it_mw, days, shares):
    start = pd.Timestamp("2024-01-01")
    steps = [
        row | {"it_increment_mw": mw, "facility_increment_mw": 1.3 * mw, "observed_date": start + pd.Timedelta(days=d),
               "previous_observed_date": None}
        for row, mw, d in zip(STEPS, it_mw, days, strict=True)
    ]  # fmt: skip
    tenancies = [
        row | {"share_low": min(s), "share_high": max(s), "campus_id": "a", "valid_from": None, "valid_to": None}
        for row, s in zip(TENANCIES, shares, strict=True)
    ]
    frames = world(assumptions, steps, tenancies)
    draws = lab_draws(frames)
    result = quarterly(frames)
    per_draw = draws.groupby(["quarter_start_date", "draw_id"])["it_capacity_mw"].sum()
    total = cells(result, "total")["it_capacity_mw_mean"].droplevel([0, 1])
    assert np.allclose(
        per_draw.groupby("quarter_start_date").mean().reindex(total.index, fill_value=0), total, rtol=1e-9
    )
    levels = {
        level: cells(result, level)
        .groupby("quarter_start_date")[["it_capacity_mw_mean", "facility_capacity_mw_mean"]]
        .sum()
        for level in ("building", "campus", "lab_cloud", "lab", "total")
    }
    for level in levels.values():
        assert np.allclose(level, levels["campus"], rtol=1e-9, atol=1e-9)
    assert (draws["it_capacity_mw"] >= 0).all()
    # The same draws without tenants: all of it is Unassigned, draw by draw what the labs added up to.
    alone = lab_draws(world(assumptions, steps, [])).groupby(["quarter_start_date", "draw_id"])["it_capacity_mw"].sum()
    assert np.allclose(per_draw, alone, rtol=1e-9)


@FEW
@given(building=st.sampled_from([row["building_id"] for row in STEPS]))
def test_halving_a_building_moves_only_what_contains_it(assumptions, building):
    before = quarterly(world(assumptions))
    halved = [
        row | {"it_increment_mw": row["it_increment_mw"] / 2, "facility_increment_mw": row["facility_increment_mw"] / 2}
        if row["building_id"] == building
        else row
        for row in STEPS
    ]
    after = quarterly(world(assumptions, halved))
    assert moved(before, after, "building") == {building}
    assert moved(before, after, "campus") == {building[0]}
    old, new = (cells(r, "building").loc[building] for r in (before, after))
    assert np.allclose(new, old / 2)
    labs = {"a": {"Lab X", "Lab Y", "Unassigned"}, "b": {"Lab X", "Unassigned"}}[building[0]]
    assert moved(before, after, "lab_cloud") <= labs


def test_delaying_a_step_moves_only_its_quarters(assumptions):
    before = quarterly(world(assumptions))
    late = [
        row | {"observed_date": pd.Timestamp(row["observed_date"]) + pd.Timedelta(days=100)}
        if row["building_id"] == "a-b03"
        else row
        for row in STEPS
    ]
    after = quarterly(world(assumptions, late))
    assert moved(before, after, "building") == {"a-b03"}
    assert moved(before, after, "campus") == {"a"}
    change = (cells(after, "building") - cells(before, "building")).loc["a-b03", "it_capacity_mw_mean"]
    assert (change <= 1e-9).all(), "a later step can only take MW away"
    assert (change[:"2026-07-01"] == 0).all(), "nothing moves before the printed date"
    assert change["2027-01-01"] < 0


def test_moving_a_tenant_moves_only_labs_on_the_two_campuses(assumptions):
    before = quarterly(world(assumptions))
    elsewhere = [row | {"campus_id": "a"} if row["tenancy_id"] == "b:x" else row for row in TENANCIES]
    after = quarterly(world(assumptions, tenancies=elsewhere))
    assert moved(before, after, "building") == set()
    assert moved(before, after, "campus") == set()
    assert moved(before, after, "total") == set()
    assert moved(before, after, "lab") == {"Lab X", "Lab Y", "Unassigned"}


def test_a_tenant_counts_only_while_it_is_there(assumptions):
    labs = cells(quarterly(world(assumptions)), "lab_cloud")
    assert labs.loc[("Lab Y", "Cloud", "2026-01-01"), "it_capacity_mw_p95"] == 0
    assert labs.loc[("Lab Y", "Cloud", "2026-04-01"), "it_capacity_mw_p05"] > 0
    assert labs.loc[("Lab X", "Cloud", "2026-01-01"), "it_capacity_mw_p05"] > 0
    assert labs.loc[("Lab X", "Cloud", "2026-04-01"), "it_capacity_mw_p95"] == 0


def test_tenants_claiming_more_than_the_campus_share_it(assumptions):
    claims = [tenancy(f"a:{lab}", "a", lab, share_low=0.8, share_high=1.0) for lab in ("Lab X", "Lab Y")]
    labs = cells(quarterly(world(assumptions, tenancies=claims)), "lab")
    assert labs.loc[("Lab X", "all", "2026-01-01"), "it_capacity_mw_p50"] == pytest.approx(100, rel=0.03)
    campus_a = cells(quarterly(world(assumptions, STEPS[:3], claims)), "lab")
    assert np.allclose(campus_a.loc["Unassigned"], 0, atol=1e-9)


def test_shared_shocks_widen_totals(assumptions):
    steps = [
        step(f"s{i}-b01", operator=f"o{i % 3}", observed_date="2027-01-01", date_basis="projected") for i in range(12)
    ]
    alone = assumptions.copy()
    alone.loc[alone["subject"] == "delay_shock", "value"] = 0.0
    alone.loc[alone["parameter"] == "method_log_sd", "value"] = 0.0

    def width(rows: pd.DataFrame) -> float:
        total = cells(quarterly(world(rows, steps, [])), "total").loc[("all", "all", "2027-04-01")]
        return float(total["it_capacity_mw_p95"] - total["it_capacity_mw_p05"])

    assert width(assumptions) > 1.3 * width(alone)


def test_without_stated_it_the_pue_prior_is_used(assumptions):
    steps = [step("a-b01", it_increment_mw=np.nan)]
    result = cells(quarterly(world(assumptions, steps, [])), "campus").loc[("a", "2026-01-01")]
    stated = cells(quarterly(world(assumptions, STEPS[:1], [])), "campus").loc[("a", "2026-01-01")]
    assert result["it_capacity_mw_p50"] == pytest.approx(120 / 1.25, rel=0.01)
    assert result["facility_capacity_mw_p50"] == stated["facility_capacity_mw_p50"]
    assert result["it_capacity_mw_p95"] / result["it_capacity_mw_p05"] > (
        stated["it_capacity_mw_p95"] / stated["it_capacity_mw_p05"]
    )


def test_a_step_not_looked_at_again_is_no_sighting(assumptions):
    unconfirmed = [step("a-b01", observed_date="2026-03-01", date_basis="unconfirmed")]
    result = quarterly(world(assumptions, unconfirmed, []))
    probability = result[result["level"] == "building"].set_index("quarter_start_date")["operational_probability_share"]
    assert probability["2025-10-01"] == 0
    assert 0 < probability["2026-01-01"] < probability["2026-04-01"] < 1


def test_a_derating_takes_capacity_away_and_never_below_zero(assumptions):
    steps = [
        step("a-b01"),
        step("a-b01", step_number=2, observed_date="2025-12-01", previous_observed_date="2025-11-01",
             it_increment_mw=-130.0, facility_increment_mw=-60.0),
    ]  # fmt: skip
    result = cells(quarterly(world(assumptions, steps, [])), "building").loc["a-b01"]
    assert (result >= 0).all(axis=None)
    assert result.loc["2026-01-01", "it_capacity_mw_p95"] == 0
    assert result.loc["2026-01-01", "facility_capacity_mw_p50"] == pytest.approx(60, rel=0.01)


PLAN = {
    "building_id": "p-campus", "campus_id": "p", "operator": "Op", "cloud_provider": "Cloud",
    "planned_it_capacity_mw": np.nan, "planned_facility_capacity_mw": 500.0, "is_started": True,
    "status_class": "announced",
    "start_earliest_date": "2024-01-01", "start_latest_date": "2024-12-31", "known_from": "2026-08-01",
}  # fmt: skip


def test_a_plan_is_wide_and_starts_after_its_last_report(assumptions):
    result = cells(quarterly(world(assumptions, STEPS[:1], [], [PLAN])), "campus").loc["p"]
    before = result.loc[:"2026-04-01"]
    assert (before.filter(regex="^(it|facility)_") == 0).all(axis=None)
    assert (
        before["under_construction_it_capacity_mw_p50"].iloc[-1] + before["planned_it_capacity_mw_p50"].iloc[-1]
    ) > 0
    end = result.loc["2028-10-01"]
    assert end["facility_capacity_mw_p05"] < 0.5 * end["facility_capacity_mw_p50"]
    assert end["facility_capacity_mw_p50"] < 500 * 1.01
    assert end["it_capacity_mw_mean"] < end["facility_capacity_mw_mean"]


def test_only_sites_not_started_can_be_withdrawn(assumptions):
    never = assumptions.copy()
    never.loc[never["subject"].eq("stage_announced") & never["parameter"].eq("withdrawal_per_year"), "value"] = 1e6
    never.loc[never["subject"].eq("stage_land_cleared") & never["parameter"].eq("withdrawal_per_year"), "value"] = 0
    plan = PLAN | {"known_from": AS_OF}
    plans = [plan, plan | {"building_id": "q-campus", "campus_id": "q", "is_started": False}]
    steps = [STEPS[2], step("n-b01", observed_date="2026-12-01", date_basis="projected", is_started=False)]
    result = (
        cells(quarterly(world(never, steps, [], plans)), "campus")["it_capacity_mw_mean"].groupby("campus_id").max()
    )
    assert result[["n", "q"]].eq(0).all()
    assert result[["a", "p"]].gt(0).all()


def test_a_campus_with_steps_and_a_plan_is_refused(assumptions):
    twice = PLAN | {"campus_id": "a", "building_id": "a-campus"}
    with pytest.raises(ValueError, match="counted twice: a"):
        quarterly(world(assumptions, plans=[twice]))


@pytest.mark.parametrize("name", ["building_steps", "plans", "tenancies", "assumptions"])
def test_a_row_known_later_stops_the_run(assumptions, name):
    frames = world(assumptions, plans=[PLAN])
    late = frames[name].copy()
    late["known_from"] = pd.to_datetime(late["known_from"])
    late.loc[late.index[0], "known_from"] = pd.Timestamp(AS_OF) + pd.Timedelta(days=1)
    with pytest.raises(LookAheadError, match=f"1 rows of {name}"):
        quarterly(frames | {name: late})


def test_a_missing_assumption_is_named(assumptions):
    with pytest.raises(KeyError, match="capacity/pue/overhead_share"):
        read_parameters(assumptions[assumptions["subject"] != "pue"])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"confidence": "sure"}, "confidence 'sure'"), ({"share_high": 1.2}, "not a range within 0..1")],
)
def test_a_bad_tenancy_is_named(assumptions, change, message):
    with pytest.raises(ValueError, match=message):
        quarterly(world(assumptions, tenancies=[TENANCIES[0] | change]))


def test_draws_carry_whole_sets_of_draw_ids(assumptions):
    draws = lab_draws(world(assumptions))
    sizes = draws.groupby(["lab", "cloud_provider", "quarter_start_date"])["draw_id"].agg(["count", "nunique", "max"])
    assert (sizes == [N_DRAWS, N_DRAWS, N_DRAWS - 1]).all(axis=None)


def test_a_day_on_which_nothing_was_known_gives_no_rows_of_the_same_types(assumptions):
    empty = world(assumptions, [], [])
    empty["building_steps"] = world(assumptions)["building_steps"].iloc[:0]
    for function in (quarterly, lab_draws):
        some, none = function(world(assumptions)), function(empty)
        assert len(none) == 0
        assert list(none.columns) == list(some.columns)
        assert [str(t) for t in none.dtypes] == [str(t) for t in some.dtypes]
