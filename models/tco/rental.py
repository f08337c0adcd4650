"""Adapter between the warehouse and the rental market: what an hour costs its owner, and what owning earns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco.assumptions import Assumptions, refuse_look_ahead
from models.tco.distributions import Z95, generator
from models.tco.returns import (
    Decline,
    believed_decline,
    cash_flows,
    fitted_slope,
    internal_rate,
    net_present_value,
    payback_months,
    rent_path,
)
from models.tco.run import ENGINE, KEY, STATISTICS, summary, table
from models.tco.simulate import CostDraws, Simulation, vintages

Array = NDArray[np.float64]

SOLD = "sold_hours_share"
USED = "renter_useful_hours_share"
DECLINE = "rent_log_decline_per_year"
OFFER = ["accelerator_id", "buyer_class", "price_tier", "purchase_model"]
COST_VALUES = ("tco_usd_per_chip_hour", SOLD, "tco_usd_per_sold_chip_hour", USED, "mfu_share")
RETURN_VALUES = ("capex_usd_per_chip", "npv_usd_per_chip", "irr_share_per_year", "payback_months")
DAYS_PER_YEAR = 365.25
# Contracts that keep their rent for so long; the machine is let anew when they end.
CONTRACT_MONTHS = {"reserved_1y": 12, "reserved_3y": 36}


def run_costs(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Cost of a sold hour of each rented system, one row per system, buyer class, vintage and price tier.

    In: frames 'systems' (int_tco__rented_systems: one system per accelerator and vintage) and 'assumptions'. Out: KEY,
    accelerator_id, price_tier, and `_p05/_p50/_p95` of COST_VALUES: cost of an hour [USD], share of hours sold in that
    tier, the one over the other, the share of rented hours a renter makes use of, MFU (NaN where unknown). Tiers are
    those with a `sold/<tier>` assumption row. Sorted by KEY and tier. Raises as `models.tco.run.run`.
    """
    refuse_look_ahead(frames, as_of)
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    chips = dict(zip(frames["systems"]["system_id"], frames["systems"]["accelerator_id"], strict=True))
    rows: list[dict[str, object]] = []
    for draws in simulation.cost_draws(frames["systems"]):
        for subject in simulation.assumptions.subjects(SOLD):
            sold = simulation.drawn(simulation.assumptions.get(subject, SOLD), stream=f"parameter:{SOLD}:{subject}")
            tier = subject.removeprefix("sold/")
            values = {
                "tco_usd_per_chip_hour": draws.tco_usd_per_chip_hour,
                SOLD: sold,
                "tco_usd_per_sold_chip_hour": draws.tco_usd_per_chip_hour / sold,
                USED: simulation.drawn(
                    simulation.assumptions.get(f"renter/{tier}", USED), stream=f"parameter:{USED}:{tier}"
                ),
            }
            if draws.mfu_share is not None:
                values["mfu_share"] = draws.mfu_share
            rows.append(
                {
                    "system_id": draws.system_id,
                    "buyer_class": draws.buyer_class,
                    "assumption_vintage": draws.assumption_vintage,
                    "accelerator_id": chips[draws.system_id],
                    "price_tier": tier,
                    **summary(values, COST_VALUES),
                }
            )
    keys = [*KEY, "accelerator_id", "price_tier"]
    numbers = [f"{value}_{s}" for value in COST_VALUES for s in STATISTICS[:3]]
    return table(rows, keys, numbers).sort_values(keys, ignore_index=True)


