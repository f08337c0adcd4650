"""The engine: what a vector of beliefs implies for every flow, and which beliefs the evidence leaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from models.volumes.assumptions import AssumptionError, Assumptions, Beliefs, Floats, generator
from models.volumes.evidence import (
    ALL_GENERATIONS,
    check_known,
    months_spoken_of,
    read_statements,
    statements_log_likelihood,
)
from models.volumes.flows import N_MONTHS, delay, lag_kernel, logistic, package_path, walk_latents
from models.volumes.posterior import Effort, effective_draws, sample
from models.volumes.suppliers import (
    base_latent,
    content_subjects,
    contents,
    months_observed,
    revenue_log_likelihood,
    revenue_series,
)
from models.volumes.supply import (
    ceiling_log_likelihood,
    read_site_power,
    site_months,
    site_power_log_likelihood,
)

GENERATIONS = ("Trainium1", "Trainium2", "Trainium3", "Trainium4")


@dataclass(frozen=True)
class SkuFlows:
    """Monthly flows of one SKU, each of shape (draws, months). Scrapped packages never reach a rack."""

    packages: Floats
    racks: Floats
    installed_chips: Floats
    scrapped_packages: Floats


@dataclass(frozen=True)
class Evidence:
    """What was known, as frames. Only statements and revenue are required; an absent frame is a silent signal.

    statements: evidence.read_statements. revenue, revenue_spans: suppliers.revenue_series. controls:
    suppliers.control_index. site_power: supply.read_site_power. Each with known_from.
    """

    statements: pd.DataFrame
    revenue: pd.DataFrame
    revenue_spans: pd.DataFrame
    controls: pd.DataFrame
    site_power: pd.DataFrame

    def check_known(self, as_of: date) -> None:
        """Raise LookAheadError for a row known later than `as_of`."""
        check_known(self.statements, "volume statements", as_of)
        check_known(self.revenue, "supplier revenue", as_of)
        check_known(self.revenue_spans, "supplier revenue of longer spans", as_of)
        check_known(self.controls, "control series", as_of)
        check_known(self.site_power, "site power", as_of)


@dataclass(frozen=True)
class Posterior:
    """Posterior scores of every latent (shape (draws, latents)) and the sampler's own report."""

    names: list[str]
    scores: Floats
    n_effective_draws: float
    n_tempering_steps: int
    acceptance_share: float


def latent_names(assumptions: Assumptions) -> list[str]:
    """Return every latent of the engine, sorted: uncertain assumptions, random walks, supplier bases."""
    tickers = {ticker for ticker, _ in content_subjects(assumptions)}
    walks = [name for generation in GENERATIONS for name in walk_latents(generation)]
    return sorted([*assumptions.latents(), *walks, *(base_latent(ticker) for ticker in tickers)])


def packages_by_generation(beliefs: Beliefs) -> dict[str, Floats]:
    """Return monthly package flows of shape (draws, months) per generation."""
    packages: dict[str, Floats] = {}
    successor_midpoint: Floats | None = None
    for generation in reversed(GENERATIONS):
        packages[generation], successor_midpoint = package_path(beliefs, generation, successor_midpoint)
    return packages


def racked_chips(beliefs: Beliefs, generation: str, packages: Floats) -> Floats:
    """Chips leaving in racks per month: packages delayed and reduced by the assembly yield."""
    kernel = lag_kernel(beliefs.draw(generation, "package_to_rack_lag_months"))
    return delay(packages, kernel) * beliefs.draw(generation, "assembly_yield")[:, None]


def installed_chips(beliefs: Beliefs, generation: str, racked: Floats) -> Floats:
    """Chips installed per month: racked chips delayed."""
    return delay(racked, lag_kernel(beliefs.draw(generation, "rack_to_installed_lag_months")))


def sku_flows(beliefs: Beliefs, skus: pd.DataFrame) -> Iterator[tuple[str, SkuFlows]]:
    """Split the generations into SKUs (frame sku_id, generation) and follow them to racks and installed chips.

    Yields SKU by SKU, so that many draws need not be held for all SKUs at once.
    """
    for generation, packages in packages_by_generation(beliefs).items():
        sku_ids = sorted(skus.loc[skus["generation"] == generation, "sku_id"])
        assembly_yield = beliefs.draw(generation, "assembly_yield")[:, None]
        to_rack = lag_kernel(beliefs.draw(generation, "package_to_rack_lag_months"))
        to_hall = lag_kernel(beliefs.draw(generation, "rack_to_installed_lag_months"))
        for sku_id, share in sku_shares(beliefs, sku_ids).items():
            sku_packages = packages * share
            racked = delay(sku_packages, to_rack) * assembly_yield
            yield (
                sku_id,
                SkuFlows(
                    sku_packages,
                    racked / beliefs.value(sku_id, "chips_per_rack"),
                    delay(racked, to_hall),
                    sku_packages * (1 - assembly_yield),
                ),
            )


