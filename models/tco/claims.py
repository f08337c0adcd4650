"""Published claims about two systems, as probabilities, with the input that decides each and what is circular in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.tco import cost
from models.tco.assumptions import Assumptions, refuse_look_ahead
from models.tco.distributions import Z95, generator
from models.tco.run import ENGINE, STATISTICS, summary, table
from models.tco.simulate import BUILD_UP_PARAMETERS, SHORTCUT_PARAMETER, CostDraws, Row, Simulation

Array = NDArray[np.float64]

EFFECTIVE_PFLOP = "usd_per_effective_pflop_hour"
FP4_PFLOP = "usd_per_marketed_fp4_pflop_hour"
BANDWIDTH = "usd_per_tb_per_s_hour"
CHIP_HOUR = "tco_usd_per_chip_hour"
# Decoding is bound by memory bandwidth: cost per token is cost per TB/s over the share of it a chip turns into tokens.
DECODED_TOKENS = "usd_per_memory_bound_token"
DECODE_EFFICIENCY = "decode_bandwidth_efficiency_ratio"
# The roofline of models/tco/tokens.py instead: compute, network and memory limits, with its error on unseen chips.
MODELLED_TOKENS = "usd_per_million_output_tokens"
UNITS = {
    EFFECTIVE_PFLOP: "dense_fp16_tflops",
    FP4_PFLOP: "dense_fp4_tflops",
    BANDWIDTH: "memory_bandwidth_tb_per_s",
    DECODED_TOKENS: "memory_bandwidth_tb_per_s",
}
# The price bound of these chips was made from published claims: what the claims then say is no test of them.
CIRCULAR_PRICE = {
    "trainium2": "its price bound is the bracket in which GB200 is cheaper per BF16 PFLOP and Trainium2 per TB/s",
    "trainium3": "its price bound was set below Nvidia's price, which is part of the claim",
}
# Where an input is held to see what it decides: its median and the ends of its 90 percent interval.
HELD_AT = (0.05, 0.50, 0.95)
NOTHING = "no single input"
SLIGHT = 0.01
CLAIM_KEY = ["claim_id", "assumption_vintage", "rival_spec_accelerator_id"]


@dataclass(frozen=True)
class Claim:
    """A statement about a ratio of costs; its bounds are the assumption rows `claim/<claim_id>`.

    figure_id: the evidence row that states it. circular_through: accelerator whose price bound was made from it.
    """

    claim_id: str
    figure_id: str
    text: str
    system_id: str
    rival_system_id: str
    metric: str
    buyer_class: str = "hyperscaler"
    only_vintage: str | None = None
    circular_through: str | None = None
    note: str = ""


_TRN2 = ("trn2-ultraserver", "gb200-nvl72")
_TRN3 = ("trn3-gen2-ultraserver", "vera-rubin-nvl72")
_MODELLED = "both throughputs are modelled, with the error the model makes on chips it has not seen"
_PRIOR_ONLY = "the price of Trainium3 is a prior bound, not an observation"
_SAME_ARTICLE = "price and claim come from one article; cost and claim are for the outside buyer"
CLAIMS = (
    Claim(
        "trainium2_dearer_per_effective_pflop", "F0122", "GB200 has a material lead per effective training PFLOP",
        *_TRN2, EFFECTIVE_PFLOP, circular_through="trainium2",
    ),
    Claim(
        "trainium2_competitive_per_token", "F0123", "Trainium2 is highly competitive per million tokens",
        *_TRN2, DECODED_TOKENS, circular_through="trainium2",
        note="memory-bound decoding; no public benchmark of Trainium2 exists",
    ),
    Claim(
        "trainium2_competitive_per_modelled_token", "F0123", "Trainium2 is highly competitive per million tokens",
        *_TRN2, MODELLED_TOKENS, circular_through="trainium2", note=_MODELLED,
    ),
    Claim(
        "trainium2_cheaper_per_tb_per_s", "F0124", "Trainium2 has the advantage per TB/s of memory bandwidth",
        *_TRN2, BANDWIDTH, circular_through="trainium2",
    ),
    Claim(
        "trainium3_dearer_per_effective_pflop", "F0125", "VR200 keeps the lead per effective training PFLOP",
        *_TRN3, EFFECTIVE_PFLOP, note=_PRIOR_ONLY,
    ),
    Claim(
        "trainium3_competitive_per_token", "F0125", "Trainium3 stays competitive with VR200 per million tokens",
        *_TRN3, DECODED_TOKENS, note=f"memory-bound decoding; {_PRIOR_ONLY}",
    ),
    Claim(
        "trainium3_competitive_per_modelled_token", "F0125",
        "Trainium3 stays competitive with VR200 per million tokens",
        *_TRN3, MODELLED_TOKENS, note=f"{_MODELLED}; {_PRIOR_ONLY}",
    ),
    Claim(
        "trainium3_cheaper_per_tb_per_s", "F0125", "Trainium3 keeps the advantage over VR200 per TB/s",
        *_TRN3, BANDWIDTH, note=_PRIOR_ONLY,
    ),
    Claim(
        "trainium3_dearer_per_fp4_pflop", "F0126", "Trainium3 is dearer than Nvidia per marketed FP4 FLOP",
        "trn3-gen2-ultraserver", "gb300-nvl72", FP4_PFLOP, note=_PRIOR_ONLY,
    ),
    Claim(
        "trainium3_cheaper_per_chip_hour", "F0126", "Trainium3 costs materially less per chip than Nvidia",
        "trn3-gen2-ultraserver", "gb300-nvl72", CHIP_HOUR, circular_through="trainium3",
    ),
    Claim(
        "tpu_v7_cheaper_than_gb200_per_chip_hour", "F0084", "an outside TPU v7 costs less per chip-hour than GB200",
        "tpu-v7-pod", "gb200-nvl72", CHIP_HOUR, note=_SAME_ARTICLE,
    ),
    Claim(
        "tpu_v7_cheaper_than_gb300_per_effective_pflop", "F0086",
        "an outside TPU v7 costs less per effective training PFLOP than GB300",
        "tpu-v7-pod", "gb300-nvl72", EFFECTIVE_PFLOP, note=_SAME_ARTICLE,
    ),
    Claim(
        "mi355x_cheaper_than_b200_2025", "F0025", "MI355X costs less per chip-hour than B200 (hyperscaler, 2025)",
        "mi355x-ubb8", "hgx-b200-8", CHIP_HOUR, only_vintage="v2025",
    ),
    Claim(
        "mi355x_not_cheaper_than_b200_2026", "F0053", "MI355X costs no less per chip-hour than B200 (neocloud, 2026)",
        "mi355x-ubb8", "hgx-b200-8", CHIP_HOUR, buyer_class="neocloud_giant", only_vintage="v2026",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Side:
    """What one side of a claim draws: USD per chip, kW per chip, units per chip (a constant times a drawn share)."""

    capex: Array
    power_kw: Array
    units: float
    unit_share: Array
    share_name: str


@dataclass(frozen=True)
class Contest:
    """Both sides of a claim and what they share in each draw."""

    own: Side
    rival: Side
    wacc_ratio: Array
    life_years: Array
    residual_share: Array
    opex_usd_per_kw_month: Array

    def ratio(self) -> Array:
        """Cost per unit of the system over its rival's, per draw."""
        return self._cost(self.own) / self._cost(self.rival)

    def _cost(self, side: Side) -> Array:
        capital = cost.capital_usd_per_hour(side.capex, self.wacc_ratio, self.life_years, self.residual_share)
        tco = capital + cost.operating_usd_per_hour(side.power_kw, self.opex_usd_per_kw_month)
        return np.asarray(tco / (side.units * side.unit_share))

    def inputs(self) -> Iterator[tuple[str, Array]]:
        """Names and draws of everything that could be held still."""
        for name, side in (("system", self.own), ("rival", self.rival)):
            yield f"capex of the {name}", side.capex
            yield f"power of the {name}", side.power_kw
            yield f"{side.share_name} of the {name}", side.unit_share
        yield "WACC", self.wacc_ratio
        yield "life", self.life_years
        yield "facility cost per kW", self.opex_usd_per_kw_month

    def held(self, name: str, value: float) -> Contest:
        """The same contest with one input at a fixed value in every draw."""
        fields = {"WACC": "wacc_ratio", "life": "life_years", "facility cost per kW": "opex_usd_per_kw_month"}
        if name in fields:
            return replace(self, **{fields[name]: np.full_like(getattr(self, fields[name]), value)})
        which = "own" if name.endswith("system") else "rival"
        side: Side = getattr(self, which)
        field = {"capex": "capex", "power": "power_kw"}.get(name.split(" ", 1)[0], "unit_share")
        side = replace(side, **{field: np.full_like(getattr(side, field), value)})
        return replace(self, own=side) if which == "own" else replace(self, rival=side)


