"""The door to the volumes engine: frames in, draws out.

`run_posterior` infers; `run_volumes` and `run_suppliers` read what it left, so that draw_id joins them. `run` is the
first two in one call.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from models.volumes.assumptions import AssumptionError, Assumptions, Beliefs, Floats
from models.volumes.engine import (
    GENERATIONS,
    Evidence,
    infer,
    latent_names,
    packages_by_generation,
    racked_chips,
    sku_flows,
)
from models.volumes.evidence import ALL_GENERATIONS, check_known
from models.volumes.flows import N_QUARTERS, by_quarter, quarter_starts
from models.volumes.suppliers import CHIPS_PER_CONTENT_RACK, contents

Frames = Mapping[str, pd.DataFrame]

# Frames that a caller may leave out, with the columns an empty one has.
_OPTIONAL = {
    "revenue_spans": ["ticker", "months", "revenue_twd_thousand", "revenue_usd_m", "known_from"],
    "controls": ["series", "revenue_month", "value", "known_from"],
    "site_power": ["observation_id", "observed_date", "it_power_mw", "root_id", "known_from"],
}


def run(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Infer from assumptions, statements and revenue and return what run_volumes returns."""
    return run_volumes({**frames, "posterior": run_posterior(frames, as_of, seed, n_draws)})


def run_posterior(frames: Frames, as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """Infer the latents behind Trainium volumes from what was known on `as_of`.

    `frames`: assumptions (one row per parameter, with known_from), statements and revenue, and where there are any
    revenue_spans, controls and site_power, as engine.Evidence takes them. Returns one row per draw and latent:
    draw_id, latent, score (standard normal before the evidence, so the mean says how far the evidence moved the
    belief), and, equal in every row, n_effective_draws, n_tempering_steps and acceptance_share of the sampler. Raises
    what engine.infer raises.
    """
    rows = frames["assumptions"]
    check_known(rows[rows["known_from"].notna()], "volume assumptions", as_of)
    optional = {name: frames.get(name, pd.DataFrame(columns=columns)) for name, columns in _OPTIONAL.items()}
    evidence = Evidence(frames["statements"], frames["revenue"], **optional)
    posterior = infer(Assumptions(rows), evidence, as_of, seed, n_draws)
    return pd.DataFrame(
        {
            "draw_id": np.repeat(np.arange(n_draws, dtype=np.int32), len(posterior.names)),
            "latent": _texts(posterior.names, np.tile(np.arange(len(posterior.names)), n_draws)),
            "score": posterior.scores.ravel(),
            "n_effective_draws": posterior.n_effective_draws,
            "n_tempering_steps": posterior.n_tempering_steps,
            "acceptance_share": posterior.acceptance_share,
        }
    )


def run_volumes(frames: Frames) -> pd.DataFrame:
    """Return Trainium flows per SKU, quarter and posterior draw.

    `frames`: assumptions, posterior (of run_posterior) and skus (sku_id, generation). Returns sku_id,
    quarter_start_date, draw_id, package_units, rack_units, installed_chip_units, scrapped_package_units (lost in
    assembly): flows in the quarter, 2023Q1 to 2028Q4, as fractional units. In every draw and quarter, cumulatively:
    package_units = rack_units x chips per rack + scrapped_package_units + work in progress, which is never negative.
    """
    beliefs = _beliefs(frames)
    skus = frames["skus"].sort_values("sku_id", ignore_index=True)
    row_of = {sku_id: row for row, sku_id in enumerate(skus["sku_id"])}
    measures = {
        "package_units": "packages",
        "rack_units": "racks",
        "installed_chip_units": "installed_chips",
        "scrapped_package_units": "scrapped_packages",
    }
    # Filled in place: with many draws a second copy of everything would not fit.
    filled = {name: np.empty((len(skus), N_QUARTERS, beliefs.n_draws)) for name in measures}
    for sku_id, flows in sku_flows(beliefs, skus):
        for name, field in measures.items():
            filled[name][row_of[sku_id]] = by_quarter(getattr(flows, field)).T
    per_sku = N_QUARTERS * beliefs.n_draws
    quarters = np.repeat(np.array(quarter_starts(), dtype="datetime64[s]"), beliefs.n_draws)
    return pd.DataFrame(
        {
            "sku_id": _texts(skus["sku_id"], np.repeat(np.arange(len(skus)), per_sku)),
            "quarter_start_date": np.tile(quarters, len(skus)),
            "draw_id": np.tile(np.arange(beliefs.n_draws, dtype=np.int32), len(skus) * N_QUARTERS),
            **{name: array.ravel() for name, array in filled.items()},
        },
        copy=False,
    )


def run_generation_totals(frames: Frames) -> pd.DataFrame:
    """Return intervals of cumulative packages and installed chips per generation and quarter, and of all together.

    Takes the frames of run_volumes. Returns generation ('all' for the family), quarter_start_date and p05, p50 and p95
    of package_units_cumulative and installed_chip_units_cumulative.
    """
    beliefs = _beliefs(frames)
    totals: dict[str, dict[str, Floats]] = {}
    generation_of = dict(zip(frames["skus"]["sku_id"], frames["skus"]["generation"], strict=True))
    for sku_id, flows in sku_flows(beliefs, frames["skus"]):
        for generation in (generation_of[sku_id], ALL_GENERATIONS):
            own = totals.setdefault(generation, {})
            for name, monthly in (("package_units", flows.packages), ("installed_chip_units", flows.installed_chips)):
                own[name] = own.get(name, 0.0) + np.cumsum(by_quarter(monthly), axis=1)
    quarters = np.array(quarter_starts(), dtype="datetime64[s]")
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "generation": generation,
                    "quarter_start_date": quarters,
                    **{
                        f"{name}_cumulative_p{round(100 * level):02d}": np.quantile(running, level, axis=0)
                        for name, running in own.items()
                        for level in (0.05, 0.5, 0.95)
                    },
                }
            )
            for generation, own in sorted(totals.items())
        ],
        ignore_index=True,
    )


