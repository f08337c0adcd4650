"""Monthly flows and the delays between them: packages -> racked chips -> installed chips.

Flows have shape (draws, months) and lie in memory month by month: each step runs over draws that lie side by side.
"""

from datetime import date

import numpy as np

from models.volumes.assumptions import Beliefs, Floats

FIRST_MONTH = date(2023, 1, 1)
N_QUARTERS = 24
N_MONTHS = 3 * N_QUARTERS

_MONTHS_PER_STEP = 3
_KERNEL_MONTHS = 24


def month_index(day: date) -> int:
    """Return the month of `day` counted from 2023-01 (which is 0)."""
    return (day.year - FIRST_MONTH.year) * 12 + day.month - FIRST_MONTH.month


def quarter_starts() -> list[date]:
    """Return the first days of the published quarters, 2023Q1 to 2028Q4."""
    return [date(FIRST_MONTH.year + q // 4, 3 * (q % 4) + 1, 1) for q in range(N_QUARTERS)]


def by_quarter(monthly: Floats) -> Floats:
    """Sum flows of shape (draws, months) to (draws, quarters)."""
    return np.asarray(monthly.T.reshape(N_QUARTERS, 3, len(monthly)).sum(axis=1).T)


def logistic(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), dtype=np.float64)


def walk_latents(generation: str) -> list[str]:
    """Return the names of the latents behind a generation's random walk, in time order."""
    return [f"walk/{generation}/{quarter:02d}" for quarter in range(N_QUARTERS)]


def package_path(beliefs: Beliefs, generation: str, successor_midpoint: Floats | None) -> tuple[Floats, Floats]:
    """Return the monthly package flow of one generation in every draw.

    flow(t) = plateau * exp(walk(t)) * logistic ramp * logistic decline, exactly zero before the generation's first
    month and below the smallest counted flow. The walk is Gaussian in the log with quarterly steps, so plateaus and
    steps are possible; the decline is placed relative to the successor's ramp, which joins the generations.

    Returns (flows of shape (draws, months) in packages per month, ramp midpoint per draw in months after 2023-01).
    """

    def draw(parameter: str) -> Floats:
        return beliefs.draw(generation, parameter)

    first = int(beliefs.value(generation, "first_package_month"))
    months = np.arange(first, N_MONTHS, dtype=np.float64)[:, None]
    midpoint = draw("ramp_midpoint_month")
    shape = logistic((months - midpoint) / draw("ramp_scale_months"))
    if successor_midpoint is not None:
        end = successor_midpoint + draw("decline_after_successor_months")
        shape *= logistic((end - months) / draw("decline_scale_months"))
    made = draw("plateau_packages_per_month") * np.exp(_walk(beliefs, generation, first)) * shape
    made[made < beliefs.value("inference", "smallest_package_flow")] = 0.0
    flows = np.zeros((N_MONTHS, beliefs.n_draws))
    flows[first:] = made
    return flows.T, midpoint


def _walk(beliefs: Beliefs, generation: str, first: int) -> Floats:
    """Random walk from month `first` on, where it is zero: quarterly knots joined by straight lines.

    Returns shape (months from `first`, draws).
    """
    steps = np.stack([beliefs.score(name) for name in walk_latents(generation)])
    knots = np.zeros((N_QUARTERS + 1, beliefs.n_draws))
    np.cumsum(beliefs.value(generation, "walk_sd_per_quarter") * steps, axis=0, out=knots[1:])
    position = np.arange(N_MONTHS - first) / _MONTHS_PER_STEP
    knot = position.astype(np.int64)
    fraction = (position - knot)[:, None]
    return np.asarray(knots[knot] * (1 - fraction) + knots[knot + 1] * fraction)


def lag_kernel(mean_months: Floats) -> Floats:
    """Return gamma (shape 2) delay weights per draw, shape (draws, months of delay); each row sums to 1.

    The weight of delay k is the gamma mass between k - 1/2 and k + 1/2 months; what lies beyond the last month is
    spread over the others. Shape 2 has the closed form F(x) = 1 - (1 + x/s) exp(-x/s) with s = mean / 2.
    """
    edges = np.arange(_KERNEL_MONTHS + 1, dtype=np.float64)[:, None] + 0.5
    scaled = edges * 2 / mean_months
    cumulative = 1 - (1 + scaled) * np.exp(-scaled)
    return np.asarray(np.diff(cumulative / cumulative[-1], axis=0, prepend=0.0).T)


def delay(flows: Floats, kernel: Floats) -> Floats:
    """Delay flows of shape (draws, months) by the kernel of shape (draws, months of delay).

    What would arrive after the last month drops out, so the cumulative output never exceeds the cumulative input.
    """
    inflow, weights = np.ascontiguousarray(flows.T), np.ascontiguousarray(kernel.T)
    delayed = np.zeros_like(inflow)
    n_months, start = len(inflow), _first_month_with_any(inflow)
    part = np.empty_like(inflow)
    for k in range(min(len(weights), n_months - start)):
        delayed[start + k :] += np.multiply(weights[k], inflow[start : n_months - k], out=part[start + k :])
    return delayed.T


def shift(flows: Floats, months: Floats) -> Floats:
    """Move flows later by a fractional number of months per draw (earlier when negative); zero beyond the ends."""
    inflow = np.ascontiguousarray(flows.T)
    moved = np.zeros_like(inflow)
    n_months, start = len(inflow), _first_month_with_any(inflow)
    if start == n_months:
        return moved.T
    part = np.empty_like(inflow)
    for lag in range(int(np.floor(months.min())), int(np.ceil(months.max())) + 1):
        # A delay of 1.25 months is a quarter of two months and three quarters of one.
        weight = np.maximum(1 - np.abs(months - lag), 0.0)
        first, last = max(start, -lag), n_months - max(lag, 0)
        if first < last:
            moved[first + lag : last + lag] += np.multiply(weight, inflow[first:last], out=part[first:last])
    return moved.T


def _first_month_with_any(inflow: Floats) -> int:
    """Months before the first one in which any draw has a flow need no arithmetic; `inflow` is months by draws."""
    found = np.flatnonzero(inflow.any(axis=1))
    return int(found[0]) if found.size else len(inflow)
