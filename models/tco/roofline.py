"""Serving throughput from first principles: what memory, compute and network allow, and how much of it chips reach.

Per instance of c chips that serves B users at once a decoding step reads the weights and every user's cache, computes,
and exchanges activations between chips. What is attainable of each peak is calibrated on measured runs by class of
accelerator; a class without runs gets the pooled figures and their wider error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

GIGA, TERA, MICRO = 1e9, 1e12, 1e-6
# Chips an instance may span, and users it may serve: grids the best operating point is searched on.
CHIPS = np.array([1, 2, 4, 8, 16, 32, 64, 72], dtype=np.float64)
USERS = np.geomspace(1.0, 32768.0, 46)
PARAMETERS = ("memory_share", "compute_share", "prefill_share", "exposed_share")
# How fast throughput is taken to vanish beyond the fastest speed the model can serve; only the calibration looks there.
BEYOND_REACH_POWER = 6.0


@dataclass(frozen=True)
class Efficiency:
    """Shares [0-1] of a peak that are reached, and the share of network time that is not hidden behind other work."""

    memory_share: float
    compute_share: float
    prefill_share: float
    exposed_share: float

    def __post_init__(self) -> None:
        """Raise ValueError for a share outside (0, 1]."""
        for name in PARAMETERS:
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in (0, 1], is {getattr(self, name)}.")

    def logits(self) -> Array:
        """The four shares on the scale they are fitted on, shape (4,)."""
        shares = np.clip([getattr(self, name) for name in PARAMETERS], 1e-6, 1 - 1e-6)
        return np.asarray(np.log(shares / (1 - shares)))

    @staticmethod
    def of_logits(logits: Array) -> Efficiency:
        """Inverse of `logits`."""
        shares = np.clip(1 / (1 + np.exp(-np.clip(logits, -30, 30))), 1e-6, 1 - 1e-6)
        return Efficiency(*(float(share) for share in shares))


@dataclass(frozen=True)
class Limits:
    """Settings every chip shares.

    Part of memory for weights and caches [0-1]; latency of a layer per doubling of the chips that exchange [us];
    bandwidth between scale-up domains [GB/s per chip], and how many times longer an exchange between them takes.
    """

    usable_memory_share: float
    layer_latency_us: float
    scale_out_gb_per_s: float
    scale_out_latency_ratio: float


def routed_params_b(total_b: Array, active_b: Array, experts: Array, experts_per_token: Array) -> Array:
    """Parameters in routed experts [billions], from what is stored and what one token uses; zero for a dense model.

    total = shared + routed and active = shared + routed x k/E, solved for routed. `experts` is 0 for a dense model.
    """
    dense = experts <= 0
    share_used = np.where(dense, 0.0, experts_per_token / np.where(dense, 1.0, experts))
    return np.where(dense, 0.0, (total_b - active_b) / (1.0 - share_used))


def read_params_b(total_b: Array, active_b: Array, experts: Array, experts_per_token: Array, users: Array) -> Array:
    """Parameters a step must read [billions]: the shared ones, and every expert that one of `users` tokens was sent to.

    An expert is missed by all users with probability (1 - k/E)^users, routing taken as even and independent.
    """
    routed = routed_params_b(total_b, active_b, experts, experts_per_token)
    miss = np.where(experts > 0, 1.0 - experts_per_token / np.where(experts > 0, experts, 1.0), 1.0)
    return total_b - routed + routed * (1.0 - miss**users)


def step_seconds(points: pd.DataFrame, efficiency: Efficiency, limits: Limits, chips: Array, users: Array) -> Array:
    """Time of one decoding step [s] for every row of `points` (see `throughput`); shapes broadcast with (n, 1, 1).

    memory + compute + exposed share of network time: reading weights and caches, then multiplying, follow each other
    layer by layer, so they add; taking the larger instead fits the runs worse. The network moves the cheaper of two
    all-reduces of all users' activations (tensor parallel) and sending each token to its experts and back (expert
    parallel); an exchange takes as many turns as the number of chips can be halved.
    """
    col = _columns(points)
    read = read_params_b(col("params_total_b"), col("params_active_b"), col("experts"), col("experts_per_token"), users)
    context = col("prompt_tokens") + col("answer_tokens") / 2
    cache = users * context * col("kv_values_per_token") * col("kv_bytes_per_value")
    weights = read * GIGA * col("weight_bytes_per_parameter")
    memory = (weights + cache) / (chips * col("memory_bandwidth_tb_per_s") * TERA * efficiency.memory_share)
    attention = 2 * context * col("kv_values_per_token") * col("query_heads_per_kv")
    flop = users * (2 * col("params_active_b") * GIGA + attention)
    compute = flop / (chips * col("peak_tflops") * TERA * efficiency.compute_share)
    tensor_bytes = 4.0 * users * col("d_model") * 2.0
    expert_bytes = users / chips * col("experts_per_token") * col("d_model") * 3.0
    moved = np.where(col("experts") > 0, np.minimum(tensor_bytes, expert_bytes), tensor_bytes) * (1.0 - 1.0 / chips)
    inside = chips <= col("domain_chips")
    bandwidth = np.where(inside, col("scale_up_gb_per_s"), limits.scale_out_gb_per_s)
    latency = limits.layer_latency_us * MICRO * np.log2(2.0 * chips)
    latency = latency * np.where(inside, 1.0, limits.scale_out_latency_ratio)
    network = col("layers") * (latency + moved / (bandwidth * GIGA))
    return np.asarray(memory + compute + efficiency.exposed_share * network)


def prefill_tok_per_s_chip(points: pd.DataFrame, efficiency: Efficiency) -> Array:
    """Prompt tokens one chip reads per second, shape (n,): weights and causal attention, compute-bound."""
    flop = 2 * points["params_active_b"] * GIGA + 2 * points["layers"] * points["d_model"] * points["prompt_tokens"]
    return np.asarray(points["peak_tflops"] * TERA * efficiency.prefill_share / flop, dtype=np.float64)


def throughput(points: pd.DataFrame, efficiency: Efficiency, limits: Limits, stretch: bool = False) -> Array:
    """Most output tokens/s per chip at the wanted speed per user, shape (n,); NaN where it cannot be reached.

    `points`, one row each: chip (peak_tflops dense in the number format, memory_bandwidth_tb_per_s, memory_gb,
    scale_up_gb_per_s, domain_chips), model (params_total_b, params_active_b, layers, d_model, experts and
    experts_per_token, both 0 if dense, kv_values_per_token, weight_bytes_per_parameter, kv_bytes_per_value), work
    (prompt_tokens, answer_tokens, is_disaggregated, tok_per_s_user).
    On chips shared with prefill each user waits for the others' prompts; with separate chips only the throughput pays:
    either way 1/output = decode + (prompt/answer)/prefill in chip-seconds per token. The weights stored and the caches
    of all users must fit. `stretch` gives a small number instead of NaN, so that a fit can see which way to go.
    """
    col = _columns(points)
    chips, users = CHIPS[None, :, None], USERS[None, None, :]
    prompts = col("prompt_tokens") / col("answer_tokens") / prefill_tok_per_s_chip(points, efficiency)[:, None, None]
    waits = np.where(col("is_disaggregated") > 0, 0.0, 1.0)

    def seconds(at: Array) -> tuple[Array, Array]:
        step = step_seconds(points, efficiency, limits, chips, at)
        return step, step + waits * at * prompts / chips

    limit = 1.0 / col("tok_per_s_user")
    # Prompts and answers on the same chips stay inside one scale-up domain; separate pools may span several.
    spans = (waits > 0) & (chips > np.maximum(col("domain_chips"), 1))
    most = np.where(spans, -1.0, _most_users(col, limits, chips))
    per_user = seconds(users)[1]
    reached = np.minimum(_users_within(per_user, limit[:, :, 0]), most[:, :, 0])
    reachable = (per_user[:, :, 0] <= limit[:, :, 0]) & (most[:, :, 0] >= 1)
    at = np.where(reachable, np.maximum(reached, 1.0), 1.0)[:, :, None]
    step, _ = seconds(at)
    output = (1.0 / (chips * step / at + prompts))[:, :, 0]
    if stretch:
        slowness = np.minimum(1.0, limit[:, :, 0] / per_user[:, :, 0])
        output = np.where(reachable, output, output * slowness**BEYOND_REACH_POWER)
        output = np.where(most[:, :, 0] >= 1, output, output * 1e-6)
        return np.asarray(output.max(axis=1))
    best = np.where(reachable, output, -np.inf).max(axis=1)
    return np.asarray(np.where(np.isfinite(best), best, np.nan))


def fit(
    points: pd.DataFrame, weights: Array, limits: Limits, centre: Efficiency, shrinkage: float, steps: int = 12
) -> Efficiency:
    """Efficiencies that explain measured `output_tok_per_s_chip` at matched speed: damped least squares on logarithms.

    Minimises sum(weights x (log modelled - log measured)^2) + shrinkage x |logits - logits of centre|^2, so few points
    leave the fit near `centre`. `weights` [shape (n,)]. Without points: the centre.
    """
    if points.empty:
        return centre
    measured = np.log(points["output_tok_per_s_chip"].to_numpy(dtype=np.float64))
    root, anchor = np.sqrt(weights), centre.logits()

    def residuals(logits: Array) -> Array:
        modelled = throughput(points, Efficiency.of_logits(logits), limits, stretch=True)
        return np.concatenate([root * (np.log(modelled) - measured), np.sqrt(shrinkage) * (logits - anchor)])

    return Efficiency.of_logits(_damped_least_squares(residuals, anchor, steps))


def _damped_least_squares(residuals: Callable[[Array], Array], start: Array, steps: int) -> Array:
    """Levenberg-Marquardt with a numerical derivative; K. Levenberg, Q. Appl. Math. 2 (1944) 164."""
    at, value, damping = start.copy(), residuals(start), 0.05
    for _ in range(steps):
        slopes = np.stack([(residuals(at + 1e-3 * unit) - value) / 1e-3 for unit in np.eye(at.size)], axis=1)
        curvature, gradient = slopes.T @ slopes, slopes.T @ value
        for _ in range(6):
            move = np.linalg.solve(curvature + damping * np.eye(at.size), -gradient)
            tried = at + np.clip(move, -1.5, 1.5)
            new = residuals(tried)
            if new @ new < value @ value:
                damping = max(damping / 4, 1e-4)
                break
            damping *= 5
        else:
            return at
        gain = float(value @ value - new @ new)
        at, value = tried, new
        if gain < 1e-5 * float(value @ value):
            break
    return at


def _users_within(seconds: Array, limit: Array) -> Array:
    """Users at which the time per token reaches the limit; seconds rise along the last axis: (n, c, users), (n, c)."""
    below = (seconds <= limit[:, :, None]).sum(axis=2)
    left = np.clip(below - 1, 0, USERS.size - 2)
    t0 = np.take_along_axis(seconds, left[:, :, None], axis=2)[:, :, 0]
    t1 = np.take_along_axis(seconds, left[:, :, None] + 1, axis=2)[:, :, 0]
    part = np.clip(np.log(limit / t0) / np.log(t1 / t0), 0.0, 1.0)
    found: Array = np.exp(np.log(USERS[left]) + part * np.log(USERS[left + 1] / USERS[left]))
    return found


def _most_users(col: Callable[[str], Array], limits: Limits, chips: Array) -> Array:
    """Users whose caches fit beside the stored weights, shape (n, c, 1); negative where the weights alone do not."""
    room = chips * col("memory_gb") * GIGA * limits.usable_memory_share
    weights = col("params_total_b") * GIGA * col("weight_bytes_per_parameter")
    context = col("prompt_tokens") + col("answer_tokens") / 2
    return (room - weights) / (context * col("kv_values_per_token") * col("kv_bytes_per_value"))


def _columns(points: pd.DataFrame) -> Callable[[str], Array]:
    def column(name: str) -> Array:
        return points[name].to_numpy(dtype=np.float64)[:, None, None]

    return column
