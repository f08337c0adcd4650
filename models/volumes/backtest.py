"""What the volumes engine, and the naive rivals it has to beat, say on one day about things that are known later.

`forecasts` is called as of a date with frames that hold only what was known then. What it answers is fixed in advance
and does not depend on what was disclosed later: per generation the landed chips as Amazon would state them and the
packages made, for the quarters and years around the date, and monthly revenue of the suppliers in the engine. Which of
these ever meet an actual value is for the score to find out.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.scoring import COLUMNS, LEVELS, quantiles_of, split_normal
from models.volumes.assumptions import Assumptions, Beliefs, Floats, generator
from models.volumes.engine import GENERATIONS, installed_chips, latent_names, packages_by_generation, racked_chips
from models.volumes.evidence import ALL_GENERATIONS, check_known, months_completed, units_by
from models.volumes.flows import FIRST_MONTH, N_MONTHS, month_index
from models.volumes.suppliers import (
    contents,
    expected_revenue,
    revenue_log_sd,
    revenue_series,
)

Frames = Mapping[str, pd.DataFrame]

ENGINE = "gigawatch"
QUARTERS_BACK, QUARTERS_AHEAD = 2, 4
MONTHS_AHEAD = 6
MIN_PAST_CHANGES = 12
_EPOCH_STOCK = "EPOCH-STOCK"
# Three months make the growth of a year: one month is noise.
_GROWTH_MONTHS = 3

_FORECAST_COLUMNS = [
    "target", "subject", "period", "period_end_date", "unit", "forecaster", "is_point_forecast", "horizon_months",
    *COLUMNS,
]  # fmt: skip
_KEY = ["target", "subject", "period", "forecaster"]


def forecasts(frames: Frames, as_of: date, seed: int) -> pd.DataFrame:
    """Return one row per target, subject, period and forecaster, as of a day.

    `frames`, all as known on `as_of`: assumptions, revenue and, where there are any, revenue_spans and controls as
    run_posterior takes them, the posterior it returned, statements (used or not), epoch (Epoch AI's newest estimates of
    Amazon's chips: chip_type, period_kind, period_end_date, package_units_p05, _p50, _p95, known_from) and claims
    (published estimates as collected: estimate_id, sku, period_end, value, low, high, known_from).

    Returns target, subject, period ('2025Q4', '2026' or '2025-10'), period_end_date, unit, forecaster,
    is_point_forecast, horizon_months (from the last month that was over on `as_of` to the last month of the period)
    and the quantiles scoring.COLUMNS. Raises LookAheadError for a row nobody could know on `as_of`.
    """
    _check_known(frames, as_of)
    assumptions = Assumptions(frames["assumptions"])
    beliefs = _beliefs(assumptions, frames["posterior"])
    packages = packages_by_generation(beliefs)
    racked = {generation: racked_chips(beliefs, generation, flows) for generation, flows in packages.items()}
    rows = [
        *_landed(beliefs, racked, as_of, seed),
        *_packages(packages, as_of),
        *_revenue(beliefs, packages, racked, frames, as_of, seed),
        *_statement_rivals(assumptions, frames["statements"], as_of),
        *_epoch_rival(frames["epoch"], frames["claims"], as_of),
        *_revenue_rivals(assumptions, frames["revenue"], as_of),
    ]
    found = pd.DataFrame(rows, columns=_FORECAST_COLUMNS)
    return found.sort_values(_KEY, kind="stable").reset_index(drop=True)


def _check_known(frames: Frames, as_of: date) -> None:
    rows = frames["assumptions"]
    check_known(rows[rows["known_from"].notna()], "volume assumptions", as_of)
    check_known(frames["revenue"], "supplier revenue", as_of)
    for name in ("revenue_spans", "controls"):
        if name in frames:
            check_known(frames[name], name, as_of)
    check_known(frames["statements"], "volume statements", as_of)
    check_known(frames["epoch"], "Epoch AI's estimates", as_of)
    check_known(frames["claims"], "published estimates", as_of)


def _beliefs(assumptions: Assumptions, posterior: pd.DataFrame) -> Beliefs:
    names = latent_names(assumptions)
    scores = posterior.pivot(index="draw_id", columns="latent", values="score")[names]
    return Beliefs(assumptions, names, scores.to_numpy(dtype=np.float64))


# --- periods


def quarters(as_of: date) -> list[tuple[str, int]]:
    """Label and last month (counted from 2023-01) of the quarters a forecast of that day speaks of."""
    current = month_index(as_of) // 3
    around = range(max(current - QUARTERS_BACK, 0), min(current + QUARTERS_AHEAD, N_MONTHS // 3 - 1) + 1)
    return [(f"{FIRST_MONTH.year + q // 4}Q{q % 4 + 1}", 3 * q + 2) for q in around]


def years(as_of: date) -> list[tuple[str, int]]:
    """Label and last month of last year, this year and the next, as far as the engine's window goes."""
    around = range(as_of.year - 1, as_of.year + 2)
    ends = {str(year): month_index(date(year, 12, 1)) for year in around}
    return [(label, end) for label, end in ends.items() if end - 11 >= 0 and end < N_MONTHS]


def _month_label(month: int) -> str:
    return f"{FIRST_MONTH.year + month // 12}-{month % 12 + 1:02d}"


def _row(
    target: str, subject: str, period: str, last_month: int, forecaster: str, values: Floats | float, as_of: date
) -> list[object]:
    """One forecast; a single number is a point forecast and stands on every level."""
    is_point = np.ndim(values) == 0
    unit, decimals = ("twd_m", 3) if target == "supplier_revenue" else ("units", 0)
    after = last_month + 1
    end = date(FIRST_MONTH.year + after // 12, after % 12 + 1, 1) - timedelta(days=1)
    grid = np.round(np.broadcast_to(np.asarray(values, dtype=np.float64), len(LEVELS)), decimals)
    return [
        target, subject, period, end, unit, forecaster, is_point, last_month - month_index(as_of) + 1, *grid.tolist()
    ]  # fmt: skip


# --- the engine


def _landed(beliefs: Beliefs, racked: Mapping[str, Floats], as_of: date, seed: int) -> list[list[object]]:
    """Chips Amazon would say have landed by each quarter's end, of generations that are made by then.

    The engine's own equation of such a statement, with its doubt whether one generation or all of them are meant.
    """
    installed = {generation: installed_chips(beliefs, generation, flows) for generation, flows in racked.items()}
    everything: Floats = np.sum(list(installed.values()), axis=0)
    rng = generator(seed, "backtest", "statement")
    means_own = rng.random(beliefs.n_draws) < beliefs.value("disclosure", "this_generation_probability")
    error = np.exp(beliefs.value("disclosure", "log_sd") * rng.standard_normal(beliefs.n_draws))
    offset = beliefs.draw("disclosure", "date_offset_months")
    rows = []
    for generation in _started(beliefs.assumptions, as_of):
        counted = np.where(means_own[:, None], installed[generation], everything)
        for label, last in quarters(as_of):
            units = units_by(counted, last + 1 + offset) * error
            rows.append(_row("landed_chips_stated", generation, label, last, ENGINE, quantiles_of(units), as_of))
    return rows


def _started(assumptions: Assumptions, as_of: date) -> list[str]:
    """Generations whose first packages were made by that day."""
    return [g for g in GENERATIONS if assumptions.value(g, "first_package_month") <= month_index(as_of)]


def _packages(packages: Mapping[str, Floats], as_of: date) -> list[list[object]]:
    """Packages made per quarter and per calendar year, without the error of anybody's estimate of them."""
    flows = {**packages, ALL_GENERATIONS: np.sum(list(packages.values()), axis=0)}
    rows = []
    for generation, monthly in flows.items():
        for target, months, periods in (
            ("packages_in_quarter", 3, quarters(as_of)),
            ("packages_in_year", 12, years(as_of)),
        ):
            for label, last in periods:
                units = monthly[:, last - months + 1 : last + 1].sum(axis=1)
                rows.append(_row(target, generation, label, last, ENGINE, quantiles_of(units), as_of))
    return rows


def _revenue(
    beliefs: Beliefs,
    packages: Mapping[str, Floats],
    racked: Mapping[str, Floats],
    frames: Frames,
    as_of: date,
    seed: int,
) -> list[list[object]]:
    """Revenue of the coming months: the equation, with an error that starts at the last month's and fades into its own.

    The likelihood lets a month count for a fraction `month_weight` of an observation because errors of neighbouring
    months move together. An autoregression in which n months tell as much as n * weight independent ones has the
    correlation (1 - weight) / (1 + weight) from month to month.
    """
    revenue = frames["revenue"]
    weight = beliefs.value("supplier_revenue", "month_weight")
    persistence = (1 - weight) / (1 + weight)
    rows = []
    supplier_contents = contents(beliefs)
    for one in revenue_series(revenue, beliefs.assumptions, frames.get("revenue_spans"), frames.get("controls")):
        known = _known_months(revenue, one.ticker)
        if not known:  # reports by quarter only
            continue
        sd = revenue_log_sd(beliefs.assumptions, one.ticker)
        last = max(known)
        expected = np.log(expected_revenue(one, packages, racked, supplier_contents, beliefs))
        last_error = np.log(known[last]) - expected[:, last]
        for month in _months_asked(known, as_of):
            kept = persistence ** (month - last)
            noise = generator(seed, "backtest", one.ticker, _month_label(month)).standard_normal(beliefs.n_draws)
            error = kept * last_error + sd * np.sqrt(1 - kept**2) * noise
            grid = quantiles_of(np.exp(expected[:, month] + error)) / 1000
            rows.append(_row("supplier_revenue", one.ticker, _month_label(month), month, ENGINE, grid, as_of))
    return rows


def _known_months(revenue: pd.DataFrame, ticker: str) -> dict[int, float]:
    """Revenue in thousand TWD by month counted from 2023-01."""
    own = revenue[revenue["ticker"] == ticker]
    months = (month_index(date.fromisoformat(f"{month}-01")) for month in own["revenue_month"])
    return {m: float(value) for m, value in zip(months, own["revenue_twd_thousand"], strict=True) if value > 0}


def _months_asked(known: Iterable[int], as_of: date) -> range:
    """Months after the last known one, up to six months ahead."""
    return range(max(known) + 1, min(month_index(as_of) + MONTHS_AHEAD, N_MONTHS))


# --- the rivals


def _revenue_rivals(assumptions: Assumptions, revenue: pd.DataFrame, as_of: date) -> list[list[object]]:
    """The last known month, the same with the spread of its own past errors, and last year's month times growth."""
    rows = []
    for ticker in sorted(set(revenue["ticker"])):
        if not assumptions.has(ticker, "base_first_month"):
            continue
        known = _known_months(revenue, ticker)
        last = max(known)
        for month in _months_asked(known, as_of):
            said: dict[str, Floats | float] = {"last_value": known[last]}
            changes = [known[m] / known[m - (month - last)] for m in known if m - (month - last) in known]
            if len(changes) >= MIN_PAST_CHANGES:
                said["last_value_with_past_errors"] = known[last] * quantiles_of(np.array(changes))
            recent = [m for m in sorted(known)[-_GROWTH_MONTHS:] if m - 12 in known]
            if len(recent) == _GROWTH_MONTHS and month - 12 in known:
                growth = sum(known[m] for m in recent) / sum(known[m - 12] for m in recent)
                said["year_ago_times_growth"] = known[month - 12] * growth
            rows += [
                _row("supplier_revenue", ticker, _month_label(month), month, rival, np.asarray(value)[()] / 1000, as_of)
                for rival, value in said.items()
            ]
    return rows


def _statement_rivals(assumptions: Assumptions, statements: pd.DataFrame, as_of: date) -> list[list[object]]:
    """A straight line through Amazon's own counts, and the newest broker's total of the year, spread evenly over it."""
    rows = []
    for generation in GENERATIONS:
        first = int(assumptions.value(generation, "first_package_month"))
        counts = _amazon_counts(statements, generation)
        for label, last in quarters(as_of):
            if counts:
                units = _line([(first, 0.0), *counts], last + 1)
                rows.append(_row("landed_chips_stated", generation, label, last, "amazon_line", units, as_of))
    for generation in (*GENERATIONS, ALL_GENERATIONS):
        totals = _analyst_totals(statements, generation)
        for label, last in years(as_of):
            if int(label) in totals:
                rows.append(
                    _row("packages_in_year", generation, label, last, "last_analyst", totals[int(label)], as_of)
                )
        for label, last in quarters(as_of):
            year, quarter = int(label[:4]), int(label[-1])
            if year not in totals:
                continue
            rows.append(_row("packages_in_quarter", generation, label, last, "last_analyst", totals[year] / 4, as_of))
            if generation != ALL_GENERATIONS:
                so_far = sum(total for other, total in totals.items() if other < year) + totals[year] * quarter / 4
                rows.append(_row("landed_chips_stated", generation, label, last, "last_analyst", so_far, as_of))
    return rows


def _amazon_counts(statements: pd.DataFrame, generation: str) -> list[tuple[float, float]]:
    """Amazon's counts and plans as (months completed since 2023-01, units): one per root, the newest of a date."""
    own = statements[
        statements["publisher"].str.startswith("Amazon")
        & (statements["evidence_kind"] == "disclosure")
        & (statements["generation"] == generation)
    ].sort_values(["known_from", "estimate_id"])
    by_date: dict[float, float] = {}
    for row in own.drop_duplicates("root_id", keep="first").to_dict("records"):
        by_date[months_completed(pd.Timestamp(str(row["period_end"])).date())] = float(row["value_units"])
    return sorted(by_date.items())


def _line(points: list[tuple[float, float]], at: float) -> float:
    """Straight between the points, and straight on after the last two."""
    x, y = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    if at <= x[-1]:
        return float(np.interp(at, x, y))
    return float(y[-1] + (at - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2]))


def _analyst_totals(statements: pd.DataFrame, generation: str) -> dict[int, float]:
    """The newest usable analyst total per calendar year."""
    own = statements[
        statements["is_used"]
        & (statements["evidence_kind"] == "analyst_total")
        & (statements["generation"] == generation)
    ].sort_values(["known_from", "estimate_id"])
    return {pd.Timestamp(str(row["period_end"])).year: float(row["value_units"]) for row in own.to_dict("records")}


def _epoch_rival(epoch: pd.DataFrame, claims: pd.DataFrame, as_of: date) -> list[list[object]]:
    """Epoch AI's newest vintage as printed: medians with 5th and 95th percentiles of chips made.

    Before it had a timeline, its newest estimate of the whole stock speaks for it.
    """
    targets = {"quarter": "packages_in_quarter", "cumulative": "landed_chips_stated"}
    said = epoch[epoch["chip_type"].isin(GENERATIONS)].assign(target=lambda rows: rows["period_kind"].map(targets))
    if said.empty:
        stock = claims[claims["estimate_id"].str.startswith(_EPOCH_STOCK) & claims["sku"].isin(GENERATIONS)]
        names = {"sku": "chip_type", "period_end": "period_end_date"}
        names |= {"low": "package_units_p05", "value": "package_units_p50", "high": "package_units_p95"}
        newest = stock.sort_values(["known_from", "estimate_id"]).tail(1)
        said = newest.rename(columns=names).assign(target=targets["cumulative"])
    asked = dict(quarters(as_of))
    rows = []
    for row in said.to_dict("records"):
        end = pd.Timestamp(str(row["period_end_date"]))
        label = f"{end.year}Q{end.quarter}"
        if label in asked:
            three = (np.array([float(row[f"package_units_{p}"])]) for p in ("p05", "p50", "p95"))
            grid = split_normal(*three)[0]
            rows.append(_row(str(row["target"]), str(row["chip_type"]), label, asked[label], "epoch", grid, as_of))
    return rows
