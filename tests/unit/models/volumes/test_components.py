"""The bill of materials: draws of what a package holds, and the figures they must reproduce."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.volumes.assumptions import AssumptionError
from models.volumes.components import LONGEST_LAG_MONTHS, bill_draws

FOLDER = Path(__file__).parents[4] / "models" / "assumptions"
N_DRAWS = 4000
SEED = 20241215


def rows_on(day: str) -> pd.DataFrame:
    """The repository's rows as staging leaves them on a day: the newest known one of each parameter."""
    files = [pd.read_csv(FOLDER / f"{name}.csv", dtype={"subject": str}) for name in ("components", "volumes")]
    rows = pd.concat(files, ignore_index=True).assign(known_from=lambda all: pd.to_datetime(all["known_from"]))
    rows = rows[rows["known_from"].isna() | (rows["known_from"] <= pd.Timestamp(day))]
    rows = rows.sort_values("known_from", na_position="first")
    return rows.drop_duplicates(["engine", "subject", "parameter"], keep="last")


def a_posterior(rows: pd.DataFrame, n_draws: int = N_DRAWS) -> pd.DataFrame:
    """Scores of the shared belief as run_posterior leaves them; here those of the prior, in no order."""
    subjects = sorted(rows.loc[rows["parameter"] == "packages_per_cowos_wafer", "subject"])
    rng = np.random.default_rng(5)
    frames = [
        pd.DataFrame(
            {
                "latent": f"{subject}/packages_per_cowos_wafer",
                "draw_id": np.arange(n_draws),
                "score": rng.standard_normal(n_draws),
            }
        )
        for subject in subjects
    ]
    return pd.concat(frames).sample(frac=1, random_state=1)


def drawn(rows: pd.DataFrame, n_draws: int = N_DRAWS, seed: int = SEED) -> pd.DataFrame:
    return bill_draws(rows, a_posterior(rows, n_draws), n_draws, seed)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return rows_on("2026-11-22")


@pytest.fixture(scope="module")
def draws(rows: pd.DataFrame) -> pd.DataFrame:
    return drawn(rows)


def of(draws: pd.DataFrame, subject: str, parameter: str) -> np.ndarray:
    own = draws[(draws["subject"] == subject) & (draws["parameter"] == parameter)]
    return own["value"].to_numpy()


def test_seventy_thousand_wafers_are_one_point_two_million_packages(rows: pd.DataFrame, draws: pd.DataFrame) -> None:
    """I7 of the method: the broker's wafers and packages; the yield must not be taken off a second time."""
    row = (rows["subject"] == "Trainium2") & (rows["parameter"] == "packages_per_cowos_wafer")
    central = rows.loc[row, "value"].item()
    assert 70_000 * central == pytest.approx(1_200_000, rel=0.005)
    packages = np.quantile(70_000 * of(draws, "Trainium2", "packages_per_cowos_wafer"), [0.05, 0.5, 0.95])
    assert packages == pytest.approx([70_000 * 15, 1_200_000, 70_000 * 19], rel=0.02)
    assert of(draws, "Trainium2", "cowos_share") == pytest.approx(1)


def test_wafers_take_the_score_of_their_own_draw(rows: pd.DataFrame, draws: pd.DataFrame) -> None:
    """The volumes' supply ceiling and the wafers here are the same belief in the same draw."""
    scores = a_posterior(rows).set_index(["latent", "draw_id"])["score"]
    per_wafer = of(draws, "Trainium2", "packages_per_cowos_wafer")
    order = scores["Trainium2/packages_per_cowos_wafer"].sort_index().to_numpy()
    assert np.corrcoef(np.log(per_wafer), order)[0, 1] == pytest.approx(1)


def test_a_posterior_without_the_latent_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(AssumptionError, match="the posterior has 0 draws of Trainium1/packages_per_cowos_wafer"):
        bill_draws(rows, a_posterior(rows).iloc[:0], N_DRAWS, SEED)


def test_what_nobody_had_said_yet_has_no_row() -> None:
    early = drawn(rows_on("2020-01-01"), 5)
    assert of(early, "trn3-gen2-ultraserver", "switch_trays_per_rack").size == 0
    assert of(early, "Trainium2", "packaging_yield").size == 5


