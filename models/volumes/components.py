"""The bill of materials behind Trainium volumes: beliefs about content, drawn once per joint draw of the volumes."""

import numpy as np
import pandas as pd

from models.volumes.assumptions import Assumption, AssumptionError, Floats, from_scores, generator

# The published volumes are quarterly, and demand is read between one quarter and the next.
LONGEST_LAG_MONTHS = 3.0

# The volumes engine holds this belief for its supply ceiling; wafers take its posterior, so that both agree in a draw.
SHARED_PARAMETER = "packages_per_cowos_wafer"


def bill_draws(assumptions: pd.DataFrame, posterior: pd.DataFrame, n_draws: int, seed: int) -> pd.DataFrame:
    """Draw every bill-of-materials parameter.

    `assumptions`: the staged rows (columns engine, subject, parameter, value, low, high, distribution), of which those
    of engine 'components' and the volumes' packages_per_cowos_wafer are used. `posterior`: of run_posterior (latent,
    draw_id, score), at least the latents of that parameter. Returns one row per subject, parameter and draw: subject,
    parameter, draw_id (0 to n_draws - 1, joint with the volumes) and value, in the unit of the assumption. The draws
    of a parameter of its own depend on the seed and its row only, so another row does not disturb them.

    Raises AssumptionError for a lag that the quarterly draws cannot carry or a posterior without its latent, and what
    `from_scores` raises.
    """
    is_shared = (assumptions["engine"] == "volumes") & (assumptions["parameter"] == SHARED_PARAMETER)
    used = assumptions[(assumptions["engine"] == "components") | is_shared].sort_values(["subject", "parameter"])
    parts = []
    for row in used.to_dict("records"):
        engine, subject, parameter = str(row["engine"]), str(row["subject"]), str(row["parameter"])
        belief = Assumption(float(row["value"]), float(row["low"]), float(row["high"]), str(row["distribution"]))
        if engine == "volumes":
            scores = _posterior_scores(posterior, f"{subject}/{parameter}", n_draws)
        else:
            scores = generator(seed, "components", subject, parameter).standard_normal(n_draws)
        try:
            values = from_scores(belief, scores)
        except AssumptionError as error:
            raise AssumptionError(f"assumption {engine}/{subject}/{parameter}: {error}") from error
        if parameter.endswith("_lag_months") and not (values.min() >= 0 and values.max() <= LONGEST_LAG_MONTHS):
            raise AssumptionError(
                f"assumption {engine}/{subject}/{parameter} runs from {values.min():.1f} to {values.max():.1f} "
                f"months; a lag lies between 0 and {LONGEST_LAG_MONTHS:.0f}, use a bounded distribution"
            )
        parts.append((subject, parameter, values))
    return pd.DataFrame(
        {
            "subject": [subject for subject, _, _ in parts for _ in range(n_draws)],
            "parameter": [parameter for _, parameter, _ in parts for _ in range(n_draws)],
            "draw_id": np.tile(np.arange(n_draws, dtype=np.int32), len(parts)),
            "value": np.concatenate([values for _, _, values in parts] or [np.empty(0)]),
        }
    )


def _posterior_scores(posterior: pd.DataFrame, latent: str, n_draws: int) -> Floats:
    """Standard normal scores of one latent in the order of draw_id."""
    own = posterior[posterior["latent"] == latent].sort_values("draw_id")
    if len(own) != n_draws:
        raise AssumptionError(
            f"the posterior has {len(own)} draws of {latent}, not {n_draws}: build int_volumes__posterior again"
        )
    return own["score"].to_numpy(dtype=np.float64)
