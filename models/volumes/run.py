"""The door to the volumes engine: frames in, draws out."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from models.volumes.engine import Posterior, infer
from models.volumes.evidence import quarterly_revenue_usd_m
from models.volumes.flows import N_QUARTERS, by_quarter, quarter_starts


def run(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Infer Trainium volumes and return them per SKU, quarter and draw.

    `frames`: assumptions, skus, statements, revenue as engine.infer takes them. Returns columns sku_id,
    quarter_start_date, draw_id, package_units, rack_units, installed_chip_units (flows in the quarter, 2023Q1 to
    2028Q4), n_effective_draws and likelihood_tempering_ratio (the same for every row of a run).
    Raises what engine.infer raises.
    """
    posterior = _infer(frames, as_of, seed, n_draws)
    parts = [
        _long(
            n_draws,
            {"sku_id": sku_id},
            {
                "package_units": by_quarter(flows.packages),
                "rack_units": by_quarter(flows.racks),
                "installed_chip_units": by_quarter(flows.installed_chips),
            },
        )
        for sku_id, flows in sorted(posterior.skus.items())
    ]
    draws = pd.concat(parts, ignore_index=True)
    draws["n_effective_draws"] = posterior.n_effective_draws
    draws["likelihood_tempering_ratio"] = posterior.tempering_ratio
    return draws


def run_suppliers(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Return what each supplier with a content assumption earns on Trainium, per generation, quarter and draw.

    Same inputs, seed and draws as `run`, so draw_id joins the two. Returns columns ticker, generation, content_unit
    (package | rack), quarter_start_date, draw_id, content_usd_per_unit, billed_units (units on which the supplier
    bills in the quarter) and implied_revenue_usd_m.
    """
    posterior = _infer(frames, as_of, seed, n_draws)
    generation_of = dict(zip(frames["skus"]["sku_id"], frames["skus"]["generation"], strict=True))
    parts = []
    for content in posterior.contents:
        if content.content_unit == "package":
            flows = posterior.packages[content.generation]
        else:
            own = [f.racks for sku, f in sorted(posterior.skus.items()) if generation_of[sku] == content.generation]
            flows = np.sum(own, axis=0)
        parts.append(
            _long(
                n_draws,
                {"ticker": content.ticker, "generation": content.generation, "content_unit": content.content_unit},
                {
                    "content_usd_per_unit": np.repeat(content.content_usd_per_unit[:, None], N_QUARTERS, axis=1),
                    "billed_units": by_quarter(content.billed_units(flows)),
                    "implied_revenue_usd_m": quarterly_revenue_usd_m(content, flows),
                },
            )
        )
    return pd.concat(parts, ignore_index=True)


def _infer(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> Posterior:
    return infer(
        frames["assumptions"], frames["skus"], frames["statements"], frames["revenue"], as_of, seed, n_draws
    )


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
