"""What is forecast on a past day: by whom, about what, and with nothing known later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.scoring import COLUMNS
from models.volumes.backtest import forecasts
from models.volumes.evidence import LookAheadError
from models.volumes.run import run_posterior

DAY = date(2025, 10, 15)
SEED = 7

STATEMENTS = [
    "estimate_id", "evidence_kind", "generation", "period_start", "period_end", "value_units", "publisher", "root_id",
    "known_from", "is_used",
]  # fmt: skip
BROKER = (
    "broker", "analyst_total", "Trainium2", "2025-01-01", "2025-12-31", 1.2e6, "A bank", "bank", "2024-12-15", True,
)  # fmt: skip
PLAN = (
    "plan", "disclosure", "Trainium2", "2025-06-30", "2025-06-30", 600_000.0, "Amazon", "plan", "2025-07-01", False,
)  # fmt: skip
EPOCH = ["chip_type", "period_kind", "period_end_date", "known_from"]
THREE = ["package_units_p05", "package_units_p50", "package_units_p95"]
CLAIMS = ["estimate_id", "sku", "period_end", "value", "low", "high", "known_from"]

Frames = dict[str, pd.DataFrame]


def statements(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=STATEMENTS)


def said(found: pd.DataFrame, forecaster: str, target: str, subject: str, period: str) -> pd.Series:
    """The quantiles of one forecast."""
    rows = found[
        (found["forecaster"] == forecaster)
        & (found["target"] == target)
        & (found["subject"] == subject)
        & (found["period"] == period)
    ]
    assert len(rows) == 1, f"{len(rows)} forecasts"
    return rows.iloc[0]


@pytest.fixture(scope="module")
def frames(assumptions_on: Callable[[date], pd.DataFrame], accton: pd.DataFrame) -> Frames:
    """What was known on DAY: revenue through September, a broker's total, a plan of Amazon's, nothing from Epoch."""
    known = accton[accton["known_from"] <= pd.Timestamp(DAY)]
    table = statements(BROKER, PLAN)
    rows = assumptions_on(DAY)
    used = {"assumptions": rows, "statements": table[table["is_used"]], "revenue": known}
    return {
        "assumptions": rows,
        "posterior": run_posterior(used, as_of=DAY, seed=SEED, n_draws=400),
        "revenue": known,
        "statements": table,
        "epoch": pd.DataFrame(columns=[*EPOCH, *THREE]),
        "claims": pd.DataFrame(columns=CLAIMS).astype({"estimate_id": str, "sku": str}),
    }


@pytest.fixture(scope="module")
def found(frames: Frames) -> pd.DataFrame:
    return forecasts(frames, DAY, SEED)


def test_each_forecast_is_there_once_and_its_quantiles_rise(found: pd.DataFrame) -> None:
    assert not found.duplicated(["target", "subject", "period", "forecaster"]).any()
    assert (np.diff(found[list(COLUMNS)].to_numpy(), axis=1) >= 0).all()
    assert (found["p01"] >= 0).all()
    assert found.loc[found["forecaster"] == "gigawatch", "is_point_forecast"].eq(False).all()
    assert (found.loc[found["is_point_forecast"], "p01"] == found.loc[found["is_point_forecast"], "p99"]).all()


def test_same_seed_same_rows_whatever_the_row_order(frames: Frames, found: pd.DataFrame) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in frames.items()}
    pd.testing.assert_frame_equal(found, forecasts(shuffled, DAY, SEED))


@pytest.mark.parametrize("name", ["revenue", "revenue_spans", "controls", "statements", "epoch", "claims"])
def test_a_row_known_a_day_later_is_refused(name: str, frames: Frames) -> None:
    late = pd.DataFrame({"known_from": [pd.Timestamp("2025-10-16")]})
    with pytest.raises(LookAheadError, match="2025-10-15"):
        forecasts({**frames, name: pd.concat([frames.get(name), late]) if name in frames else late}, DAY, SEED)


def test_an_assumption_of_later_is_refused(frames: Frames) -> None:
    late = frames["assumptions"].copy()
    late.loc[late.index[-1], "known_from"] = pd.Timestamp("2026-01-01")
    with pytest.raises(LookAheadError, match="assumptions"):
        forecasts({**frames, "assumptions": late}, DAY, SEED)


def test_what_is_asked_does_not_depend_on_what_was_said(frames: Frames, found: pd.DataFrame) -> None:
    """No target is picked because somebody disclosed it: without statements our forecasts ask the same questions."""
    silent = forecasts({**frames, "statements": frames["statements"].iloc[:0]}, DAY, SEED)
    pd.testing.assert_frame_equal(
        silent[silent["forecaster"] == "gigawatch"].reset_index(drop=True),
        found[found["forecaster"] == "gigawatch"].reset_index(drop=True),
    )


def test_horizons_count_from_the_last_month_that_was_over(found: pd.DataFrame) -> None:
    assert said(found, "gigawatch", "supplier_revenue", "2345", "2025-10")["horizon_months"] == 1
    assert said(found, "gigawatch", "landed_chips_stated", "Trainium2", "2025Q4")["horizon_months"] == 3
    assert said(found, "gigawatch", "packages_in_year", "Trainium2", "2024")["horizon_months"] == -9
    quarters = found.loc[found["target"] == "packages_in_quarter", "period"]
    assert (quarters.min(), quarters.max()) == ("2025Q2", "2026Q4")
    months = found.loc[found["target"] == "supplier_revenue", "period"]
    assert (months.min(), months.max()) == ("2025-10", "2026-03")
    end = said(found, "gigawatch", "landed_chips_stated", "Trainium2", "2025Q4")["period_end_date"]
    assert end == date(2025, 12, 31)


def test_only_generations_that_are_made_can_have_landed(found: pd.DataFrame) -> None:
    subjects = set(found.loc[found["target"] == "landed_chips_stated", "subject"])
    assert subjects == {"Trainium1", "Trainium2", "Trainium3"}, "Trainium4 comes later"


def test_revenue_starts_at_the_last_month_and_widens(frames: Frames, found: pd.DataFrame) -> None:
    last = float(frames["revenue"].sort_values("revenue_month")["revenue_twd_thousand"].iloc[-1]) / 1000
    months = [said(found, "gigawatch", "supplier_revenue", "2345", f"2025-{month}") for month in (10, 11, 12)]
    assert months[0]["p05"] < last < months[0]["p95"]
    widths = [np.log(row["p95"] / row["p05"]) for row in months]
    assert widths[0] < widths[1] < widths[2]


def test_naive_revenue(frames: Frames, found: pd.DataFrame) -> None:
    known = frames["revenue"].set_index("revenue_month")["revenue_twd_thousand"] / 1000
    assert said(found, "last_value", "supplier_revenue", "2345", "2026-03")["p50"] == pytest.approx(known["2025-09"])
    growth = known["2025-07":"2025-09"].sum() / known["2024-07":"2024-09"].sum()
    year_ago = said(found, "year_ago_times_growth", "supplier_revenue", "2345", "2025-11")
    assert year_ago["p50"] == pytest.approx(known["2024-11"] * growth, rel=1e-6)
    spread = said(found, "last_value_with_past_errors", "supplier_revenue", "2345", "2025-11")
    changes = (known / known.shift(2)).dropna()
    assert spread["p50"] == pytest.approx(known["2025-09"] * changes.median(), rel=1e-6)
    assert not spread["is_point_forecast"]


def test_doubling_a_suppliers_revenue_doubles_what_the_naive_say(frames: Frames, found: pd.DataFrame) -> None:
    revenue = frames["revenue"].assign(revenue_twd_thousand=2 * frames["revenue"]["revenue_twd_thousand"])
    doubled = forecasts({**frames, "revenue": revenue}, DAY, SEED)
    for rival in ("last_value", "year_ago_times_growth"):
        before, after = (said(table, rival, "supplier_revenue", "2345", "2025-12")["p50"] for table in (found, doubled))
        assert after == pytest.approx(2 * before, rel=1e-6)


def test_a_supplier_without_base_has_rivals_and_no_forecast_of_ours(frames: Frames) -> None:
    """Alchip's base window lies after DAY: its equation cannot be used yet, and nothing is made up for it."""
    alchip = frames["revenue"].assign(ticker="3661")
    found = forecasts({**frames, "revenue": pd.concat([frames["revenue"], alchip])}, DAY, SEED)
    own = found[found["subject"] == "3661"]
    assert set(own["forecaster"]) == {"last_value", "last_value_with_past_errors", "year_ago_times_growth"}


