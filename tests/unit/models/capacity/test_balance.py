"""Chips against power: the arithmetic, and that an input moves its own cells and no others."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.capacity.balance import (
    BALANCE_TYPES,
    CHIPS_WAIT,
    FROM_POWER_TYPES,
    POWER_WAITS,
    UNCLEAR,
    chip_watts,
    power_mw,
    run_balance,
    run_chips_from_power,
    share_at_campuses,
    split_gap,
    verdict,
)
from models.capacity.quarters import QUARTERS as QUARTERS_OF_MARTS
from models.volumes.assumptions import AssumptionError
from models.volumes.evidence import LookAheadError

SEED, N_DRAWS = 7, 400
AS_OF = date(2025, 6, 30)
QUARTERS = [pd.Timestamp("2024-10-01"), pd.Timestamp("2025-01-01"), pd.Timestamp("2025-04-01")]


def belief(engine, subject, parameter, value, low, high, distribution="lognormal"):
    return {
        "engine": engine, "subject": subject, "parameter": parameter, "value": value, "low": low, "high": high,
        "distribution": distribution, "known_from": None,
    }  # fmt: skip


def beliefs(**changed: float) -> pd.DataFrame:
    """Beliefs with a narrow band; `changed` moves the middle of trainium2, tpu-v6e, ... and the share."""
    watts = {"trainium2": 800.0, "trainium1": 500.0, "b200": 2000.0, "tpu-v6e": 700.0} | changed
    rows = [
        belief("volumes", "site_power", "share_of_chips_at_sites", changed.get("share", 0.5), 0.45, 0.55, "beta"),
        belief("capacity", "power_chip_balance", "verdict_probability", 0.8, np.nan, np.nan, "fixed"),
        belief("capacity", "power_chip_balance", "share_trend_per_year", -0.3, -0.5, -0.1, "normal"),
        belief("capacity", "power_chip_balance", "share_drift_per_root_year", 0.5, np.nan, np.nan, "fixed"),
    ]
    for chip, w in watts.items():
        engine, subject, name = ("volumes", "site_power", "Trainium2") if chip == "trainium2" else (
            "capacity", "chip_power", chip)  # fmt: skip
        rows.append(belief(engine, subject, f"{name}_it_power_w_per_chip", w, 0.95 * w, 1.05 * w))
    return pd.DataFrame(rows)


def cells(units: float, column: str, quarters: list[pd.Timestamp] = QUARTERS, **labels: object) -> pd.DataFrame:
    """The same value in every draw of the quarters."""
    return pd.DataFrame(
        {
            **labels,
            "quarter_start_date": np.repeat(np.array(quarters, dtype="datetime64[us]"), N_DRAWS),
            "draw_id": np.tile(np.arange(N_DRAWS), len(quarters)),
            column: units,
        }
    )


def chips(cloud: str, chip: str, units: float, own: bool = True, compared: bool = False) -> pd.DataFrame:
    return cells(units, "units", cloud_provider=cloud, chip=chip, is_own_design=own, is_compared=compared)


def power(cloud: str, it_mw: float) -> pd.DataFrame:
    return cells(it_mw, "it_mw", cloud_provider=cloud)


@pytest.fixture
def frames() -> dict[str, pd.DataFrame]:
    """AWS with two own chips and one bought, Google with TPUs; 100,000 Trainium2 come every quarter."""
    return {
        "assumptions": beliefs(),
        "chips": pd.concat(
            [
                chips("AWS", "trainium1", 10_000),
                chips("AWS", "trainium2", 100_000, compared=True),
                chips("AWS", "b200", 1_000, own=False),
                chips("Google Cloud", "tpu-v6e", 50_000),
            ],
            ignore_index=True,
        ),
        "listed": pd.concat([power("AWS", 300), power("Google Cloud", 60)], ignore_index=True),
        "compared": power("AWS", 100),
    }


def table(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return run_balance(frames, AS_OF, SEED, N_DRAWS).set_index(["cloud_provider", "quarter_start_date"])


def test_chips_times_watts_against_power(frames):
    row = table(frames).loc[("AWS", QUARTERS[1])]
    assert row["installed_chip_units_p50"] == 220_000, "two quarters of both generations"
    assert row["fleet_needed_it_power_mw_p50"] == pytest.approx(170, rel=0.01), "200,000 x 800 W + 20,000 x 500 W"
    assert row["other_chips_needed_it_power_mw_p50"] == pytest.approx(4, rel=0.01), "kept apart"
    assert row["needed_it_power_mw_p50"] == pytest.approx(80, rel=0.02), "half of the Trainium2, no Trainium1"
    assert row["gap_it_power_mw_p50"] == pytest.approx(20, rel=0.05)
    assert row["dark_it_capacity_mw_p50"] == pytest.approx(20, rel=0.05)
    assert row["energised_ratio_to_fleet_needed_p50"] == pytest.approx(300 / 174, rel=0.01)
    assert row["it_power_w_per_chip"] == pytest.approx(170e6 / 220_000, rel=0.01)


def test_who_waits_for_whom_changes_as_chips_come_and_power_does_not(frames):
    found = table(frames).loc["AWS"]
    # 40, 80 and 120 MW needed beside 100 energised.
    assert [found.loc[quarter, "binding_constraint"] for quarter in QUARTERS] == [POWER_WAITS, POWER_WAITS, CHIPS_WAIT]
    last = found.loc[QUARTERS[2]]
    assert last["chips_wait_for_power_probability_share"] > 0.9
    assert last["waiting_chip_units_p50"] == pytest.approx(25_000, rel=0.1), "20 MW of 800 W"
    assert last["dark_it_capacity_mw_p50"] == 0


def test_nothing_yet_is_no_verdict_and_unknown_is_not_zero(frames):
    found = table(frames)
    before = found.loc[("AWS", pd.Timestamp("2023-01-01"))]
    assert before["binding_constraint"] is None or pd.isna(before["binding_constraint"])
    assert before["gap_it_power_mw_p50"] == 0
    after = found.loc[("AWS", pd.Timestamp("2026-01-01"))]
    assert np.isnan(after["installed_chip_units_p50"]), "chips after the last published quarter are unknown"
    google = found.loc["Google Cloud"]
    assert google["gap_it_power_mw_p50"].isna().all() and google["binding_constraint"].isna().all()
    assert google.loc[QUARTERS[0], "energised_ratio_to_fleet_needed_p50"] == pytest.approx(60 / 35, rel=0.01)


def test_a_chip_nobody_has_given_watts_is_named_and_left_out(frames):
    frames["chips"] = pd.concat([frames["chips"], chips("Google Cloud", "tpu-v9", 1)], ignore_index=True)
    found = table(frames)
    assert set(found.loc["Google Cloud", "chips_without_power_figure"]) == {"tpu-v9"}
    assert found.loc[("Google Cloud", QUARTERS[0]), "installed_chip_units_p50"] == 50_000


def moved(frames: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> set[tuple[str, str]]:
    """Cloud and column (without quantile) in which two runs differ."""
    one, two = table(frames), table(other)
    differ = ~((one == two) | (one.isna() & two.isna()))
    return {
        (cloud, column.removesuffix("_p05").removesuffix("_p50").removesuffix("_p95"))
        for (cloud, _), row in differ.iterrows()
        for column in one.columns[row.to_numpy()]
    }


GAP = {
    ("AWS", column)
    for column in (
        *("gap_it_power_mw", "dark_it_capacity_mw", "waiting_chip_units"),
        *("chips_wait_for_power_probability_share", "binding_constraint"),
    )
}


def test_power_of_the_compared_campuses_moves_the_gap_only(frames):
    assert moved(frames, frames | {"compared": power("AWS", 70)}) == GAP | {("AWS", "energised_it_capacity_mw")}


def test_watts_of_one_chip_move_what_that_chip_needs(frames):
    bought = moved(frames, frames | {"assumptions": beliefs(b200=2500.0)})
    assert bought == {("AWS", "other_chips_needed_it_power_mw"), ("AWS", "energised_ratio_to_fleet_needed")}
    tpu = moved(frames, frames | {"assumptions": beliefs(**{"tpu-v6e": 900.0})})
    assert {cloud for cloud, _ in tpu} == {"Google Cloud"}
    trainium = moved(frames, frames | {"assumptions": beliefs(trainium2=1200.0)})
    own = {"needed_it_power_mw", "fleet_needed_it_power_mw", "energised_ratio_to_fleet_needed", "it_power_w_per_chip"}
    assert trainium == GAP | {("AWS", column) for column in own}


def test_a_campus_beyond_the_compared_ones_moves_the_listed_power_only(frames):
    listed = pd.concat([power("AWS", 350), power("Google Cloud", 60)], ignore_index=True)
    assert moved(frames, frames | {"listed": listed}) == {
        ("AWS", "listed_energised_it_capacity_mw"),
        ("AWS", "energised_ratio_to_fleet_needed"),
    }


def test_a_day_without_knowledge_gives_typed_columns(frames):
    empty = {name: frame if name == "assumptions" else frame.iloc[:0] for name, frame in frames.items()}
    found = run_balance(empty, AS_OF, SEED, N_DRAWS)
    assert found.empty and list(found.columns) == list(BALANCE_TYPES)
    none = pd.DataFrame(
        columns=["campus_id", "chip", "date_kind", *(f"it_capacity_mw_{q}" for q in ("p05", "p50", "p95"))]
    )
    found = run_chips_from_power({"assumptions": beliefs(), "campuses": none}, SEED, N_DRAWS)
    assert found.empty and list(found.columns) == list(FROM_POWER_TYPES)


def test_no_campus_known_is_no_comparison(frames):
    found = table(frames | {"compared": frames["compared"].iloc[:0]})
    assert found["gap_it_power_mw_p50"].isna().all() and found["binding_constraint"].isna().all()
    assert found.loc[("AWS", QUARTERS[0]), "fleet_needed_it_power_mw_p50"] > 0


def test_chips_do_not_wait_at_a_campus_without_a_hall(frames):
    last = cells(100, "it_mw", QUARTERS[2:], cloud_provider="AWS")
    found = table(frames | {"compared": last}).loc["AWS"]
    assert found.loc[QUARTERS[1], "needed_it_power_mw_p95"] == 0 and pd.isna(
        found.loc[QUARTERS[1], "binding_constraint"]
    )
    assert found.loc[QUARTERS[2], "needed_it_power_mw_p50"] == pytest.approx(120, rel=0.05)


def test_the_share_of_the_fleet_is_one_belief_so_far_and_falls_and_widens_afterwards():
    share = share_at_campuses(beliefs(), "AWS", AS_OF, SEED, 2000)
    known = QUARTERS_OF_MARTS.end_time < pd.Timestamp(AS_OF)
    assert (share[known] == share[0]).all() and np.median(share[0]) == pytest.approx(0.5, abs=0.01)
    later = share[~known][1:]
    assert (np.diff(np.median(later, axis=1)) < 0).all(), "a falling trend"
    assert (np.diff(np.ptp(np.quantile(np.log(later / (1 - later)), [0.05, 0.95], axis=1), axis=0)) > 0).all()
    assert share.min() > 0 and share.max() < 1


def test_an_assumption_known_later_is_refused(frames):
    rows = frames["assumptions"].copy()
    rows.loc[0, "known_from"] = pd.Timestamp("2025-07-01")
    with pytest.raises(LookAheadError, match="assumptions"):
        run_balance(frames | {"assumptions": rows}, AS_OF, SEED, N_DRAWS)


def test_the_verdict_needs_a_threshold_above_a_half(frames):
    rows = frames["assumptions"].copy()
    rows.loc[rows["parameter"] == "verdict_probability", "value"] = 0.4
    with pytest.raises(AssumptionError, match="verdict_probability"):
        run_balance(frames | {"assumptions": rows}, AS_OF, SEED, N_DRAWS)


def test_chips_read_off_power_carry_both_intervals():
    campuses = pd.DataFrame(
        [{"campus_id": "a", "chip": "tpu-v6e", "date_kind": "now", "it_capacity_mw_p05": 60.0,
          "it_capacity_mw_p50": 70.0, "it_capacity_mw_p95": 85.0},
         {"campus_id": "b", "chip": "b200", "date_kind": "planned", "it_capacity_mw_p05": 0.0,
          "it_capacity_mw_p50": 100.0, "it_capacity_mw_p95": 300.0},
         {"campus_id": "c", "chip": "nobody-knows", "date_kind": "now", "it_capacity_mw_p05": 1.0,
          "it_capacity_mw_p50": 2.0, "it_capacity_mw_p95": 3.0}]
    )  # fmt: skip
    found = run_chips_from_power({"assumptions": beliefs(), "campuses": campuses}, SEED, 2000).set_index("campus_id")
    assert list(found.index) == ["a", "b"], "a chip without watts has no count"
    a, b = found.loc["a"], found.loc["b"]
    assert a["installed_chip_units_p50"] == pytest.approx(100_000, rel=0.01)
    assert a["installed_chip_units_p05"] < 60e6 / 700 and a["installed_chip_units_p95"] > 85e6 / 700, (
        "wider than the MW"
    )
    assert (a["it_power_w_p05"], a["it_power_w_p50"], a["it_power_w_p95"]) == pytest.approx((665, 700, 735), rel=0.001)
    assert b["installed_chip_units_p05"] < 500 and b["installed_chip_units_p50"] == pytest.approx(50_000, rel=0.01)


def test_watts_come_from_one_row():
    rows = beliefs()
    assert chip_watts(rows, "unheard-of", SEED, N_DRAWS) is None
    with pytest.raises(AssumptionError, match="2 rows"):
        chip_watts(pd.concat([rows, rows]), "b200", SEED, N_DRAWS)
    assert np.array_equal(chip_watts(rows, "b200", SEED, N_DRAWS), chip_watts(rows, "b200", SEED, N_DRAWS))


finite = st.floats(0, 1e5)


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=20))
def test_a_gap_is_dark_power_or_waiting_chips_and_never_both(gaps):
    gap = np.array(gaps)
    dark, waiting = split_gap(gap)
    assert np.array_equal(dark - waiting, gap)
    assert (dark >= 0).all() and (waiting >= 0).all() and (np.minimum(dark, waiting) == 0).all()


@given(finite, finite, st.floats(1, 1e4))
def test_power_adds_over_chips_and_grows_with_watts(one, two, w):
    watts = np.array([w])
    together = power_mw(np.array([one + two]), watts)
    assert together == pytest.approx(power_mw(np.array([one]), watts) + power_mw(np.array([two]), watts))
    assert power_mw(np.array([one]), 2 * watts) == pytest.approx(2 * power_mw(np.array([one]), watts))


@given(st.floats(0, 1), st.floats(0.51, 1))
def test_the_verdict_is_the_same_seen_from_the_other_side(p, certain_from):
    other_side = {CHIPS_WAIT: POWER_WAITS, POWER_WAITS: CHIPS_WAIT, UNCLEAR: UNCLEAR}
    said, mirrored = verdict(p, certain_from), verdict(1 - p, certain_from)
    if abs(p - certain_from) > 1e-9 and abs(p - (1 - certain_from)) > 1e-9:
        assert mirrored == other_side[said]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_verdict_needs_a_probability(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        verdict(p, 0.8)


@settings(max_examples=15, deadline=None)
@given(st.floats(1, 400), st.floats(0, 300))
def test_more_power_never_makes_chips_wait_more(it_mw, more):
    frames = {
        "assumptions": beliefs(),
        "chips": chips("AWS", "trainium2", 100_000, compared=True),
        "listed": power("AWS", it_mw),
    }
    less_power = table(frames | {"compared": power("AWS", it_mw)})
    more_power = table(frames | {"compared": power("AWS", it_mw + more)})
    quarters = [("AWS", quarter) for quarter in QUARTERS]
    waiting = "chips_wait_for_power_probability_share"
    assert (more_power.loc[quarters, waiting] <= less_power.loc[quarters, waiting]).all()
    gain = more_power.loc[quarters, "gap_it_power_mw_p50"] - less_power.loc[quarters, "gap_it_power_mw_p50"]
    assert np.allclose(gain, more, atol=1e-6)