def run_lags(frames: Frames) -> pd.DataFrame:
    """Return intervals of the mean delays between the stages, as the evidence leaves them.

    Takes the frames of run_volumes. Returns generation and p05, p50 and p95 of package_to_rack_lag_months and
    rack_to_installed_lag_months; a generation's delay is the same in every month and for all of its SKUs.
    """
    beliefs = _beliefs(frames)
    lags = ("package_to_rack_lag_months", "rack_to_installed_lag_months")
    return pd.DataFrame(
        [
            {
                "generation": generation,
                **{
                    f"{lag}_p{round(100 * level):02d}": float(np.quantile(beliefs.draw(generation, lag), level))
                    for lag in lags
                    for level in (0.05, 0.5, 0.95)
                },
            }
            for generation in GENERATIONS
        ]
    )


def run_suppliers(frames: Frames) -> pd.DataFrame:
    """Return what each supplier with a content assumption earns on Trainium, per generation, quarter and draw.

    Takes the frames of run_volumes. Returns ticker, generation, content_unit (package | rack), quarter_start_date,
    draw_id, content_usd_per_unit, billed_units (units the supplier bills for in the quarter; a rack is 32 chips
    racked, however large the racks are) and implied_revenue_usd_m.
    """
    beliefs = _beliefs(frames)
    packages = packages_by_generation(beliefs)
    parts = []
    for content in contents(beliefs):
        flows = packages[content.generation]
        if content.content_unit == "rack":
            flows = racked_chips(beliefs, content.generation, flows) / CHIPS_PER_CONTENT_RACK
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
    posterior = frames["posterior"]
    names = latent_names(assumptions)
    latents = pd.Categorical(posterior["latent"])
    found = sorted(latents.categories)
    if found != names:
        raise AssumptionError(
            f"the posterior and the assumptions name different latents ({sorted(set(found) ^ set(names))[:5]}): "
            "build int_volumes__posterior again"
        )
    column = np.searchsorted(np.array(names), np.array(latents.categories, dtype=str))[latents.codes]
    row, _ = pd.factorize(posterior["draw_id"].to_numpy(), sort=True)
    scores = np.empty((int(row.max()) + 1, len(names)))
    scores[row, column] = posterior["score"].to_numpy(dtype=np.float64)
    return Beliefs(assumptions, names, scores)


def _texts(texts: Iterable[str], index: np.ndarray) -> ExtensionArray:
    """`texts` at `index`, without looking at every copy of a text again."""
    return pd.array(list(texts), dtype="str").take(index)


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