def test_the_line_through_amazons_counts(frames: Frames) -> None:
    """From the first package (2024-01) through 0.6M in mid-2025: 18 months, so 0.8M after 24; then on through 1.4M."""
    found = forecasts(frames, DAY, SEED)
    assert said(found, "amazon_line", "landed_chips_stated", "Trainium2", "2025Q4")["p50"] == 800_000
    landed = ("landed", "disclosure", "Trainium2", "2024-01-01", "2025-09-30", 1.2e6, "Amazon", "x", "2025-10-01", True)
    found = forecasts({**frames, "statements": statements(BROKER, PLAN, landed)}, DAY, SEED)
    assert said(found, "amazon_line", "landed_chips_stated", "Trainium2", "2025Q4")["p50"] == 1_800_000


def test_the_newest_broker_speaks_and_is_spread_over_the_year(frames: Frames) -> None:
    newer = ("newer", *BROKER[1:5], 2e6, "B bank", "b", "2025-10-01", True)
    unused = ("unused", *BROKER[1:5], 9e6, "C bank", "c", "2025-10-02", False)
    found = forecasts({**frames, "statements": statements(BROKER, newer, unused)}, DAY, SEED)
    assert said(found, "last_analyst", "packages_in_year", "Trainium2", "2025")["p50"] == 2_000_000
    assert said(found, "last_analyst", "packages_in_quarter", "Trainium2", "2025Q3")["p50"] == 500_000
    assert said(found, "last_analyst", "landed_chips_stated", "Trainium2", "2025Q3")["p50"] == 1_500_000
    assert "last_analyst" not in set(found.loc[found["period"] == "2026Q1", "forecaster"])