def sku_shares(beliefs: Beliefs, sku_ids: list[str]) -> dict[str, Floats]:
    """Return each SKU's share of its generation's packages, shape (draws, months); the shares of a month sum to 1.

    share = weight * logistic take-up from the SKU's midpoint, zero before its first month, divided by the sum.
    Before any SKU of the list starts, all shares are zero.
    """
    if not sku_ids:
        raise AssumptionError("a generation has no SKU; list at least one so that its packages have somewhere to go")
    months = np.arange(N_MONTHS, dtype=np.float64)[:, None]
    scale = beliefs.value("inference", "share_ramp_scale_months")
    weights = {}
    for sku_id in sku_ids:
        taken_up = logistic((months - beliefs.value(sku_id, "share_midpoint_month")) / scale)
        weight = beliefs.draw(sku_id, "share_weight") * taken_up
        weights[sku_id] = np.where(months >= beliefs.value(sku_id, "first_month"), weight, 0.0)
    total: Floats = np.sum(list(weights.values()), axis=0)
    return {s: np.divide(w, total, out=np.zeros_like(total), where=total > 0).T for s, w in weights.items()}


def infer(assumptions: Assumptions, evidence: Evidence, as_of: date, seed: int, n_draws: int) -> Posterior:
    """Infer the latents from what was known on `as_of`. Returns `n_draws` joint draws.

    Raises LookAheadError for rows known later than `as_of`, AssumptionError for a missing belief, ValueError for an
    unknown generation, NoPosteriorError when nothing in the prior explains the evidence.
    """
    evidence.check_known(as_of)
    unknown = set(evidence.statements["generation"]) - {*GENERATIONS, ALL_GENERATIONS}
    if unknown:
        raise ValueError(f"volume statements name unknown generations {sorted(unknown)}; known are {GENERATIONS}")

    names = latent_names(assumptions)
    statements = read_statements(evidence.statements)
    sites = read_site_power(evidence.site_power)
    series = revenue_series(evidence.revenue, assumptions, evidence.revenue_spans, evidence.controls)
    months_installed = max(months_spoken_of(statements), site_months(sites))
    months_billed = months_observed(series)

    def log_likelihood(scores: Floats) -> Floats:
        beliefs = Beliefs(assumptions, names, scores)
        packages = packages_by_generation(beliefs)
        billed = {g: flows[:, :months_billed] for g, flows in packages.items()}
        racked = {
            g: racked_chips(beliefs, g, flows[:, : max(months_installed, months_billed)])
            for g, flows in packages.items()
        }
        installed = {g: installed_chips(beliefs, g, flows[:, :months_installed]) for g, flows in racked.items()}
        racks_billed = {g: flows[:, :months_billed] for g, flows in racked.items()}
        return (
            revenue_log_likelihood(series, billed, racks_billed, contents(beliefs), beliefs)
            + statements_log_likelihood(statements, packages, racked, installed, beliefs)
            + site_power_log_likelihood(sites, installed, beliefs)
            + ceiling_log_likelihood(packages, beliefs)
        )

    effort = Effort(
        prior_draws=int(assumptions.value("inference", "prior_draws")),
        n_draws=n_draws,
        min_effective_share=assumptions.value("inference", "min_effective_share"),
        moves_per_step=int(assumptions.value("inference", "moves_per_step")),
        final_moves=int(assumptions.value("inference", "final_moves")),
    )
    drawn = sample(log_likelihood, len(names), effort, generator(seed, "volumes"))
    packages = packages_by_generation(Beliefs(assumptions, names, drawn.scores))
    return Posterior(
        names,
        drawn.scores,
        min(effective_draws(np.log1p(flows.sum(axis=1)), drawn.ancestor) for flows in packages.values()),
        drawn.n_steps,
        drawn.acceptance_share,
    )
