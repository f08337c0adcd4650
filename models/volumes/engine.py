"""The inference: prior paths, evidence, resampling, and the split into system SKUs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from models.volumes.assumptions import AssumptionError, Assumptions, Floats, generator
from models.volumes.evidence import (
    ALL_GENERATIONS,
    Content,
    check_known,
    contents,
    revenue_log_likelihood,
    statements_log_likelihood,
)
from models.volumes.flows import N_MONTHS, delay, lag_kernel, logistic, package_paths
from models.volumes.resample import resample

GENERATIONS = ("Trainium1", "Trainium2", "Trainium3", "Trainium4")


@dataclass(frozen=True)
class SkuFlows:
    """Monthly flows of one SKU, each of shape (draws, months)."""

    packages: Floats
    racks: Floats
    installed_chips: Floats


@dataclass(frozen=True)
class Posterior:
    """Equal-weight joint draws of monthly flows and of supplier contents, and how well they are supported."""

    packages: Mapping[str, Floats]
    skus: Mapping[str, SkuFlows]
    contents: list[Content]
    n_effective_draws: float
    tempering_ratio: float


def infer(
    assumption_rows: pd.DataFrame,
    skus: pd.DataFrame,
    statements: pd.DataFrame,
    revenue: pd.DataFrame,
    as_of: date,
    seed: int,
    n_draws: int,
) -> Posterior:
    """Infer Trainium volumes from what was known on `as_of`.

    `assumption_rows`: one row per (subject, parameter) as in models/assumptions/volumes.csv. `skus`: sku_id,
    generation. `statements`: published unit counts (see evidence.statements_log_likelihood) with known_from.
    `revenue`: suppliers' monthly revenue (see evidence.revenue_log_likelihood) with known_from.

    Returns `n_draws` joint draws. Raises LookAheadError for rows known later than `as_of`, AssumptionError for a
    missing belief, NoPosteriorError when nothing in the prior explains the evidence.
    """
    check_known(statements, "volume statements", as_of)
    check_known(revenue, "supplier revenue", as_of)
    dated = assumption_rows[assumption_rows["known_from"].notna()]
    check_known(dated, "volume assumptions", as_of)
    unknown = set(statements["generation"]) - {*GENERATIONS, ALL_GENERATIONS}
    if unknown:
        raise ValueError(f"volume statements name unknown generations {sorted(unknown)}; known are {GENERATIONS}")

    assumptions = Assumptions.from_frame(assumption_rows, seed)
    n_prior = int(assumptions.value("inference", "prior_draws"))
    packages: dict[str, Floats] = {}
    successor_midpoint: Floats | None = None
    for generation in reversed(GENERATIONS):
        packages[generation], successor_midpoint = package_paths(
            assumptions, generation, successor_midpoint, n_prior, seed
        )
    package_to_rack = {g: assumptions.sample(g, "package_to_rack_lag_months", n_prior) for g in GENERATIONS}
    rack_to_installed = {g: assumptions.sample(g, "rack_to_installed_lag_months", n_prior) for g in GENERATIONS}
    assembly_yield = {g: assumptions.sample(g, "assembly_yield", n_prior) for g in GENERATIONS}

    def racked(generation: str, flows: Floats, rows: slice | np.ndarray = slice(None)) -> Floats:
        kernel = lag_kernel(package_to_rack[generation][rows])
        return delay(flows, kernel) * assembly_yield[generation][rows, None]

    def installed(generation: str, racked_chips: Floats, rows: slice | np.ndarray = slice(None)) -> Floats:
        return delay(racked_chips, lag_kernel(rack_to_installed[generation][rows]))

    supplier_contents = contents(assumptions, n_prior)
    log_likelihood = revenue_log_likelihood(revenue, packages, supplier_contents, assumptions, seed)
    if not statements.empty:
        landed = {g: installed(g, racked(g, flows)) for g, flows in packages.items()}
        log_likelihood += statements_log_likelihood(statements, packages, landed, assumptions)
    chosen = resample(
        log_likelihood,
        n_draws,
        assumptions.value("inference", "min_effective_draws"),
        generator(seed, "resample"),
    )
    keep = chosen.index

    flows_by_sku: dict[str, SkuFlows] = {}
    for generation in GENERATIONS:
        kept = packages[generation][keep]
        shares = sku_shares(assumptions, sorted(skus.loc[skus["generation"] == generation, "sku_id"]), n_draws)
        for sku_id, share in shares.items():
            sku_packages = kept * share
            sku_racked = racked(generation, sku_packages, keep)
            flows_by_sku[sku_id] = SkuFlows(
                sku_packages,
                sku_racked / assumptions.value(sku_id, "chips_per_rack"),
                installed(generation, sku_racked, keep),
            )
    return Posterior(
        packages={g: packages[g][keep] for g in GENERATIONS},
        skus=flows_by_sku,
        contents=[
            replace(
                c,
                content_usd_per_unit=c.content_usd_per_unit[keep],
                volume_share=c.volume_share[keep],
                billing_lag_months=c.billing_lag_months[keep],
            )
            for c in supplier_contents
        ],
        n_effective_draws=chosen.n_effective_draws,
        tempering_ratio=chosen.tempering_ratio,
    )


def sku_shares(assumptions: Assumptions, sku_ids: list[str], n_draws: int) -> dict[str, Floats]:
    """Draw each SKU's share of its generation's packages, shape (draws, months); the shares of a month sum to 1.

    share = weight * logistic take-up from the SKU's midpoint, zero before its first month, divided by the sum.
    Before any SKU of the list starts, all shares are zero.
    """
    months = np.arange(N_MONTHS, dtype=np.float64)[None, :]
    scale = assumptions.value("inference", "share_ramp_scale_months")
    weights = {}
    for sku_id in sku_ids:
        weight = assumptions.sample(sku_id, "share_weight", n_draws)[:, None]
        taken_up = logistic((months - assumptions.value(sku_id, "share_midpoint_month")) / scale)
        weights[sku_id] = np.where(months >= assumptions.value(sku_id, "first_month"), weight * taken_up, 0.0)
    if not weights:
        raise AssumptionError("a generation has no SKU; list at least one so that its packages have somewhere to go")
    total: Floats = np.sum(list(weights.values()), axis=0)
    return {s: np.divide(w, total, out=np.zeros_like(total), where=total > 0) for s, w in weights.items()}
