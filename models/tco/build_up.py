"""What a chip-hour is made of: the parts of the purchase and of running it, as shares that add up to one in each draw.

Evidence gives totals and, for some systems, the price of the server; the rest is split by ratio. Shares, not amounts,
keep one truth: the parts cannot disagree with the total they were split from.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NONSERVER_COMPONENTS = ("backend_network", "frontend_network", "storage", "installation", "service", "software")
CAPITAL_COMPONENTS = ("server", *NONSERVER_COMPONENTS)
FACILITY_COMPONENTS = ("electricity", "colocation")
OTHER_OPERATING_COMPONENTS = ("remote_hands", "internet", "maintenance")
OPERATING_COMPONENTS = (*FACILITY_COMPONENTS, *OTHER_OPERATING_COMPONENTS)


def normalised(weights: Mapping[str, Array]) -> dict[str, Array]:
    """Weights [any unit, not negative, shape (n,)] as shares of their sum in each draw.

    Raises ValueError for a negative weight or where all weights of a draw are zero.
    """
    total = np.sum([np.asarray(w, dtype=np.float64) for w in weights.values()], axis=0)
    if any(np.any(np.asarray(w) < 0) for w in weights.values()) or np.any(total <= 0):
        raise ValueError("weights must not be negative and one must be above zero: correct the assumption rows.")
    return {name: np.asarray(weight / total) for name, weight in weights.items()}


def capital_shares(server_share: Array, nonserver_weights: Mapping[str, Array]) -> dict[str, Array]:
    """Shares of the all-in purchase by CAPITAL_COMPONENTS.

    In: the server's share of the all-in price [0-1, shape (n,) or scalar], weights of NONSERVER_COMPONENTS in the rest.
    Out: shares [0-1] that add up to one. Raises ValueError for a server share outside 0 to 1.
    """
    server = np.asarray(server_share, dtype=np.float64)
    if np.any(server <= 0) or np.any(server > 1):
        raise ValueError("the server's share of the all-in price must lie in (0, 1]: correct the ratio.")
    rest = normalised(nonserver_weights)
    return {"server": server, **{name: (1.0 - server) * rest[name] for name in NONSERVER_COMPONENTS}}


def operating_shares(
    electricity_usd_per_kw_month: Array,
    colocation_usd_per_kw_month: Array,
    other_usd_per_kw_month: Array,
    other_weights: Mapping[str, Array],
) -> dict[str, Array]:
    """Shares of the operating cost by OPERATING_COMPONENTS.

    In: the built-up cost of one IT kW [USD/kW-month each], weights of OTHER_OPERATING_COMPONENTS in the other cost.
    Out: shares [0-1] that add up to one; of a published all-in band they are its split, of a build-up its parts.
    Raises ValueError where nothing costs anything.
    """
    # One sum, not a normalisation of the pieces: how the rest is split must not touch the other two by a rounding.
    total = electricity_usd_per_kw_month + colocation_usd_per_kw_month + other_usd_per_kw_month
    if np.any(np.asarray(total) <= 0):
        raise ValueError("an operating cost of zero has no parts: correct the assumption rows.")
    rest = normalised(other_weights)
    return {
        "electricity": electricity_usd_per_kw_month / total,
        "colocation": colocation_usd_per_kw_month / total,
        **{name: other_usd_per_kw_month / total * rest[name] for name in OTHER_OPERATING_COMPONENTS},
    }