def run_claims(frames: Mapping[str, pd.DataFrame], as_of: date, seed: int, n_draws: int) -> pd.DataFrame:
    """CLAIMS on paired draws, one row per claim, vintage and specification of the rival.

    In: frames 'systems' (int_tco__system_inputs), 'earlier_specs' (int_tco__earlier_specs: the rival as it was
    specified before, costed as it is now), 'tokens' (int_tco__claim_tokens: accelerator_id, output_tok_per_s_chip,
    throughput_half_width_share), 'assumptions' (stg_assumptions). Out: CLAIM_KEY, the claim's own fields,
    is_circular and circularity_reason, missing_inputs (empty where it could be tested), claimed_ratio_low/high,
    cost_ratio_to_rival as `_p05/_p50/_p95`, holds_probability, and decided_by: the input that moves that probability
    most between its 5th and 95th percentile, with the probability at either end. A claim without a threshold row is not
    known yet and has no row. Sorted by CLAIM_KEY; errors as `run`.
    """
    refuse_look_ahead(frames, as_of)
    beliefs = Assumptions(frames["assumptions"], ENGINE)
    simulation = Simulation(beliefs, seed, n_draws)
    named = {claim.system_id for claim in CLAIMS} | {claim.rival_system_id for claim in CLAIMS}
    systems = frames["systems"][frames["systems"]["system_id"].isin(named)]
    rows_of = {(str(r["system_id"]), str(r["assumption_vintage"])): r for r in systems.to_dict("records")}
    earlier = frames["earlier_specs"].to_dict("records")
    tokens = {str(r["accelerator_id"]): r for r in frames["tokens"].to_dict("records")}
    drawn = {(d.system_id, d.assumption_vintage, d.buyer_class): d for d in simulation.cost_draws(systems)}
    rows: list[dict[str, object]] = []
    for claim in CLAIMS:
        bounds = [beliefs.find(f"claim/{claim.claim_id}", f"claimed_ratio_{end}") for end in ("low", "high")]
        if not any(bounds):
            continue
        low, high = (float("nan") if b is None else b.value for b in bounds)
        for vintage in sorted({v for _, v in rows_of} if claim.only_vintage is None else {claim.only_vintage}):
            own, rival = (rows_of.get((s, vintage)) for s in (claim.system_id, claim.rival_system_id))
            specs: list[Row | None] = [rival]
            specs += [e for e in earlier if rival is not None and e["system_id"] == claim.rival_system_id]
            for spec in specs:
                missing = _missing(claim, own, rival, spec, tokens)
                row: dict[str, object] = {
                    "claim_id": claim.claim_id,
                    "assumption_vintage": vintage,
                    "rival_spec_accelerator_id": "" if spec is None else str(spec["accelerator_id"]),
                    "figure_id": claim.figure_id,
                    "claim_text": claim.text,
                    "system_id": claim.system_id,
                    "rival_system_id": claim.rival_system_id,
                    "buyer_class": claim.buyer_class,
                    "metric": claim.metric,
                    **_circularity(claim, own),
                    "missing_inputs": "; ".join(missing),
                    "claimed_ratio_low": low,
                    "claimed_ratio_high": high,
                }
                if own is not None and rival is not None and spec is not None and not missing:
                    a, b = (drawn[s, vintage, claim.buyer_class] for s in (claim.system_id, claim.rival_system_id))
                    row |= _tested(
                        _contest(simulation, claim, tokens, a, own, b, spec), low, high, claim, vintage, own, rival
                    )
                rows.append(row)
    texts = [
        *CLAIM_KEY, "figure_id", "claim_text", "system_id", "rival_system_id", "buyer_class", "metric",
        "circularity_reason", "missing_inputs", "decided_by",
        "decided_by_evidence_ids",
    ]  # fmt: skip
    probabilities = ["holds_probability", "holds_at_low_probability", "holds_at_high_probability"]
    ratios = ["claimed_ratio_low", "claimed_ratio_high", *(f"cost_ratio_to_rival_{s}" for s in STATISTICS[:3])]
    flags = pd.Series([bool(row["is_circular"]) for row in rows], dtype="bool")
    found = table(rows, texts, [*ratios, *probabilities]).assign(is_circular=flags)
    return found.sort_values(CLAIM_KEY, ignore_index=True)


