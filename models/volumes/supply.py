"""What bounds volumes from the side: packaging wafers from above, site power at the end of the chain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.volumes.assumptions import Beliefs, Floats
from models.volumes.evidence import logs, months_completed, normal_log_density, units_by
from models.volumes.flows import FIRST_MONTH, N_MONTHS, N_QUARTERS

# The ceiling needs the capacity at the ends of the years before, in and after the window.
_YEAR_ENDS = range(FIRST_MONTH.year - 1, FIRST_MONTH.year + N_QUARTERS // 4)
_MONTHS_PER_YEAR = 12


def cowos_wafers(beliefs: Beliefs) -> Floats:
    """Wafers a year that TSMC can package with CoWoS, shape (draws, years): year ends joined by straight lines."""
    ends = np.stack([beliefs.draw("cowos", f"capacity_{year}_end_wafers_per_month") for year in _YEAR_ENDS], axis=1)
    return np.asarray(_MONTHS_PER_YEAR * (ends[:, :-1] + ends[:, 1:]) / 2)


def wafers_needed(beliefs: Beliefs, packages: Mapping[str, Floats]) -> Floats:
    """CoWoS wafers a year behind monthly package flows: packages over good packages per wafer, (draws, years)."""
    by_year = {g: flows.T.reshape(-1, _MONTHS_PER_YEAR, len(flows)).sum(axis=1).T for g, flows in packages.items()}
    per_wafer = {generation: beliefs.draw(generation, "packages_per_cowos_wafer") for generation in packages}
    wafers: Floats = np.sum([flows / per_wafer[g][:, None] for g, flows in by_year.items()], axis=0)
    return wafers


def ceiling_log_likelihood(packages: Mapping[str, Floats], beliefs: Beliefs) -> Floats:
    """Return the log-likelihood per draw of fitting under the packaging ceiling.

    Below the ceiling (capacity x the most AWS may hold of it) nothing is said; above it the log of the excess is
    normal. Years share one capacity story, so only the tightest year counts.
    """
    weight = beliefs.value("cowos", "weight")
    if weight == 0:
        return np.zeros(beliefs.n_draws)
    available = beliefs.draw("cowos", "aws_share_ceiling")[:, None] * cowos_wafers(beliefs)
    excess = np.maximum(logs(wafers_needed(beliefs, packages)) - np.log(available), 0.0).max(axis=1)
    return np.asarray(-0.5 * weight * (excess / beliefs.value("cowos", "log_sd")) ** 2)


@dataclass(frozen=True)
class SitePower:
    """IT power seen at the campuses built for Trainium at one date; `weight` shares one vote within a root."""

    position: float  # months after 2023-01-01
    it_power_mw: float
    weight: float


def read_site_power(frame: pd.DataFrame) -> list[SitePower]:
    """Read site power: columns observation_id, observed_date, it_power_mw, root_id.

    Dates outside the window are left out; rows of one root share one vote.
    """
    found = []
    for _, root in frame.sort_values(["root_id", "observation_id"]).groupby("root_id", sort=True):
        for day, power in zip(pd.to_datetime(root["observed_date"]), root["it_power_mw"], strict=True):
            position = months_completed(day.date())
            if power > 0 and 0 < position <= N_MONTHS:
                found.append(SitePower(position, float(power), 1 / len(root)))
    return found


def site_power_log_likelihood(sites: Iterable[SitePower], installed: Mapping[str, Floats], beliefs: Beliefs) -> Floats:
    """Return the log-likelihood per draw of the power seen at Trainium campuses, an observation of installed chips.

    filled share x MW = share of chips at these campuses x sum over their generations of installed chips x W per chip,
    with a log-normal error. A hall counts as powered before its racks are in, so chips are read some months later.
    """
    total = np.zeros(beliefs.n_draws)
    weight = beliefs.value("site_power", "weight")
    if weight == 0:
        return total
    # A generation without a power per chip does not stand at these campuses.
    w_per_chip = {
        generation: beliefs.draw("site_power", f"{generation}_it_power_w_per_chip")
        for generation in installed
        if beliefs.assumptions.has("site_power", f"{generation}_it_power_w_per_chip")
    }
    power_w: Floats = np.sum([installed[g] * watts[:, None] for g, watts in w_per_chip.items()], axis=0)
    lag = beliefs.draw("site_power", "fill_lag_months")
    per_stated = beliefs.draw("site_power", "share_of_chips_at_sites") / beliefs.draw("site_power", "filled_share")
    for site in sites:
        modelled = per_stated * units_by(power_w, np.minimum(site.position + lag, power_w.shape[1])) / 1e6
        residual = np.log(site.it_power_mw) - logs(modelled)
        total += weight * site.weight * normal_log_density(residual, beliefs.value("site_power", "log_sd"))
    return total


def site_months(sites: Iterable[SitePower]) -> int:
    """Return how many months from 2023-01 site power can speak of, including the lag of filling a hall."""
    return max((min(int(site.position) + 6, N_MONTHS) for site in sites), default=0)