@pytest.mark.parametrize("generation", ["Trainium1", "Trainium2", "Trainium3", "Trainium4"])
def test_draws_keep_to_their_bands(draws: pd.DataFrame, generation: str) -> None:
    yields = of(draws, generation, "packaging_yield")
    assert 0.5 < yields.min() < yields.max() < 1
    low, high = np.quantile(yields, [0.05, 0.95])
    assert low < 0.96 and high > 0.93
    assert of(draws, generation, "packages_per_cowos_wafer").min() > 1
    assert of(draws, generation, "hbm_stacks_per_package").min() >= 2


def test_memory_per_stack_is_a_size_that_exists(rows: pd.DataFrame) -> None:
    stacks = rows[rows["parameter"] == "hbm_stacks_per_package"].set_index("subject")["value"]
    assert 96 / stacks["Trainium2"] == 24
    assert 144 / stacks["Trainium3"] == 36
    assert 288 / stacks["Trainium4"] == 36


def test_lags_fit_between_two_quarters(draws: pd.DataFrame) -> None:
    for parameter in ("packaging_lag_months", "switch_lag_months"):
        lags = of(draws, "timing", parameter)
        assert 0 <= lags.min() < lags.max() <= LONGEST_LAG_MONTHS


@pytest.mark.parametrize(("low", "high"), [(-1, 2), (1, 4)])
def test_a_lag_beyond_the_next_quarter_is_refused(rows: pd.DataFrame, low: float, high: float) -> None:
    changed = rows.copy()
    lag = changed["parameter"] == "packaging_lag_months"
    changed.loc[lag, ["value", "low", "high"]] = [1.5, low, high]
    with pytest.raises(AssumptionError, match=r"packaging_lag_months runs from .* a lag lies between 0 and 3"):
        drawn(changed)


def test_one_changed_row_moves_its_own_draws_only(rows: pd.DataFrame, draws: pd.DataFrame) -> None:
    changed = rows.copy()
    row = (changed["subject"] == "Trainium2") & (changed["parameter"] == "hbm_stacks_per_package")
    changed.loc[row, "value"] *= 2
    moved = drawn(changed)
    key = (draws["subject"] == "Trainium2") & (draws["parameter"] == "hbm_stacks_per_package")
    assert moved.loc[key, "value"].to_numpy() == pytest.approx(2 * draws.loc[key, "value"].to_numpy())
    pd.testing.assert_frame_equal(moved[~key], draws[~key])


def test_a_further_row_and_another_order_disturb_nothing(rows: pd.DataFrame, draws: pd.DataFrame) -> None:
    new = {"engine": "components", "subject": "Trainium9", "parameter": "packaging_yield", "distribution": "beta"}
    extra = rows.iloc[[0]].assign(**new, value=0.9, low=0.8, high=0.95)
    shuffled = pd.concat([extra, rows]).sample(frac=1, random_state=3)
    again = drawn(shuffled)
    pd.testing.assert_frame_equal(again[again["subject"] != "Trainium9"].reset_index(drop=True), draws)


def test_same_seed_same_draws_other_seed_others(rows: pd.DataFrame, draws: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(drawn(rows), draws)
    assert not drawn(rows, seed=SEED + 1).equals(draws)


def test_rows_of_other_engines_are_not_drawn(rows: pd.DataFrame) -> None:
    nothing = bill_draws(rows.assign(engine="tco"), a_posterior(rows), N_DRAWS, SEED)
    assert list(nothing.columns) == ["subject", "parameter", "draw_id", "value"]
    assert nothing.empty


def test_a_row_that_cannot_be_drawn_is_named(rows: pd.DataFrame) -> None:
    broken = rows.assign(distribution=rows["distribution"].replace("beta", "gamma"))
    with pytest.raises(AssumptionError, match="assumption components/Trainium1/packaging_yield: unknown distribution"):
        drawn(broken, 10)


def test_every_row_says_what_it_is() -> None:
    everything = pd.read_csv(FOLDER / "components.csv", dtype={"subject": str}, parse_dates=["known_from"])
    assert set(everything["engine"]) == {"components"}
    assert not everything.duplicated(["subject", "parameter", "known_from"]).any()
    assert everything["note"].str.split().str.len().min() >= 3
    uncertain = everything[everything["distribution"] != "fixed"]
    assert ((uncertain["low"] < uncertain["value"]) & (uncertain["value"] < uncertain["high"])).all()
    # Who claims a source must say since when; memory never claims one.
    assert everything.loc[everything["source_url"].notna(), "known_from"].notna().all()
    assert everything.loc[everything["note"].str.startswith("Recall"), "source_url"].isna().all()
    undated = everything["known_from"].isna()
    assert everything.loc[undated, "note"].str.match("Recall|Prior|Method|No other packaging").all()