def holds(ratio: Array, low: float, high: float) -> float:
    """Share of draws in which a ratio lies within the claimed bounds; NaN leaves a side open."""
    inside = np.ones(ratio.shape, dtype=bool)
    if not np.isnan(low):
        inside &= ratio >= low
    if not np.isnan(high):
        inside &= ratio <= high
    return float(np.mean(inside))


def decider(contest: Contest, low: float, high: float) -> tuple[str, float, float]:
    """The input that moves the probability of a claim most: its name, the probability at its 5th and 95th percentile.

    Each input is held at its 5th, 50th and 95th percentile (a claim with two bounds may be likeliest in the middle),
    all others stay drawn. NOTHING where no input moves the probability by SLIGHT; ties go to the first of
    Contest.inputs.
    """
    best = (NOTHING, float("nan"), float("nan"))
    widest = SLIGHT
    for name, values in contest.inputs():
        if np.ptp(values) == 0.0:
            continue
        at = [holds(contest.held(name, float(np.quantile(values, q))).ratio(), low, high) for q in HELD_AT]
        if max(at) - min(at) > widest:
            widest, best = max(at) - min(at), (name, at[0], at[-1])
    return best


def _tested(
    contest: Contest, low: float, high: float, claim: Claim, vintage: str, own: Row, rival: Row
) -> dict[str, object]:
    ratio = contest.ratio()
    name, at_low, at_high = decider(contest, low, high)
    evidence = _evidence(name, claim, vintage, {"system": own, "rival": rival})
    return {
        **summary({"cost_ratio_to_rival": ratio}, ["cost_ratio_to_rival"]),
        "holds_probability": holds(ratio, low, high),
        "decided_by": name,
        "decided_by_evidence_ids": evidence,
        "holds_at_low_probability": at_low,
        "holds_at_high_probability": at_high,
    }


