"""Draws of published units: their percentiles, how they move together, and what is left unallocated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.volumes.assumptions import AssumptionError
from models.volumes.purchases import UNALLOCATED, from_percentiles, run_purchases

ASSUMPTIONS = pd.read_csv(Path(__file__).parents[4] / "models" / "assumptions" / "purchases.csv")
QUARTER = pd.Timestamp("2025-04-01")
N = 4000


def estimate(buyer: str | None, p05: float | None, p50: float, p95: float | None, **other: object) -> dict[str, object]:
    return {
        "estimate_kind": "owners" if buyer else "sales", "designer": "Nvidia", "accelerator": "b200", "buyer": buyer,
        "quarter_start_date": QUARTER, "units_p05": p05, "units_p50": p50, "units_p95": p95,
    } | other  # fmt: skip


SALES = estimate(None, 370_575, 434_483, 508_912)
OWNERS = [estimate("Microsoft", 78_521, 105_601, 143_263), estimate("Meta", 47_366, 63_705, 85_350)]


def run(rows: list[dict[str, object]], assumptions: pd.DataFrame = ASSUMPTIONS, seed: int = 1) -> pd.DataFrame:
    return run_purchases({"assumptions": assumptions, "estimates": pd.DataFrame(rows)}, seed=seed, n_draws=N)


def units(draws: pd.DataFrame, buyer: str | None) -> np.ndarray:
    chosen = draws[draws["buyer"].isna()] if buyer is None else draws[draws["buyer"] == buyer]
    return chosen.sort_values("draw_id")["units"].to_numpy()


def fixed(value: float, *parameters: str) -> pd.DataFrame:
    rows = ASSUMPTIONS.copy()
    chosen = rows["parameter"].isin(parameters)
    rows.loc[chosen, "distribution"] = "fixed"
    rows.loc[chosen, "value"] = value
    return rows


@given(
    p50=st.floats(1, 1e7),
    below=st.floats(0.05, 0.999),
    above=st.floats(1.001, 20),
)
@settings(max_examples=60, deadline=None)
def test_the_printed_percentiles_come_back(p50: float, below: float, above: float) -> None:
    scores = np.array([-1.6448536269514722, 0.0, 1.6448536269514722])
    drawn = from_percentiles(p50 * below, p50, p50 * above, scores)
    assert drawn == pytest.approx([p50 * below, p50, p50 * above], rel=1e-9)


def test_a_residual_below_zero_keeps_its_percentiles() -> None:
    scores = np.array([-1.6448536269514722, 0.0, 1.6448536269514722])
    assert from_percentiles(-49, 10_086, 20_605, scores) == pytest.approx([-49, 10_086, 20_605])


def test_unallocated_is_the_difference_in_every_draw() -> None:
    draws = run([SALES, *OWNERS])
    left = units(draws, None) - units(draws, "Microsoft") - units(draws, "Meta")
    assert units(draws, UNALLOCATED) == pytest.approx(left)


def test_the_interval_of_a_difference_is_no_difference_of_percentiles() -> None:
    draws = run([SALES, *OWNERS])
    low, high = np.quantile(units(draws, UNALLOCATED), [0.05, 0.95])
    assert low > 370_575 - 143_263 - 85_350
    assert high < 508_912 - 78_521 - 47_366


def test_rows_that_share_more_of_their_error_leave_a_narrower_difference() -> None:
    def width(share: float) -> float:
        draws = run([SALES, *OWNERS], fixed(share, "designer_score_share", "quarter_score_share"))
        low, high = np.quantile(units(draws, UNALLOCATED), [0.05, 0.95])
        return float(high - low)

    assert width(0.45) < width(0.2) < width(0.0)


def test_one_changed_row_moves_the_rest_down() -> None:
    more = estimate("Meta", 97_366, 113_705, 135_350)
    before, after = run([SALES, *OWNERS]), run([SALES, OWNERS[0], more])
    moved = np.median(units(after, UNALLOCATED)) - np.median(units(before, UNALLOCATED))
    assert moved == pytest.approx(-50_000, rel=0.05)


def test_without_owners_nothing_is_called_unallocated() -> None:
    assert set(run([SALES])["buyer"].unique()) == {None}


def test_owners_above_sales_stay_below_zero_in_the_draws() -> None:
    draws = run([estimate(None, 90, 100, 110), estimate("xAI", 180, 200, 220)])
    assert units(draws, UNALLOCATED).max() < 0


@pytest.mark.parametrize(("p05", "p95"), [(None, None), (100_000, 100_000)])
def test_a_figure_printed_alone_has_the_house_band(p05: float | None, p95: float | None) -> None:
    drawn = units(run([estimate("xAI", p05, 100_000, p95)]), "xAI")
    assert np.quantile(drawn, [0.05, 0.5, 0.95]) == pytest.approx([75_000, 100_000, 133_000], rel=0.03)


def test_a_printed_zero_is_zero() -> None:
    assert not units(run([estimate("xAI", None, 0, None)]), "xAI").any()


def test_equal_seeds_give_equal_draws_whatever_the_order_of_rows() -> None:
    once, twice = run([SALES, *OWNERS]), run([*reversed(OWNERS), SALES])
    keys = ["buyer", "draw_id"]
    pd.testing.assert_frame_equal(
        once.sort_values(keys).reset_index(drop=True), twice.sort_values(keys).reset_index(drop=True), rtol=1e-12
    )
    assert not np.array_equal(units(once, None), units(run([SALES], seed=2), None))


def test_nothing_published_gives_nothing() -> None:
    empty = pd.DataFrame([SALES]).head(0)
    assert run_purchases({"assumptions": ASSUMPTIONS, "estimates": empty}, seed=1, n_draws=5).empty


def test_shares_of_error_that_can_exceed_one_are_refused() -> None:
    with pytest.raises(AssumptionError, match="exceed 1"):
        run([SALES], fixed(0.6, "designer_score_share", "quarter_score_share"))


def test_a_missing_belief_names_its_file() -> None:
    rows = ASSUMPTIONS[ASSUMPTIONS["parameter"] != "error_ratio"]
    with pytest.raises(AssumptionError, match=r"purchases\.csv"):
        run([SALES], rows)
