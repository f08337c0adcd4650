"""End use: the shares of every draw add to one, tenants of counted campuses come first, nothing later is seen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.volumes.assumptions import AssumptionError
from models.volumes.end_use import WEIGHTS, run_end_use
from models.volumes.evidence import LookAheadError

AS_OF = date(2026, 11, 22)
QUARTERS = [pd.Timestamp(day) for day in ("2025-01-01", "2025-10-01", "2027-10-01")]
N = 400


def valid_on(day: date) -> pd.DataFrame:
    rows = pd.read_csv(Path(__file__).parents[4] / "models" / "assumptions" / "end_use.csv", parse_dates=["known_from"])
    rows = rows[rows["known_from"].isna() | (rows["known_from"] <= pd.Timestamp(day))]
    return rows.sort_values("known_from", na_position="first").drop_duplicates(["subject", "parameter"], keep="last")


def installed(*totals: float, accelerator: str = "Trainium2", n_draws: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    error = np.exp(0.1 * rng.standard_normal(n_draws))
    return pd.DataFrame(
        {
            "accelerator": accelerator,
            "quarter_start_date": quarter,
            "draw_id": draw,
            "installed_units": total * error[draw],
        }
        for quarter, total in zip(QUARTERS, totals, strict=False)
        for draw in range(n_draws)
    )  # fmt: skip


def site(
    campus: str, *chips: float, accelerator: str = "Trainium2", known: str = "2026-08-20"
) -> list[dict[str, object]]:
    return [
        {"accelerator": accelerator, "campus_id": campus, "quarter_start_date": q, "chips": c, "known_from": known}
        for q, c in zip(QUARTERS, chips, strict=False)
    ]  # fmt: skip


def tenant(campus: str, user: str, low: float, high: float, known: str = "2025-11-12") -> list[dict[str, object]]:
    return [
        {"campus_id": campus, "end_user": user, "quarter_start_date": q, "share_low": low, "share_high": high,
         "known_from": known}
        for q in QUARTERS
    ]  # fmt: skip


SITE_COLUMNS = list(site("x", 1)[0])
TENANT_COLUMNS = list(tenant("x", "Anthropic", 0, 1)[0])


def run(
    chips: pd.DataFrame,
    sites: list[dict[str, object]] | None = None,
    tenants: list[dict[str, object]] | None = None,
    as_of: date = AS_OF,
    assumptions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    return run_end_use(
        {
            "assumptions": valid_on(as_of) if assumptions is None else assumptions,
            "installed": chips,
            "sites": pd.DataFrame(sites or [], columns=SITE_COLUMNS),
            "tenants": pd.DataFrame(tenants or [], columns=TENANT_COLUMNS),
        },
        as_of=as_of,
        seed=3,
    )


def share(used: pd.DataFrame, user: str, quarter: int = 1) -> np.ndarray:
    chosen = used[(used["end_user"] == user) & (used["quarter_start_date"] == QUARTERS[quarter])]
    return chosen.sort_values("draw_id")["share"].to_numpy()


@given(
    total=st.floats(1, 3e6),
    chips=st.lists(st.floats(0, 2e6), min_size=0, max_size=4),
    low=st.floats(0, 1),
    width=st.floats(0, 1),
)
@settings(max_examples=40, deadline=None)
def test_units_add_up_and_shares_add_to_one_in_every_draw(
    total: float, chips: list[float], low: float, width: float
) -> None:
    world = installed(0, total, total, n_draws=25)
    sites = [row for number, count in enumerate(chips) for row in site(f"c{number}", 0, count, count)]
    tenants = [
        row
        for number in range(len(chips))
        for user in ("Anthropic", "other_customers")
        for row in tenant(f"c{number}", user, low, min(1.0, low + width))
    ]
    used = run(world, sites, tenants)
    sums = used.groupby(["quarter_start_date", "draw_id"])[["installed_units", "share"]].sum(min_count=1)
    expected = world.set_index(["quarter_start_date", "draw_id"])["installed_units"]
    np.testing.assert_allclose(sums["installed_units"], expected.loc[sums.index], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(sums["share"].dropna(), 1, rtol=1e-9)
    assert used["installed_units"].min() >= -1e-6
    assert (used["named_units"] <= used["installed_units"] + 1e-6).all()


def test_nothing_installed_has_no_share() -> None:
    used = run(installed(0, 1e6))
    assert used[used["quarter_start_date"] == QUARTERS[0]]["share"].isna().all()


def test_a_named_tenant_gets_its_campus() -> None:
    sites = [*site("rainier", 0, 700_000), *site("ohio", 0, 700_000)]
    used = run(installed(0, 2_500_000), sites, tenant("rainier", "Anthropic", 0.9, 1))
    named = used[(used["end_user"] == "Anthropic") & (used["quarter_start_date"] == QUARTERS[1])]["named_units"]
    assert np.median(named) == pytest.approx(0.95 * 700_000, rel=0.05)
    assert np.median(share(used, "Anthropic")) > 0.95 * 700_000 / 2_500_000


def test_counts_of_campuses_never_exceed_what_is_installed() -> None:
    used = run(installed(0, 500_000), site("rainier", 0, 2_000_000), tenant("rainier", "Anthropic", 0.9, 1))
    assert share(used, "Anthropic").max() <= 1
    assert np.median(share(used, "Anthropic")) > 0.9


def test_more_chips_at_the_campus_of_a_tenant_raise_its_share_and_lower_the_others() -> None:
    def shares(chips: float) -> dict[str, float]:
        used = run(installed(0, 1_400_000), site("rainier", 0, chips), tenant("rainier", "Anthropic", 0.9, 1))
        return {user: float(np.median(share(used, user))) for user in WEIGHTS}

    few, many = shares(300_000), shares(800_000)
    assert many["Anthropic"] > few["Anthropic"] + 0.2
    for user in ("internal", "other_customers", "unallocated"):
        assert many[user] < few[user]


def test_a_tenancy_in_time_moves_the_share_only_in_its_quarters() -> None:
    later = [row for row in tenant("rainier", "Anthropic", 0.9, 1) if row["quarter_start_date"] != QUARTERS[0]]
    used = run(installed(1e6, 1e6, 1e6), site("rainier", 8e5, 8e5, 8e5), later)
    assert np.median(share(used, "Anthropic", 0)) < 0.4
    assert np.median(share(used, "Anthropic", 1)) > 0.75


def test_forecasts_are_wider_than_history() -> None:
    def width(quarter: int) -> float:
        low, high = np.quantile(share(run(installed(1e6, 1e6, 1e6)), "internal", quarter), [0.05, 0.95])
        return float(high - low)

    assert width(2) > width(1) * 1.02
    assert width(1) == pytest.approx(width(0))


def test_the_openai_contract_raises_other_customers_only_once_it_is_known() -> None:
    def other(as_of: date) -> float:
        used = run(installed(0, 0, 1e6, accelerator="Trainium3"), as_of=as_of)
        return float(np.median(share(used, "other_customers", 2)))

    assert other(date(2026, 2, 28)) > 1.3 * other(date(2026, 2, 26))


@pytest.mark.parametrize(
    ("sites", "tenants"),
    [
        (site("rainier", 0, 1, known="2026-12-01"), []),
        (site("rainier", 0, 1), tenant("rainier", "Anthropic", 0, 1, known="2027-01-01")),
    ],
)
def test_later_knowledge_is_refused(sites: list[dict[str, object]], tenants: list[dict[str, object]]) -> None:
    with pytest.raises(LookAheadError):
        run(installed(0, 1e6), sites, tenants)


def test_a_later_assumption_is_refused() -> None:
    with pytest.raises(LookAheadError, match="end-use assumptions"):
        run(installed(0, 1e6), as_of=date(2025, 1, 1), assumptions=valid_on(AS_OF))


def test_an_end_user_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="without a weight"):
        run(installed(0, 1e6), site("rainier", 0, 1), tenant("rainier", "Somebody", 0, 1))


def test_an_accelerator_without_beliefs_is_refused() -> None:
    with pytest.raises(AssumptionError, match="Trainium9"):
        run(installed(0, 1e6, accelerator="Trainium9"))


def test_a_missing_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="every draw needs every quarter"):
        run(installed(0, 1e6).iloc[1:])


def test_nothing_installed_anywhere_gives_nothing() -> None:
    assert run(installed(0, 1e6).head(0)).empty


def test_same_seed_same_result_in_any_order() -> None:
    chips = installed(0, 1e6)
    sites = [*site("a", 0, 3e5), *site("b", 0, 2e5)]
    tenants = [*tenant("a", "Anthropic", 0.2, 0.7), *tenant("b", "internal", 0.1, 0.9)]
    once, twice = run(chips, sites, tenants), run(chips.iloc[::-1], sites[::-1], tenants[::-1])
    pd.testing.assert_frame_equal(once, twice, check_dtype=False)


def test_every_split_has_a_source_a_date_or_says_that_it_is_a_prior() -> None:
    rows = pd.read_csv(Path(__file__).parents[4] / "models" / "assumptions" / "end_use.csv")
    for row in rows.to_dict("records"):
        assert isinstance(row["note"], str)
        if isinstance(row["known_from"], str):
            assert isinstance(row["source_url"], str), row
    weights = rows[rows["parameter"].isin(WEIGHTS.values())]
    assert {(s, p) for s, p in zip(weights["subject"], weights["parameter"], strict=True)} == {
        (subject, parameter) for subject in ("Trainium2", "Trainium3", "TPU") for parameter in WEIGHTS.values()
    }
