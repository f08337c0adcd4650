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
from models.tco.build_up import NONSERVER_COMPONENTS, OTHER_OPERATING_COMPONENTS, capital_shares, operating_shares
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

# Price evidence that states the server (or rack) itself, so that its part of the total is published, not a ratio.
SERVER_PRICED = ("published_bom", "server_price")
SERVER_RATIO = "all_in_to_server_price_ratio"

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
    """Draws of one system, vintage and buyer class; every array has shape (n_draws,), money in USD.

    The shares by component add up to one in each draw: capital_shares split the purchase, operating_shares the running.
    """

    system_id: str
    assumption_vintage: str
    buyer_class: str
    capex_usd_per_chip: Array
    capital_usd_per_chip_hour: Array
    operating_usd_per_chip_hour: Array
    utilisation_share: Array
    mfu_share: Array | None
    power_kw: Array
    wacc_ratio: Array
    life_years: Array
    residual_share: Array
    capital_shares: Mapping[str, Array]
    operating_shares: Mapping[str, Array]

    @property
    def tco_usd_per_chip_hour(self) -> Array:
        """Capital plus operating cost of an hour, busy or not."""
        return self.capital_usd_per_chip_hour + self.operating_usd_per_chip_hour

    def capex_by_component(self) -> dict[str, Array]:
        """USD per chip of each capital component; they add up to capex_usd_per_chip."""
        return {name: self.capex_usd_per_chip * share for name, share in self.capital_shares.items()}

    def hourly_by_component(self) -> dict[str, Array]:
        """USD per chip-hour of each component, capital then operating; they add up to tco_usd_per_chip_hour."""
        return {
            **{name: self.capital_usd_per_chip_hour * share for name, share in self.capital_shares.items()},
            **{name: self.operating_usd_per_chip_hour * share for name, share in self.operating_shares.items()},
        }


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
        self._drawn: dict[tuple[Belief, str | None], Array] = {}

    def cost_draws(self, systems: pd.DataFrame, only_vintage: str | None = None) -> Iterator[CostDraws]:
        """Yield the draws of every (system, vintage, buyer class), in the order of the sorted frame.

        `systems`: one row per system and vintage with system_id, accelerator_id, family, assumption_vintage,
        capex_basis, price_usd_per_chip (price_low_usd_per_chip, price_high_usd_per_chip),
        published_server_share, published_tco_usd_per_chip_hour, power_kw_per_chip, power_basis, mfu_subject. Raises
        AssumptionError for a basis or a parameter without a row.
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
            parts = self._capital_shares(row)
            for buyer in buyer_classes(self.assumptions, vintage):
                rates = {p: self.rate(vintage, buyer, p) for p in FINANCE_PARAMETERS}
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
                    power_kw=power,
                    wacc_ratio=rates["wacc_ratio"],
                    life_years=rates["life_years"],
                    residual_share=rates["residual_share"],
                    capital_shares=parts,
                    operating_shares=self._operating_shares(vintage, buyer),
                )

    def rate(self, vintage: str, buyer: str, parameter: str) -> Array:
        """Draws of one parameter of a vintage and buyer class; raises AssumptionError where it has no row."""
        return self.drawn(self.assumptions.get(f"{vintage}/{buyer}", parameter))

    def drawn(self, belief: Belief, stream: str | None = None) -> Array:
        """Draws of one belief, made once and read-only from then on: thousands of system rows share them."""
        if (belief, stream) not in self._drawn:
            values = draw(belief, self.seed, self.n_draws, stream)
            values.flags.writeable = False
            self._drawn[belief, stream] = values
        return self._drawn[belief, stream]

    def has_published_opex(self, vintage: str, buyer: str) -> bool:
        """True where one published band per kW stands for the whole operating cost, so that its parts are a split."""
        return self.assumptions.find(f"{vintage}/{buyer}", SHORTCUT_PARAMETER) is not None

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
            capex = capex * self.drawn(belief)
        return capex

    def _capital_shares(self, row: Row) -> dict[str, Array]:
        published = _number(row["published_server_share"])
        if published > 0:
            server = np.full(self.n_draws, published)
        else:
            # The same draws as in CAPEX_LADDER: the server's part is then exactly the price the evidence states.
            server = 1.0 / self.drawn(self.assumptions.get("*", SERVER_RATIO))
        return capital_shares(server, self._weights(NONSERVER_COMPONENTS, "nonserver_capex_weight_ratio"))

    def _operating_shares(self, vintage: str, buyer: str) -> dict[str, Array]:
        price, drawn, pue, rent, other = (self.rate(vintage, buyer, p) for p in BUILD_UP_PARAMETERS)
        return operating_shares(
            cost.electricity_usd_per_kw_month(price, drawn, pue),
            rent,
            other,
            self._weights(OTHER_OPERATING_COMPONENTS, "other_opex_weight_ratio"),
        )

    def _weights(self, components: tuple[str, ...], parameter: str) -> dict[str, Array]:
        # A stream each: parts that rose and fell together would have no uncertainty in their shares.
        return {
            name: self.drawn(self.assumptions.get(f"component/{name}", parameter), stream=f"weight:{name}")
            for name in components
        }

    def _power(self, row: Row) -> Array:
        sigma = self._half_width_sigma(f"power/{row['power_basis']}")
        own = generator(self.seed, f"power:{row['accelerator_id']}").standard_normal(self.n_draws)
        return np.asarray(_number(row["power_kw_per_chip"]) * np.exp(sigma * own))

    def _mfu(self, row: Row) -> Array | None:
        if pd.isna(row["mfu_subject"]):
            return None
        belief = self.assumptions.get(str(row["mfu_subject"]), "mfu_dense_bf16_share")
        # One software stack per family: its chips' MFU move together.
        return self.drawn(belief, stream=f"mfu:{row['family']}")

    def _opex(self, vintage: str, buyer: str) -> Array:
        if self.has_published_opex(vintage, buyer):
            return self.rate(vintage, buyer, SHORTCUT_PARAMETER)
        return cost.opex_usd_per_kw_month(*(self.rate(vintage, buyer, p) for p in BUILD_UP_PARAMETERS))

    def _half_width_sigma(self, subject: str) -> float:
        return float(np.log1p(self.assumptions.get(subject, "relative_half_width_share").value) / Z95)


def _number(value: Any) -> float:
    return float("nan") if pd.isna(value) else float(value)