def run_returns(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """What a purchase of today earns at today's rent of each offer; one row per OFFER, newest vintage.

    In: frames 'systems' and 'assumptions' as for `run_costs`, 'rents' (OFFER, rent_usd_per_chip_hour: the newest
    price of each), 'prices' (rental prices with accelerator_id, price_tier, provider, series_id, price_date,
    price_usd_per_accelerator_hour). Out: OFFER, system_id, assumption_vintage; the yearly decline of the rent as fitted
    (lowest, mean and highest seller, NaN without one) and as used; RETURN_VALUES as quantiles (a pay-back that never
    comes is NaN; a reservation keeps its rent until it ends); probabilities that the purchase is repaid in its life and
    that it earns more than its cost of capital. An offer whose system has no cost in the newest vintage has no row.
    Sorted by OFFER.
    """
    refuse_look_ahead(frames, as_of)
    simulation = Simulation(Assumptions(frames["assumptions"], ENGINE), seed, n_draws)
    newest = vintages(simulation.assumptions)[-1:]
    costs = {
        (str(chip), draws.buyer_class): draws
        for vintage in newest
        for chip, owned in frames["systems"].groupby("accelerator_id")
        for draws in simulation.cost_draws(owned, only_vintage=vintage)
    }
    slopes = slopes_by_market(frames["prices"], as_of, simulation.assumptions)
    surprise = generator(seed, f"parameter:{DECLINE}").standard_normal(n_draws)
    rows: list[dict[str, object]] = []
    for offer in frames["rents"].sort_values(OFFER).to_dict("records"):
        draws = costs.get((str(offer["accelerator_id"]), str(offer["buyer_class"])))
        if draws is None:
            continue
        tier = str(offer["price_tier"])
        seen = slopes.get((str(offer["accelerator_id"]), tier), np.empty(0))
        decline = _decline(simulation.assumptions, tier, seen)
        sold = simulation.drawn(
            simulation.assumptions.get(f"sold/{tier}", SOLD), stream=f"parameter:{SOLD}:sold/{tier}"
        )
        fall = decline.mean + decline.sd * surprise
        rows.append(
            {
                **{name: str(offer[name]) for name in OFFER},
                "system_id": draws.system_id,
                "assumption_vintage": draws.assumption_vintage,
                "n_fitted_sellers": float(len(seen)),
                "fitted_rent_decline_share_per_year_low": _share(seen.min()) if len(seen) else float("nan"),
                "fitted_rent_decline_share_per_year_mean": _share(seen.mean()) if len(seen) else float("nan"),
                "fitted_rent_decline_share_per_year_high": _share(seen.max()) if len(seen) else float("nan"),
                **summary(
                    {"rent_decline_share_per_year": np.asarray(-np.expm1(-fall))}, ["rent_decline_share_per_year"]
                ),
                **_returns(
                    draws,
                    float(offer["rent_usd_per_chip_hour"]),
                    sold,
                    fall,
                    CONTRACT_MONTHS.get(str(offer["purchase_model"]), 0),
                ),
            }
        )
    numbers = [
        "n_fitted_sellers",
        *(f"fitted_rent_decline_share_per_year_{s}" for s in ("low", "mean", "high")),
        *(f"{value}_{s}" for value in ("rent_decline_share_per_year", *RETURN_VALUES) for s in STATISTICS[:3]),
        "repaid_probability",
        "earns_cost_of_capital_probability",
    ]
    return table(rows, [*OFFER, "system_id", "assumption_vintage"], numbers)


def slopes_by_market(prices: pd.DataFrame, as_of: date, assumptions: Assumptions) -> dict[tuple[str, str], Array]:
    """Yearly fall of the rent in logs, one value per seller, by (accelerator, tier).

    In: prices as for `run_returns`. A series is one seller's price of one machine in one place under one contract; only
    its prices of the last `rent_trend_window_years` count, and only if they span `rent_trend_span_years`. A seller with
    many regions has one vote: the mean of its series. Differences between sellers and places thus do not pass for time.
    """
    window = assumptions.get("*", "rent_trend_window_years").value
    span = assumptions.get("*", "rent_trend_span_years").value
    days = (pd.Timestamp(as_of) - pd.to_datetime(prices["price_date"])).dt.days / DAYS_PER_YEAR
    recent = prices.assign(years=-days)[(days <= window) & (prices["price_usd_per_accelerator_hour"] > 0)]
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for (chip, tier, seller, _), series in recent.groupby(["accelerator_id", "price_tier", "provider", "series_id"]):
        years = series["years"].to_numpy(dtype=np.float64)
        if np.ptp(years) >= span:
            slope = fitted_slope(years, series["price_usd_per_accelerator_hour"].to_numpy(dtype=np.float64))
            found.setdefault((str(chip), str(tier)), {}).setdefault(str(seller), []).append(slope)
    return {market: np.array([np.mean(own) for own in sellers.values()]) for market, sellers in found.items()}


def _decline(assumptions: Assumptions, tier: str, slopes: Array) -> Decline:
    prior = assumptions.find(f"rent/{tier}", DECLINE) or assumptions.get("rent/*", DECLINE)
    return believed_decline(
        slopes,
        Decline(prior.value, (prior.high - prior.low) / (2 * Z95)),
        assumptions.get("*", "rent_decline_between_sellers_sd").value,
        assumptions.get("*", "rent_decline_future_sd").value,
    )


def _share(log_decline: float) -> float:
    return float(-np.expm1(-log_decline))


def _returns(draws: CostDraws, rent: float, sold: Array, fall: Array, contract_months: int) -> dict[str, object]:
    months = int(np.rint(draws.life_years.max() * 12))
    flows = cash_flows(
        rent_path(np.full(len(fall), rent), fall, months, contract_months),
        sold,
        draws.operating_usd_per_chip_hour,
        draws.life_years,
        draws.residual_share * draws.capex_usd_per_chip,
    )
    capex = draws.capex_usd_per_chip
    rate = internal_rate(capex, flows)
    months_to_repay = payback_months(capex, flows)
    found = summary(
        {
            "capex_usd_per_chip": capex,
            "npv_usd_per_chip": net_present_value(capex, flows, draws.wacc_ratio),
            "irr_share_per_year": rate,
        },
        RETURN_VALUES[:3],
    )
    # Order statistics, not interpolated ones: between a month and never there is nothing.
    ordered = np.sort(months_to_repay)
    for name, share in zip(STATISTICS[:3], (0.05, 0.50, 0.95), strict=True):
        month = ordered[int(np.ceil(share * len(ordered))) - 1]
        found[f"payback_months_{name}"] = float(month) if np.isfinite(month) else float("nan")
    return found | {
        "repaid_probability": float(np.mean(np.isfinite(months_to_repay))),
        "earns_cost_of_capital_probability": float(np.mean(rate > draws.wacc_ratio)),
    }
