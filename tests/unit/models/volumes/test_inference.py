"""What the evidence does to the volumes: directions, look-ahead, determinism, widths."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.volumes.assumptions import AssumptionError, Assumptions, from_scores
from models.volumes.evidence import LookAheadError
from models.volumes.run import run, run_generation_totals, run_lags, run_posterior, run_suppliers, run_volumes
from models.volumes.suppliers import revenue_series

AS_OF = date(2026, 11, 22)
N_DRAWS = 500
SEED = 7


def infer(
    assumptions: pd.DataFrame,
    skus: pd.DataFrame,
    statements: pd.DataFrame,
    revenue: pd.DataFrame,
    as_of: date = AS_OF,
    **optional: pd.DataFrame,
) -> pd.DataFrame:
    frames = {"assumptions": assumptions, "skus": skus, "statements": statements, "revenue": revenue, **optional}
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


def spans(ticker: str, revenue: dict[str, float], known_from: str, unit: str = "twd_thousand") -> pd.DataFrame:
    """Revenue of spans of months, in one of the two units."""
    frame = pd.DataFrame({"ticker": ticker, "months": list(revenue)})
    frame[["revenue_twd_thousand", "revenue_usd_m"]] = np.nan
    frame[f"revenue_{unit}"] = list(revenue.values())
    return frame.assign(known_from=known_from)


def width(values: pd.Series) -> float:
    low, high = np.log(values.quantile([0.05, 0.95]))
    return float(high - low)


def test_shape_and_determinism_whatever_the_row_order(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, disclosed: pd.DataFrame
) -> None:
    assert len(disclosed) == len(skus) * 24 * N_DRAWS
    assert disclosed.notna().all().all()
    assert (disclosed.filter(like="_units") >= 0).all().all()
    again = infer(
        assumptions.sample(frac=1, random_state=1),
        skus.sample(frac=1, random_state=2),
        landed,
        accton.sample(frac=1, random_state=3),
    )
    pd.testing.assert_frame_equal(disclosed, again, check_exact=True)


@pytest.mark.parametrize("what", ["statements", "revenue", "assumptions", "revenue_spans", "controls", "site_power"])
def test_knowledge_from_after_the_build_date_is_refused(
    what: str,
    assumptions_on: Callable[[date], pd.DataFrame],
    skus: pd.DataFrame,
    landed: pd.DataFrame,
    accton: pd.DataFrame,
    nvidia: pd.DataFrame,
    power: pd.DataFrame,
) -> None:
    frames = {
        "assumptions": assumptions_on(AS_OF),
        "statements": landed,
        "revenue": accton,
        "revenue_spans": spans("2345", {"2026-01;2026-02": 40e6}, "2026-09-10"),
        "controls": nvidia,
        "site_power": power.assign(known_from="2026-01-04"),
    }
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


def test_revenue_two_months_later_means_packages_later(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, undisclosed: pd.DataFrame
) -> None:
    late = accton.copy()
    late["revenue_twd_thousand"] = accton["revenue_twd_thousand"].shift(2).fillna(7e6)
    delayed = infer(assumptions, skus, landed.iloc[:0], late)
    for quarter in ("2024-10-01", "2025-04-01"):
        later, sooner = (through(draws, "package_units", quarter).median() for draws in (delayed, undisclosed))
        assert later < 0.95 * sooner


def test_a_missing_month_and_a_supplier_that_stops_are_no_error_and_no_gain(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, undisclosed: pd.DataFrame
) -> None:
    base = width(through(undisclosed, "package_units", "2025-10-01"))
    holed = infer(assumptions, skus, landed.iloc[:0], accton[~accton["revenue_month"].isin(["2024-11", "2025-06"])])
    stopped = infer(assumptions, skus, landed.iloc[:0], accton[accton["revenue_month"] < "2025-01"])
    # Two months of thirty-six are little; the sampler's own noise is allowed for.
    assert width(through(holed, "package_units", "2025-10-01")) > 0.9 * base
    assert width(through(stopped, "package_units", "2025-10-01")) > 1.1 * base


def test_a_year_of_which_only_the_sum_is_known_says_much_the_same(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, undisclosed: pd.DataFrame
) -> None:
    last = accton["revenue_month"] >= "2025-10"
    total = spans(
        "2345",
        {";".join(accton.loc[last, "revenue_month"]): float(accton.loc[last, "revenue_twd_thousand"].sum())},
        "2026-01-10",
    )
    summed = infer(assumptions, skus, landed.iloc[:0], accton[~last], revenue_spans=total)
    medians = [through(draws, "package_units", "2025-10-01").median() for draws in (summed, undisclosed)]
    assert medians[0] == pytest.approx(medians[1], rel=0.15)


def test_more_site_power_means_more_installed_chips(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, power: pd.DataFrame
) -> None:
    def installed(seen: pd.DataFrame) -> pd.Series:
        draws = infer(assumptions, skus, landed.iloc[:0], accton, site_power=seen)
        return through(draws, "installed_chip_units", "2025-10-01")

    some, double = installed(power), installed(power.assign(it_power_mw=1800.0))
    assert double.median() > 1.2 * some.median()
    # Ten readings of one satellite are one root.
    often = pd.concat([power.assign(observation_id=str(i)) for i in range(10)])
    assert installed(often).median() == pytest.approx(some.median(), rel=0.1)


def test_a_tighter_packaging_ceiling_means_fewer_packages(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, undisclosed: pd.DataFrame
) -> None:
    tight = assumptions.copy()
    share = tight["parameter"] == "aws_share_ceiling"
    tight.loc[share, ["value", "low", "high"]] = [0.02, 0.012, 0.03]
    capped = through(infer(tight, skus, landed.iloc[:0], accton), "package_units", "2025-10-01")
    assert capped.quantile(0.95) < 0.7 * through(undisclosed, "package_units", "2025-10-01").quantile(0.95)


def with_supplier(assumptions: pd.DataFrame, ticker: str, base_months: tuple[int, int]) -> pd.DataFrame:
    """The assumptions with one more supplier, believed to earn on Trainium2 as widely as Accton is."""
    as_accton = assumptions[assumptions["subject"].isin(["2345", "2345/Trainium2"])].copy()
    as_accton["subject"] = as_accton["subject"].str.replace("2345", ticker)
    values = {"base_first_month": base_months[0], "base_last_month": base_months[1], "nvidia_elasticity": 0.5}
    for parameter, value in values.items():
        as_accton.loc[as_accton["parameter"] == parameter, "value"] = value
    as_accton.loc[as_accton["parameter"] == "nvidia_elasticity", ["low", "high"]] = [0.0, 1.0]
    return pd.concat([assumptions, as_accton], ignore_index=True)


def test_a_supplier_that_only_rides_on_nvidia_stays_quiet_once_nvidia_is_taken_out(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, nvidia: pd.DataFrame
) -> None:
    """The negative control of the method: revenue that is Nvidia's to the power 0.6 and nothing else."""
    rider = nvidia.assign(ticker="CTRL", revenue_twd_thousand=7e6 * (nvidia["value"] / 2000) ** 0.6)
    rows = with_supplier(assumptions, "CTRL", (0, 11))
    nothing = accton.iloc[:0]

    def packages(**frames: pd.DataFrame) -> pd.Series:
        draws = infer(rows, skus, landed.iloc[:0], rider.drop(columns=["series", "value"]), **frames)
        return through(draws, "package_units", "2025-10-01")

    silent = through(infer(rows, skus, landed.iloc[:0], nothing), "package_units", "2025-10-01")
    with_control, without = packages(controls=nvidia), packages()
    # What a supplier without Trainium may say is that there is not much of it, never that there is more.
    assert with_control.median() < 1.1 * silent.median()
    assert without.quantile(0.05) > 1.5 * with_control.quantile(0.05)
    assert without.median() > 1.2 * with_control.median()


