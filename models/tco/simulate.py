"""Joint draws of the cost of a chip-hour: one call per build, all systems, vintages and buyer classes.

Paired by construction: the price level of the industry, rates, electricity and ratios are drawn once per draw and used
by every system; prices, power and MFU also have a part of their own. What two systems share cancels in their ratio, so
a comparison may only be read from draws with the same draw_id, never from two intervals.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco import cost
from models.tco.assumptions import AssumptionError, Assumptions, Belief
from models.tco.distributions import Z95, draw, generator, log_sigma

Array = NDArray[np.float64]
Row = Mapping[Hashable, Any]

# How a figure of each capex basis becomes the all-in cost per chip: the assumption ratios it is multiplied by.
CAPEX_LADDER: dict[str, tuple[str, ...]] = {
    "published_bom": ("all_in_to_server_price_ratio",),
    "published_all_in": (),
    "server_price": ("all_in_to_server_price_ratio",),
    "list_server_price": ("contract_to_list_price_ratio", "all_in_to_server_price_ratio"),
    "chip_price": ("all_in_to_chip_price_ratio",),
    "list_chip_price": ("contract_to_list_price_ratio", "all_in_to_chip_price_ratio"),
    "inverse_tco": (),
    "prior_bound": (),
}

SHORTCUT_PARAMETER = "opex_usd_per_kw_month"
BUILD_UP_PARAMETERS = (
    "electricity_usd_per_kwh",
    "power_utilisation_ratio",
    "pue_ratio",
    "colo_usd_per_kw_month",
    "other_opex_usd_per_kw_month",
)
FINANCE_PARAMETERS = ("wacc_ratio", "life_years", "residual_share", "capex_multiple_ratio", "utilisation_share")


@dataclass(frozen=True)
class CostDraws:
    """Draws of one system, vintage and buyer class; every array has shape (n_draws,), money in USD."""

    system_id: str
    assumption_vintage: str
    buyer_class: str
    capex_usd_per_chip: Array
    capital_usd_per_chip_hour: Array
    operating_usd_per_chip_hour: Array
    utilisation_share: Array
    mfu_share: Array | None

    @property
    def tco_usd_per_chip_hour(self) -> Array:
        """Capital plus operating cost of an hour, busy or not."""
        return self.capital_usd_per_chip_hour + self.operating_usd_per_chip_hour


def vintages(assumptions: Assumptions) -> list[str]:
    """Assumption vintages known, oldest first."""
    names = assumptions.subjects("price_cutoff_year")
    return sorted(names, key=lambda name: assumptions.get(name, "price_cutoff_year").value)


def buyer_classes(assumptions: Assumptions, vintage: str) -> list[str]:
    """Buyer classes of a vintage, sorted."""
    prefix = f"{vintage}/"
    return [s.removeprefix(prefix) for s in assumptions.subjects("wacc_ratio") if s.startswith(prefix)]


class Simulation:
    """Draws for the rows of the system frame under one set of assumptions."""

    def __init__(self, assumptions: Assumptions, seed: int, n_draws: int) -> None:
        self.assumptions = assumptions
        self.seed = seed
        self.n_draws = n_draws
        self._price_level = generator(seed, "price_level").standard_normal(n_draws)
        self._correlation = assumptions.get("*", "price_correlation").value

    def cost_draws(self, systems: pd.DataFrame, only_vintage: str | None = None) -> Iterator[CostDraws]:
        """Yield the draws of every (system, vintage, buyer class), in the order of the sorted frame.

        `systems`: one row per system and vintage with system_id, accelerator_id, family, assumption_vintage,
        capex_basis, price_usd_per_chip (price_low_usd_per_chip, price_high_usd_per_chip),
        published_tco_usd_per_chip_hour, power_kw_per_chip, power_basis, mfu_subject. Raises AssumptionError for a basis
        or a parameter without a row.
        """
        ordered = systems.sort_values(["assumption_vintage", "system_id"], kind="stable")
        known = set(vintages(self.assumptions))
        for row in ordered.to_dict("records"):
            vintage = str(row["assumption_vintage"])
            if vintage not in known or (only_vintage is not None and vintage != only_vintage):
                continue
            capex = self._capex(row, vintage)
            power = self._power(row)
            mfu = self._mfu(row)
            for buyer in buyer_classes(self.assumptions, vintage):
                rates = {p: self._rate(vintage, buyer, p) for p in FINANCE_PARAMETERS}
                paid = capex * rates["capex_multiple_ratio"]
                yield CostDraws(
                    system_id=str(row["system_id"]),
                    assumption_vintage=vintage,
                    buyer_class=buyer,
                    capex_usd_per_chip=paid,
                    capital_usd_per_chip_hour=cost.capital_usd_per_hour(
                        paid, rates["wacc_ratio"], rates["life_years"], rates["residual_share"]
                    ),
                    operating_usd_per_chip_hour=cost.operating_usd_per_hour(power, self._opex(vintage, buyer)),
                    utilisation_share=rates["utilisation_share"],
                    mfu_share=mfu,
                )

    def central_capex_from_tco(self, published_tco: float, power_kw: float, vintage: str) -> float:
        """All-in capex [USD per chip] implied by a published hyperscaler TCO at the vintage's central assumptions.

        Central, not per draw: inverting with the same draws would give back the published TCO without any spread.
        """
        subject = f"{vintage}/hyperscaler"
        operating = cost.operating_usd_per_hour(power_kw, self.assumptions.get(subject, SHORTCUT_PARAMETER).value)
        wacc, life, residual = (
            self.assumptions.get(subject, p).value for p in ("wacc_ratio", "life_years", "residual_share")
        )
        return float(cost.capex_from_tco(published_tco, operating, wacc, life, residual))

    def _capex(self, row: Row, vintage: str) -> Array:
        basis = str(row["capex_basis"])
        if basis not in CAPEX_LADDER:
            raise AssumptionError(f"{row['system_id']}: capex basis '{basis}' is unknown to CAPEX_LADDER.")
        low, high = _number(row["price_low_usd_per_chip"]), _number(row["price_high_usd_per_chip"])
        if basis == "inverse_tco":
            median = self.central_capex_from_tco(
                _number(row["published_tco_usd_per_chip_hour"]), _number(row["power_kw_per_chip"]), vintage
            )
        else:
            median = _number(row["price_usd_per_chip"])
        sigma = self._half_width_sigma(f"capex/{basis}")
        if low < high:
            sigma = max(sigma, log_sigma(low, high))
        own = generator(self.seed, f"price:{row['accelerator_id']}").standard_normal(self.n_draws)
        shared = np.sqrt(self._correlation) * self._price_level + np.sqrt(1 - self._correlation) * own
        capex: Array = median * np.exp(sigma * shared)
        for parameter in CAPEX_LADDER[basis]:
            belief = self.assumptions.find(str(row["family"]), parameter) or self.assumptions.get("*", parameter)
            capex = capex * self._draw(belief)
        return capex

    def _power(self, row: Row) -> Array:
        sigma = self._half_width_sigma(f"power/{row['power_basis']}")
        own = generator(self.seed, f"power:{row['accelerator_id']}").standard_normal(self.n_draws)
        return np.asarray(_number(row["power_kw_per_chip"]) * np.exp(sigma * own))

    def _mfu(self, row: Row) -> Array | None:
        if pd.isna(row["mfu_subject"]):
            return None
        belief = self.assumptions.get(str(row["mfu_subject"]), "mfu_dense_bf16_share")
        # One software stack per family: its chips' MFU move together.
        return draw(belief, self.seed, self.n_draws, stream=f"mfu:{row['family']}")

    def _opex(self, vintage: str, buyer: str) -> Array:
        if self.assumptions.find(f"{vintage}/{buyer}", SHORTCUT_PARAMETER) is not None:
            return self._rate(vintage, buyer, SHORTCUT_PARAMETER)
        return cost.opex_usd_per_kw_month(*(self._rate(vintage, buyer, p) for p in BUILD_UP_PARAMETERS))

    def _rate(self, vintage: str, buyer: str, parameter: str) -> Array:
        return self._draw(self.assumptions.get(f"{vintage}/{buyer}", parameter))

    def _draw(self, belief: Belief) -> Array:
        return draw(belief, self.seed, self.n_draws)

    def _half_width_sigma(self, subject: str) -> float:
        return float(np.log1p(self.assumptions.get(subject, "relative_half_width_share").value) / Z95)


def _number(value: Any) -> float:
    return float("nan") if pd.isna(value) else float(value)
