"""The door to the volumes engine: frames in, draws out.

`run_posterior` infers; `run_volumes` and `run_suppliers` read what it left, so that draw_id joins them. `run` is the
first two in one call.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from models.volumes.assumptions import AssumptionError, Assumptions, Beliefs
from models.volumes.engine import infer, latent_names, packages_by_generation, sku_flows
from models.volumes.evidence import check_known, contents
from models.volumes.flows import N_QUARTERS, by_quarter, quarter_starts

Frames = Mapping[str, pd.DataFrame]


def run(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Infer from assumptions, statements and revenue and return what run_volumes returns."""
    return run_volumes({**frames, "posterior": run_posterior(frames, as_of, seed, n_draws)})


def run_posterior(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Infer the latents behind Trainium volumes from what was known on `as_of`.

    `frames`: assumptions (one row per parameter, with known_from), statements and revenue as engine.infer takes them.
    Returns one row per draw and latent: draw_id, latent, score (standard normal before the evidence, so the mean says
    how far the evidence moved the belief), and, equal in every row, n_effective_draws, n_tempering_steps and
    acceptance_share of the sampler. Raises what engine.infer raises.
    """
    rows = frames["assumptions"]
    check_known(rows[rows["known_from"].notna()], "volume assumptions", as_of)
    posterior = infer(Assumptions(rows), frames["statements"], frames["revenue"], as_of, seed, n_draws)
    return pd.DataFrame(
        {
            "draw_id": np.repeat(np.arange(n_draws, dtype=np.int32), len(posterior.names)),
            "latent": np.tile(np.array(posterior.names, dtype=object), n_draws),
            "score": posterior.scores.ravel(),
            "n_effective_draws": posterior.n_effective_draws,
            "n_tempering_steps": posterior.n_tempering_steps,
            "acceptance_share": posterior.acceptance_share,
        }
    )


def run_volumes(frames: Frames) -> pd.DataFrame:
    """Return Trainium flows per SKU, quarter and posterior draw.

    `frames`: assumptions, posterior (of run_posterior) and skus (sku_id, generation). Returns sku_id,
    quarter_start_date, draw_id, package_units, rack_units, installed_chip_units: flows in the quarter, 2023Q1 to
    2028Q4, as fractional units.
    """
    beliefs = _beliefs(frames)
    return pd.concat(
        [
            _long(
                beliefs.n_draws,
                {"sku_id": sku_id},
                {
                    "package_units": by_quarter(flows.packages),
                    "rack_units": by_quarter(flows.racks),
                    "installed_chip_units": by_quarter(flows.installed_chips),
                },
            )
            for sku_id, flows in sorted(sku_flows(beliefs, frames["skus"]).items())
        ],
        ignore_index=True,
    )


def run_suppliers(frames: Frames) -> pd.DataFrame:
    """Return what each supplier with a content assumption earns on Trainium, per generation, quarter and draw.

    Takes the frames of run_volumes. Returns ticker, generation, content_unit (package | rack), quarter_start_date,
    draw_id, content_usd_per_unit, billed_units (units the supplier bills for in the quarter) and
    implied_revenue_usd_m.
    """
    beliefs = _beliefs(frames)
    packages = packages_by_generation(beliefs)
    skus = sku_flows(beliefs, frames["skus"])
    sku_ids_of = frames["skus"].sort_values("sku_id").groupby("generation")["sku_id"].agg(list)
    parts = []
    for content in contents(beliefs):
        if content.content_unit == "package":
            flows = packages[content.generation]
        else:
            flows = np.sum([skus[sku_id].racks for sku_id in sku_ids_of[content.generation]], axis=0)
        billed = by_quarter(content.billed_units(flows))
        parts.append(
            _long(
                beliefs.n_draws,
                {"ticker": content.ticker, "generation": content.generation, "content_unit": content.content_unit},
                {
                    "content_usd_per_unit": np.repeat(content.content_usd_per_unit[:, None], N_QUARTERS, axis=1),
                    "billed_units": billed,
                    "implied_revenue_usd_m": billed * content.content_usd_per_unit[:, None] / 1e6,
                },
            )
        )
    return pd.concat(parts, ignore_index=True)


def _beliefs(frames: Frames) -> Beliefs:
    assumptions = Assumptions(frames["assumptions"])
    posterior = frames["posterior"].sort_values(["draw_id", "latent"], kind="stable")
    names = latent_names(assumptions)
    found = sorted(posterior["latent"].unique())
    if found != names:
        raise AssumptionError(
            f"the posterior and the assumptions name different latents ({sorted(set(found) ^ set(names))[:5]}): "
            "build int_volumes__posterior again"
        )
    return Beliefs(assumptions, names, posterior["score"].to_numpy(dtype=np.float64).reshape(-1, len(names)))


def _long(n_draws: int, labels: Mapping[str, str], values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row per quarter and draw from arrays of shape (draws, quarters)."""
    frame = pd.DataFrame(
        {
            "quarter_start_date": np.repeat(np.array(quarter_starts(), dtype="datetime64[s]"), n_draws),
            "draw_id": np.tile(np.arange(n_draws, dtype=np.int32), N_QUARTERS),
            **{name: array.T.ravel() for name, array in values.items()},
        }
    )
    for position, (name, label) in enumerate(labels.items()):
        frame.insert(position, name, label)
    return frame