def test_celestica_says_nothing_of_trainium(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame, nvidia: pd.DataFrame
) -> None:
    """Its two quarters on file (it builds for Google), read as if it built for Amazon."""
    rows = with_supplier(assumptions, "CLS", (24, 26))
    quarters = {"2025-01;2025-02;2025-03": 2647.0, "2026-01;2026-02;2026-03": 4050.0}
    seen = spans("CLS", quarters, "2026-05-05", unit="usd_m")
    heard = infer(rows, skus, landed, accton, controls=nvidia, revenue_spans=seen)
    unheard = infer(rows, skus, landed, accton, controls=nvidia)
    for measure in ("package_units", "installed_chip_units"):
        medians = [through(draws, measure, "2025-10-01").median() for draws in (heard, unheard)]
        assert medians[0] == pytest.approx(medians[1], rel=0.08)


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
    assert revenue_series(accton[accton["revenue_month"] < "2024-01"], table) == []
    assert revenue_series(accton.assign(ticker="9999"), table) == []


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
    packages = through(volumes, "package_units", "2028-10-01")
    # A supplier cannot bill for more packages than are made, and draws with more of them bill for more.
    assert (boards <= packages * (1 + 1e-9)).all()
    assert np.corrcoef(boards, packages)[0, 1] > 0.9
    assert set(suppliers["content_unit"]) == {"package", "rack"}
    totals = run_generation_totals({**frames, "posterior": posterior}).set_index(["generation", "quarter_start_date"])
    own = totals.loc[("Trainium2", pd.Timestamp("2025-10-01"))]
    assert own["package_units_cumulative_p50"] == pytest.approx(packages_through_2025(volumes).median())
    lags = run_lags({**frames, "posterior": posterior}).set_index("generation")
    rows = posterior[posterior["latent"] == "Trainium2/package_to_rack_lag_months"]
    belief = Assumptions(assumptions).row("Trainium2", "package_to_rack_lag_months")
    assert lags.loc["Trainium2", "package_to_rack_lag_months_p95"] == pytest.approx(
        np.quantile(from_scores(belief, rows["score"].to_numpy()), 0.95)
    )
    everything = totals.loc[("all", pd.Timestamp("2025-10-01")), "installed_chip_units_cumulative_p95"]
    assert everything == pytest.approx(through(volumes, "installed_chip_units", "2025-10-01", "trn").quantile(0.95))


def packages_through_2025(volumes: pd.DataFrame) -> pd.Series:
    return through(volumes, "package_units", "2025-10-01")


def test_a_posterior_of_other_assumptions_is_refused(
    assumptions: pd.DataFrame, skus: pd.DataFrame, landed: pd.DataFrame, accton: pd.DataFrame
) -> None:
    frames = {"assumptions": assumptions, "skus": skus, "statements": landed, "revenue": accton}
    posterior = run_posterior(frames, AS_OF, SEED, 10)
    other = assumptions[assumptions["subject"] != "MRVL/Trainium2"]
    with pytest.raises(AssumptionError, match="build int_volumes__posterior again"):
        run_volumes({**frames, "assumptions": other, "posterior": posterior})