def test_epoch_as_printed_and_before_that_its_stock(frames: Frames) -> None:
    stock = pd.DataFrame(
        [("EPOCH-STOCK-A", "Trainium2", "2025-12-31", 1.9e6, 1.4e6, 2.7e6, "2025-09-01"),
         ("EPOCH-STOCK-B", "Trainium2", "2025-12-31", 2.0e6, 1.5e6, 2.8e6, "2025-10-01"),
         ("EPOCH-PART", "Trainium2", "2025-12-31", 0.7e6, 0.5e6, 1.0e6, "2025-10-02")],
        columns=CLAIMS,
    )  # fmt: skip
    found = forecasts({**frames, "claims": stock}, DAY, SEED)
    row = said(found, "epoch", "landed_chips_stated", "Trainium2", "2025Q4")
    assert (row["p05"], row["p50"], row["p95"]) == (1.5e6, 2.0e6, 2.8e6)
    timeline = pd.DataFrame(
        [("Trainium2", "quarter", "2025-09-30", "2025-10-03", 250e3, 290e3, 330e3),
         ("Trainium2", "cumulative", "2025-09-30", "2025-10-03", 950e3, 1065e3, 1180e3)],
        columns=[*EPOCH, *THREE],
    )  # fmt: skip
    found = forecasts({**frames, "claims": stock, "epoch": timeline}, DAY, SEED)
    assert len(found[found["forecaster"] == "epoch"]) == 2, "the timeline replaces the stock"
    assert said(found, "epoch", "packages_in_quarter", "Trainium2", "2025Q3")["p95"] == 330_000
    assert said(found, "epoch", "landed_chips_stated", "Trainium2", "2025Q3")["p50"] == 1_065_000


def test_the_doubt_whether_all_generations_are_meant_is_in_the_forecast(frames: Frames, found: pd.DataFrame) -> None:
    """If a count certainly means one generation, its high end comes down: no other generation is in it."""
    rows = frames["assumptions"].copy()
    rows.loc[rows["parameter"] == "this_generation_probability", "value"] = 1.0
    sure = forecasts({**frames, "assumptions": rows}, DAY, SEED)
    at = ("gigawatch", "landed_chips_stated", "Trainium2", "2025Q4")
    assert said(sure, *at)["p95"] < said(found, *at)["p95"]