def _evidence(name: str, claim: Claim, vintage: str, sides: Mapping[str, Row]) -> str:
    """Evidence and assumption rows behind an input of a contest, comma-separated."""
    if name == NOTHING:
        return ""
    what, _, which = name.partition(" of the ")
    if which not in sides:
        parameters = {
            "WACC": ("wacc_ratio",),
            "life": ("life_years",),
            "facility cost per kW": (SHORTCUT_PARAMETER, *BUILD_UP_PARAMETERS),
        }[name]
        return ", ".join(f"assumption:{vintage}/{claim.buyer_class}/{parameter}" for parameter in parameters)
    side = sides[which]
    if what == "capex":
        return ", ".join(str(e) for e in side["capex_evidence_ids"])
    if what == "power":
        return ", ".join(str(e) for e in side["power_evidence_ids"])
    if what == "MFU":
        return f"assumption:{side['mfu_subject']}/mfu_dense_bf16_share"
    if what == "modelled throughput":
        return "marts.tokens_calibration"
    return f"assumption:{side['system_id']}/{DECODE_EFFICIENCY}"


def _missing(
    claim: Claim, own: Row | None, rival: Row | None, spec: Row | None, tokens: Mapping[str, Row]
) -> list[str]:
    """What a claim cannot be tested without."""
    found = [
        f"price of {name} in this vintage"
        for name, row in ((claim.system_id, own), (claim.rival_system_id, rival))
        if row is None
    ]
    unit = UNITS.get(claim.metric)
    for name, row, costed in ((claim.system_id, own, own), (claim.rival_system_id, spec, rival)):
        if row is None or costed is None:
            continue
        if unit is not None and not float(row[unit]) > 0:
            found.append(f"{unit} of {row['accelerator_id']}")
        if claim.metric == EFFECTIVE_PFLOP and pd.isna(costed["mfu_subject"]):
            found.append(f"MFU of {name}")
        if claim.metric == MODELLED_TOKENS and str(row["accelerator_id"]) not in tokens:
            found.append(f"modelled throughput of {row['accelerator_id']}")
    return found


