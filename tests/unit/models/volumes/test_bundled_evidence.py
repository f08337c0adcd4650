"""The engine on the bundled evidence itself, with few draws: what the docs say moves the volumes does move them."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.volumes.assumptions import Assumptions, Beliefs
from models.volumes.engine import latent_names, sku_flows, sku_shares
from models.volumes.run import run
from tests.bench.volumes_world import frames

AS_OF = date(2026, 11, 22)
STEPPED = ["2345", "2059", "6669", "3661"]  # Accton, King Slide, Wiwynn, Alchip
STEP_MONTHS = ["2026-06", "2026-07", "2026-08"]


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    found = frames()
    rows = found["assumptions"]
    for parameter, value in {"prior_draws": 3000, "moves_per_step": 2, "final_moves": 10}.items():
        rows.loc[rows["parameter"] == parameter, "value"] = value
    return found


def packages(world: dict[str, pd.DataFrame], family: str, year: int, **changed: pd.DataFrame) -> pd.Series:
    """5th, 50th and 95th percentile of a family's packages in a year."""
    draws = run({**world, **changed}, AS_OF, 3, 500)
    rows = draws[draws["sku_id"].str.startswith(family) & (draws["quarter_start_date"].dt.year == year)]
    return rows.groupby("draw_id")["package_units"].sum().quantile([0.05, 0.5, 0.95])


@pytest.fixture(scope="module")
def trainium3(world: dict[str, pd.DataFrame]) -> pd.Series:
    return packages(world, "trn3", 2026)


def test_the_step_of_mid_2026_drives_trainium3(world: dict[str, pd.DataFrame], trainium3: pd.Series) -> None:
    revenue = world["revenue"]
    in_step = revenue["ticker"].isin(STEPPED) & revenue["revenue_month"].isin(STEP_MONTHS)
    assert in_step.sum() == len(STEPPED) * len(STEP_MONTHS)
    without = packages(world, "trn3", 2026, revenue=revenue[~in_step])
    assert without[0.5] < 0.85 * trainium3[0.5]
    assert without[0.95] / without[0.05] > 1.5 * trainium3[0.95] / trainium3[0.05]


@pytest.mark.slow
def test_a_higher_step_means_more_trainium3(world: dict[str, pd.DataFrame], trainium3: pd.Series) -> None:
    revenue = world["revenue"].astype({"revenue_twd_thousand": float})
    in_step = revenue["ticker"].isin(STEPPED) & revenue["revenue_month"].isin(STEP_MONTHS)
    revenue.loc[in_step, "revenue_twd_thousand"] *= 1.5
    assert packages(world, "trn3", 2026, revenue=revenue)[0.5] > 1.1 * trainium3[0.5]


@pytest.mark.slow
def test_the_cut_of_an_interim_chip_means_fewer_trainium2(world: dict[str, pd.DataFrame]) -> None:
    """The dated rows on Trainium2.5 move 2026; as the undated row has it, there is more."""
    rows = world["assumptions"].copy()
    handover = (rows["subject"] == "Trainium2") & (rows["parameter"] == "decline_after_successor_months")
    assert rows.loc[handover, "known_from"].notna().all()
    rows.loc[handover, ["value", "low", "high"]] = [3, -4, 10]
    assert packages(world, "trn2", 2026)[0.5] < packages(world, "trn2", 2026, assumptions=rows)[0.5]


def test_every_system_of_the_repository_in_every_draw(world: dict[str, pd.DataFrame]) -> None:
    """Ten systems and more; shares sum to 1; packages = racks x chips per rack + scrapped + work in progress."""
    table = Assumptions(world["assumptions"])
    names = latent_names(table)
    beliefs = Beliefs(table, names, np.random.default_rng(2).standard_normal((200, len(names))))
    skus = world["skus"]
    assert skus["generation"].isin(["Trainium2", "Trainium3"]).sum() >= 10
    for generation, own in skus.groupby("generation"):
        total = np.sum(list(sku_shares(beliefs, sorted(own["sku_id"])).values()), axis=0)
        first = int(beliefs.value(str(generation), "first_package_month"))
        assert total[:, first:] == pytest.approx(1.0)
    n_found = 0
    for sku_id, flows in sku_flows(beliefs, skus):
        chips_in_racks = np.cumsum(flows.racks, axis=1) * beliefs.value(sku_id, "chips_per_rack")
        left = np.cumsum(flows.packages - flows.scrapped_packages, axis=1) - chips_in_racks
        tolerance = 1e-9 * flows.packages.sum(axis=1, keepdims=True)
        assert (left >= -tolerance).all(), sku_id
        assert (np.cumsum(flows.installed_chips, axis=1) <= chips_in_racks + tolerance).all(), sku_id
        # What is still on its way has been packaged within the longest delay.
        recent = np.cumsum(flows.packages, axis=1)
        recent[:, 25:] -= np.cumsum(flows.packages, axis=1)[:, :-25]
        assert (left <= recent + tolerance).all(), sku_id
        n_found += 1
    assert n_found == len(skus)
