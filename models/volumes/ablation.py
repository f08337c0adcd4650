"""What each family of evidence moves: the inference again with one family left out, or alone.

The table of docs/methods/volumes.md; `python -m serve.ablation` builds and prints it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

import pandas as pd

from models.volumes.assumptions import Assumptions
from models.volumes.run import run_generation_totals, run_posterior
from models.volumes.suppliers import content_subjects

Frames = Mapping[str, pd.DataFrame]

# What the table shows: generation, cumulative measure, quarter up to which.
_SHOWN = (
    ("Trainium2", "package_units", "2025-10-01"),
    ("Trainium2", "installed_chip_units", "2025-10-01"),
    ("Trainium3", "package_units", "2026-10-01"),
    ("Trainium3", "installed_chip_units", "2026-10-01"),
)

# Celestica builds for Google. Read as a supplier of Trainium2 with the beliefs about Accton, it has to stay quiet.
NEGATIVE_CONTROL = "CLS"
_CONTROL_BASE_MONTHS = (24, 26)


def variants(frames: Frames) -> dict[str, Callable[[], Frames]]:
    """Return what is run, by name, in the order of the table."""
    tickers = sorted({ticker for ticker, _ in content_subjects(Assumptions(frames["assumptions"]))})
    found: dict[str, Callable[[], Frames]] = {
        "all": lambda: frames,
        "without Amazon's count": lambda: _without_statements(frames, "disclosure"),
        "without brokers": lambda: _without_statements(frames, "analyst_total"),
        "without site power": lambda: _emptied(frames, "site_power"),
        "without the packaging ceiling": lambda: _muted(frames, "cowos"),
        "without taking Nvidia out": lambda: _emptied(frames, "controls"),
        "without all suppliers": lambda: _emptied(frames, "revenue", "revenue_spans"),
    }
    for ticker in tickers:
        found[f"without {ticker}"] = lambda ticker=ticker: _without_supplier(frames, ticker)  # type: ignore[misc]
    found["suppliers only"] = lambda: _muted(_emptied(frames, "statements", "site_power"), "cowos")
    found["nothing (prior)"] = lambda: _muted(
        _emptied(frames, "statements", "site_power", "revenue", "revenue_spans"), "cowos"
    )
    found[f"all, with {NEGATIVE_CONTROL} read as a supplier"] = lambda: _with_negative_control(frames)
    return found


def ablate(frames: Frames, as_of: date, seed: int, n_draws: int, names: Iterable[str] | None = None) -> pd.DataFrame:
    """Run the variants (all, or those named) and return one row per variant and figure.

    `frames`: those of run_posterior, skus, and negative_control (revenue spans of the negative control). Returns
    position, variant, generation, measure, through_quarter_start_date, p05, p50, p95, n_effective_draws. Raises
    KeyError for an unknown name.
    """
    known = variants(frames)
    rows = []
    for position, name in enumerate(known if names is None else names):
        own = known[name]()
        posterior = run_posterior(own, as_of, seed, n_draws)
        totals = run_generation_totals({**own, "posterior": posterior})
        for generation, measure, through in _SHOWN:
            here = totals[(totals["generation"] == generation) & (totals["quarter_start_date"] == through)].iloc[0]
            rows.append(
                {
                    "position": position,
                    "variant": name,
                    "generation": generation,
                    "measure": measure,
                    "through_quarter_start_date": pd.Timestamp(through),
                    **{level: float(here[f"{measure}_cumulative_{level}"]) for level in ("p05", "p50", "p95")},
                    "n_effective_draws": float(posterior["n_effective_draws"].iloc[0]),
                }
            )
    return pd.DataFrame(rows)


def _without_statements(frames: Frames, evidence_kind: str) -> Frames:
    statements = frames["statements"]
    return {**frames, "statements": statements[statements["evidence_kind"] != evidence_kind]}


def _emptied(frames: Frames, *names: str) -> Frames:
    return {**frames, **{name: frames[name].iloc[:0] for name in names}}


def _muted(frames: Frames, family: str) -> Frames:
    rows = frames["assumptions"].copy()
    rows.loc[(rows["engine"] == "volumes") & (rows["subject"] == family) & (rows["parameter"] == "weight"), "value"] = 0
    return {**frames, "assumptions": rows}


def _without_supplier(frames: Frames, ticker: str) -> Frames:
    return {**frames, **{name: frames[name][frames[name]["ticker"] != ticker] for name in ("revenue", "revenue_spans")}}


def _with_negative_control(frames: Frames) -> Frames:
    rows = frames["assumptions"]
    as_accton = rows[(rows["engine"] == "volumes") & rows["subject"].isin(["2345", "2345/Trainium2"])].copy()
    as_accton["subject"] = as_accton["subject"].str.replace("2345", NEGATIVE_CONTROL)
    for parameter, value in zip(("base_first_month", "base_last_month"), _CONTROL_BASE_MONTHS, strict=True):
        as_accton.loc[as_accton["parameter"] == parameter, "value"] = value
    # It rides on the same build-out; how much is left open.
    rides = as_accton["parameter"] == "nvidia_elasticity"
    as_accton.loc[rides, ["value", "low", "high"]] = [0.5, 0.0, 1.0]
    spans = pd.concat([frames["revenue_spans"], frames["negative_control"]], ignore_index=True)
    return {**frames, "assumptions": pd.concat([rows, as_accton], ignore_index=True), "revenue_spans": spans}
