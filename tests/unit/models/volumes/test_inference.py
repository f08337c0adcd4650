"""What the evidence does to the volumes: directions, look-ahead, determinism, widths."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.volumes.assumptions import AssumptionError, Assumptions
from models.volumes.evidence import LookAheadError, revenue_series
from models.volumes.run import run, run_posterior, run_suppliers, run_volumes

AS_OF = date(2026, 11, 22)
N_DRAWS = 500
SEED = 7


def infer(
    assumptions: pd.DataFrame, skus: pd.DataFrame, statements: pd.DataFrame, revenue: pd.DataFrame, as_of: date = AS_OF
) -> pd.DataFrame:
    frames = {"assumptions": assumptions, "skus": skus, "statements": statements, "revenue": revenue}
    return run(frames, as_of, SEED, N_DRAWS)


@pytest.fixture(scope="module")
def disclosed(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame
) -> pd.DataFrame:
    """The run with the disclosure and the supplier."""
    return infer(assumptions, skus, landed, accton)


@pytest.fixture(scope="module")
def undisclosed(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame
) -> pd.DataFrame:
    """The run with the supplier alone."""
    return infer(assumptions, skus, landed.iloc[:0], accton)


def through(draws: pd.DataFrame, measure: str, quarter: str, family: str = "trn2") -> pd.Series:
    """Total of a measure through a quarter, per draw."""
    rows = draws[draws["sku_id"].str.startswith(family) & (draws["quarter_start_date"] <= pd.Timestamp(quarter))]
    return rows.groupby("draw_id")[measure].sum()


def width(values: pd.Series) -> float:
    low, high = np.log(values.quantile([0.05, 0.95]))
    return float(high - low)


def test_shape_and_determinism_whatever_the_row_order(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, disclosed: pd.DataFrame
) -> None:
    assert len(disclosed) == len(skus) * 24 * N_DRAWS
    assert disclosed.notna().all().all()
    assert (disclosed[["package_units", "rack_units", "installed_chip_units"]] >= 0).all().all()
    again = infer(
        assumptions.sample(frac=1, random_state=1),
        skus.sample(frac=1, random_state=2),
        landed,
        accton.sample(frac=1, random_state=3),
    )
    pd.testing.assert_frame_equal(disclosed, again)


@pytest.mark.parametrize("what", ["statements", "revenue", "assumptions"])
def test_knowledge_from_after_the_build_date_is_refused(
    what: str,
    assumptions_on: Callable[[date], pd.DataFrame],
    skus: pd.DataFrame,
    landed: pd.DataFrame,
    accton: pd.DataFrame,
) -> None:
    frames = {"assumptions": assumptions_on(AS_OF), "statements": landed, "revenue": accton}
    early = assumptions_on(date(2026, 1, 3))
    known = {"assumptions": early, "statements": landed.iloc[:0], "revenue": accton[accton["revenue_month"] < "2025"]}
    with pytest.raises(LookAheadError, match="not known on 2026-01-03"):
        infer(**{**known, what: frames[what]}, skus=skus, as_of=date(2026, 1, 3))


def test_a_build_before_the_disclosure_runs_and_is_less_sure(
    assumptions_on: Callable[[date], pd.DataFrame],
    skus: pd.DataFrame,
    landed: pd.DataFrame,
    accton: pd.DataFrame,
    disclosed: pd.DataFrame,
) -> None:
    as_of = date(2026, 1, 3)
    early = infer(assumptions_on(as_of), skus, landed.iloc[:0], accton[accton["known_from"] <= "2026-01-03"], as_of)
    chips = [through(draws, "installed_chip_units", "2025-10-01") for draws in (early, disclosed)]
    assert width(chips[0]) > width(chips[1])


def test_disclosure_moves_installed_chips_to_it_and_narrows_them(
    disclosed: pd.DataFrame, undisclosed: pd.DataFrame
) -> None:
    before = through(undisclosed, "installed_chip_units", "2025-10-01")
    after = through(disclosed, "installed_chip_units", "2025-10-01")
    assert abs(np.log(after.median() / 1.4e6)) < abs(np.log(before.median() / 1.4e6))
    assert width(after) < width(before)
    # It counts what has landed, so more packages than that have been made.
    assert through(disclosed, "package_units", "2025-10-01").median() > after.median()


def test_more_supplier_revenue_means_more_packages(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, undisclosed: pd.DataFrame
) -> None:
    def with_doubled(months: pd.Series) -> float:
        revenue = accton.copy()
        revenue.loc[months, "revenue_twd_thousand"] *= 2
        return float(
            through(infer(assumptions, skus, landed.iloc[:0], revenue), "package_units", "2025-10-01").median()
        )

    base = through(undisclosed, "package_units", "2025-10-01").median()
    assert with_doubled(accton["revenue_month"] >= "2025-01") > 1.2 * base
    assert with_doubled(accton["revenue_month"] == "2025-09") != base


def test_a_silent_supplier_widens(
    assumptions: pd.DataFrame, skus: pd.DataFrame, accton: pd.DataFrame, landed: pd.DataFrame, undisclosed: pd.DataFrame
) -> None:
    silent = infer(assumptions, skus, landed.iloc[:0], accton.iloc[:0])
    heard = through(undisclosed, "package_units", "2025-10-01")
    assert width(through(silent, "package_units", "2025-10-01")) > width(heard)


def test_an_interval_of_a_sum_is_narrower_than_the_sum_of_intervals(disclosed: pd.DataFrame) -> None:
    past = disclosed[disclosed["quarter_start_date"] <= "2025-10-01"]
    total = past.groupby("draw_id")["package_units"].sum()
    cells = past.groupby(["sku_id", "quarter_start_date"])["package_units"]
    summed = cells.quantile(0.95).sum() - cells.quantile(0.05).sum()
    assert total.quantile(0.95) - total.quantile(0.05) < 0.8 * summed


def test_statements_of_one_root_weigh_as_one(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, disclosed: pd.DataFrame
) -> None:
    repeated = pd.concat([landed, *(landed.assign(estimate_id=f"again{i}") for i in range(9))])
    once = through(disclosed, "installed_chip_units", "2025-10-01").quantile([0.05, 0.5, 0.95])
    often = through(infer(assumptions, skus, repeated, accton), "installed_chip_units", "2025-10-01")
    # Averaging ten equal numbers rounds in the last digit, which may flip single moves of the sampler.
    assert often.quantile([0.05, 0.5, 0.95]).to_numpy() == pytest.approx(once.to_numpy(), rel=0.1)


def test_a_supplier_without_a_base_says_nothing(assumptions: pd.DataFrame, accton: pd.DataFrame) -> None:
    table = Assumptions(assumptions)
    assert [s.ticker for s in revenue_series(accton, table)] == ["2345"]
    assert revenue_series(accton[accton["revenue_month"] > "2024-06"], table) == []
    assert revenue_series(accton.assign(ticker="6669"), table) == []


def test_unknown_generation_is_named(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match="unknown generations \\['Trainium9'\\]"):
        infer(assumptions, skus, landed.assign(generation="Trainium9"), accton)


def test_supplier_draws_join_the_volume_draws(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame
) -> None:
    frames = {"assumptions": assumptions, "skus": skus, "statements": landed, "revenue": accton}
    posterior = run_posterior(frames, AS_OF, SEED, N_DRAWS)
    volumes = run_volumes({**frames, "posterior": posterior})
    suppliers = run_suppliers({**frames, "posterior": posterior.sample(frac=1, random_state=5)})
    product = suppliers["content_usd_per_unit"] * suppliers["billed_units"] / 1e6
    assert suppliers["implied_revenue_usd_m"].to_numpy() == pytest.approx(product.to_numpy())
    boards = suppliers[(suppliers["ticker"] == "2345") & (suppliers["generation"] == "Trainium2")]
    boards = boards.groupby("draw_id")["billed_units"].sum()
    packages = volumes[volumes["sku_id"].str.startswith("trn2")].groupby("draw_id")["package_units"].sum()
    # A supplier cannot bill for more packages than are made, and draws with more of them bill for more.
    assert (boards <= packages * (1 + 1e-9)).all()
    assert np.corrcoef(boards, packages)[0, 1] > 0.9
    assert set(suppliers["content_unit"]) == {"package", "rack"}


def test_a_posterior_of_other_assumptions_is_refused(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame
) -> None:
    frames = {"assumptions": assumptions, "skus": skus, "statements": landed, "revenue": accton}
    posterior = run_posterior(frames, AS_OF, SEED, 10)
    other = assumptions[assumptions["subject"] != "MRVL/Trainium2"]
    with pytest.raises(AssumptionError, match="build int_volumes__posterior again"):
        run_volumes({**frames, "assumptions": other, "posterior": posterior})
