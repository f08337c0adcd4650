"""The packaging ceiling, site power, the control index and suppliers' shares over time."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from models.volumes.assumptions import Assumptions, Beliefs
from models.volumes.flows import N_MONTHS
from models.volumes.suppliers import contents, control_index, revenue_series
from models.volumes.supply import (
    ceiling_log_likelihood,
    cowos_wafers,
    read_site_power,
    site_power_log_likelihood,
    wafers_needed,
)


def test_seventy_thousand_wafers_are_one_point_two_million_trainium2(assumptions: pd.DataFrame) -> None:
    """The one pair of figures on file that ties wafers to packages."""
    per_wafer = Assumptions(assumptions).value("Trainium2", "packages_per_cowos_wafer")
    assert 70_000 * per_wafer == pytest.approx(1_200_000, rel=0.005)


def test_capacity_of_a_year_lies_between_its_ends(prior: Callable[[int], Beliefs]) -> None:
    beliefs = prior(50)
    wafers = cowos_wafers(beliefs)
    ends = [beliefs.draw("cowos", f"capacity_{year}_end_wafers_per_month") for year in (2024, 2025)]
    assert wafers.shape == (50, N_MONTHS // 12)
    assert wafers[:, 2] == pytest.approx(6 * (ends[0] + ends[1]))


def test_the_ceiling_is_silent_below_and_soft_above(prior: Callable[[int], Beliefs]) -> None:
    beliefs = prior(20)
    wafers = cowos_wafers(beliefs) * beliefs.draw("cowos", "aws_share_ceiling")[:, None]
    per_month = np.repeat(wafers / 12, 12, axis=1)
    full = {"Trainium2": per_month * beliefs.draw("Trainium2", "packages_per_cowos_wafer")[:, None]}
    assert wafers_needed(beliefs, full) == pytest.approx(wafers)
    below, a_little, far = (
        ceiling_log_likelihood({"Trainium2": scale * full["Trainium2"]}, beliefs) for scale in (0.99, 1.1, 2.0)
    )
    assert (below == 0).all()
    assert (a_little < 0).all()
    assert (a_little > -0.5).all()
    assert (far < -10).all()


def test_a_muted_family_says_nothing(assumptions: pd.DataFrame) -> None:
    muted = assumptions.copy()
    muted.loc[muted["parameter"] == "weight", "value"] = 0
    table = Assumptions(muted)
    beliefs = Beliefs(table, table.latents(), np.zeros((3, len(table.latents()))))
    flows = {g: np.full((3, N_MONTHS), 1e9) for g in ("Trainium2", "Trainium3")}
    sites = read_site_power(sites_of(900.0))
    assert (ceiling_log_likelihood(flows, beliefs) == 0).all()
    assert (site_power_log_likelihood(sites, flows, beliefs) == 0).all()


def sites_of(it_power_mw: float, day: str = "2025-12-31") -> pd.DataFrame:
    return pd.DataFrame(
        [("seen", day, it_power_mw, "satellite")],
        columns=["observation_id", "observed_date", "it_power_mw", "root_id"],
    )


def test_site_power_is_chips_times_watts(assumptions: pd.DataFrame) -> None:
    table = Assumptions(assumptions)
    beliefs = Beliefs(table, table.latents(), np.zeros((1, len(table.latents()))))
    lag = beliefs.draw("site_power", "fill_lag_months")[0]
    chips = 1_000_000.0
    installed = {g: np.zeros((1, N_MONTHS)) for g in ("Trainium2", "Trainium3")}
    installed["Trainium2"][0, 10] = chips
    at_sites = beliefs.draw("site_power", "share_of_chips_at_sites")[0] / beliefs.draw("site_power", "filled_share")[0]
    power = chips * 871 * at_sites / 1e6
    fits = [
        site_power_log_likelihood(read_site_power(sites_of(mw)), installed, beliefs)[0]
        for mw in (0.8 * power, power, 1.25 * power)
    ]
    assert fits[1] == max(fits)
    assert lag == pytest.approx(2.0)


def test_site_power_outside_the_window_is_left_out() -> None:
    assert read_site_power(sites_of(900.0, "2022-06-30")) == []
    assert read_site_power(sites_of(0.0)) == []


def test_control_series_are_laid_over_the_longest() -> None:
    months = pd.period_range("2023-01", "2024-12", freq="M").astype(str)
    nvidia = pd.DataFrame({"series": "NVDA", "revenue_month": months, "value": 100.0 * 2 ** (np.arange(24) / 12)})
    # In other units, one common month, and beyond the end of the first; a third one shares no month.
    quanta = pd.DataFrame({"series": "2382", "revenue_month": ["2024-12", "2025-12"], "value": [50.0, 200.0]})
    alone = pd.DataFrame({"series": "2317", "revenue_month": ["2026-12"], "value": [1e9]})
    index = control_index(pd.concat([quanta, alone, nvidia]))
    assert np.exp(index[12] - index[0]) == pytest.approx(2)
    assert np.exp(index[35] - index[23]) == pytest.approx(4)
    assert np.exp(index[29] - index[23]) == pytest.approx(2)  # half way, in the log
    assert (index[36:] == index[35]).all()
    assert (control_index(nvidia.iloc[:0]) == 0).all()


def test_a_share_moves_to_its_later_value(prior: Callable[[int], Beliefs]) -> None:
    beliefs = prior(40)
    own = next(c for c in contents(beliefs) if (c.ticker, c.generation) == ("3661", "Trainium3"))
    change = int(beliefs.value("3661/Trainium3", "volume_share_change_month"))
    assert own.volume_share[:, change] == pytest.approx(beliefs.draw("3661/Trainium3", "volume_share"))
    assert own.volume_share[:, change + 12] == pytest.approx(beliefs.draw("3661/Trainium3", "volume_share_later"))
    constant = next(c for c in contents(beliefs) if (c.ticker, c.generation) == ("2345", "Trainium2"))
    assert (constant.volume_share == constant.volume_share[:, :1]).all()


def test_base_months_known_only_as_a_sum_are_a_base(assumptions: pd.DataFrame) -> None:
    table = Assumptions(assumptions)
    months = ["2026-06", "2026-07", "2026-08"]
    revenue = pd.DataFrame({"ticker": "2059", "revenue_month": months, "revenue_twd_thousand": [4.4e6, 6.4e6, 6.5e6]})
    assert revenue_series(revenue, table) == []
    rest = pd.DataFrame(
        {
            "ticker": ["2059"],
            "months": ["2026-01;2026-02;2026-03;2026-04;2026-05"],
            "revenue_twd_thousand": [11.8e6],
            "revenue_usd_m": [np.nan],
        }
    )
    (one,) = revenue_series(revenue, table, rest)
    assert one.base_per_month == pytest.approx(11.8e6 / 5)
    assert not one.is_usd
    assert one.spans.sum(axis=0).tolist() == [5, 1, 1, 1]
    # Five months together are one observation, as a quarter of months is.
    assert one.weight.tolist() == pytest.approx([0.99, 0.33, 0.33, 0.33])


def test_months_before_the_window_are_left_out(assumptions: pd.DataFrame) -> None:
    table = Assumptions(assumptions)
    quarters = pd.DataFrame(
        {
            "ticker": "MRVL",
            "months": ["2022-11;2022-12;2023-01", "2023-02;2023-03;2023-04", "2024-05;2024-06;2024-07"],
            "revenue_twd_thousand": np.nan,
            "revenue_usd_m": [1400.0, 1300.0, 1270.0],
        }
    )
    none = pd.DataFrame(columns=["ticker", "revenue_month", "revenue_twd_thousand"])
    (one,) = revenue_series(none, table, quarters)
    assert one.is_usd
    assert np.exp(one.log_revenue).tolist() == pytest.approx([1300, 1270])
    assert np.flatnonzero(one.spans[:, 0]).tolist() == [1, 2, 3]