def _circularity(claim: Claim, own: Row | None) -> dict[str, object]:
    """Circular only as long as the price is that bound: an observed price makes the claim a test."""
    bound = own is not None and own["capex_basis"] == "prior_bound" and own["accelerator_id"] == claim.circular_through
    reason = CIRCULAR_PRICE[str(claim.circular_through)] if bound else ""
    return {"is_circular": bound, "circularity_reason": "; ".join(text for text in (reason, claim.note) if text)}


def _contest(
    simulation: Simulation,
    claim: Claim,
    tokens: Mapping[str, Row],
    own: CostDraws,
    own_spec: Row,
    rival: CostDraws,
    rival_spec: Row,
) -> Contest:
    return Contest(
        own=_side(simulation, claim.metric, tokens, own, own_spec),
        rival=_side(simulation, claim.metric, tokens, rival, rival_spec),
        wacc_ratio=own.wacc_ratio,
        life_years=own.life_years,
        residual_share=own.residual_share,
        opex_usd_per_kw_month=own.operating_usd_per_chip_hour / own.power_kw * cost.HOURS_PER_MONTH,
    )


def _side(simulation: Simulation, metric: str, tokens: Mapping[str, Row], draws: CostDraws, spec: Row) -> Side:
    share: Array = np.ones_like(draws.capex_usd_per_chip)
    share_name = "unit"
    unit = UNITS.get(metric)
    units = 1.0 if unit is None else float(spec[unit])
    if metric == EFFECTIVE_PFLOP and draws.mfu_share is not None:
        share, share_name = draws.mfu_share, "MFU"
    if metric == DECODED_TOKENS:
        share_name = "decode efficiency"
        belief = simulation.assumptions.find(draws.system_id, DECODE_EFFICIENCY)
        share = share if belief is None else simulation.drawn(belief, stream=f"decode:{draws.system_id}")
    if metric == MODELLED_TOKENS:
        share_name = "modelled throughput"
        accelerator = str(spec["accelerator_id"])
        units = float(tokens[accelerator]["output_tok_per_s_chip"])
        sigma = np.log1p(float(tokens[accelerator]["throughput_half_width_share"])) / Z95
        # The stream of models/tco/tokens.py: the roofline errs on a chip once, wherever that chip is looked at.
        own = generator(simulation.seed, f"roofline:{accelerator}").standard_normal(simulation.n_draws)
        share = np.exp(sigma * own)
    return Side(draws.capex_usd_per_chip, draws.power_kw, units, share, share_name)
