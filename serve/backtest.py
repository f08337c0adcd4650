"""Make our dated forecasts again: the engines and their rivals as of past days, kept as bundled sources.

    python -m serve.backtest                            # both engines, every day of DATES
    python -m serve.backtest --engine capacity 2026-01-03   # this day; rows of other days stay as they are
    python -m serve.backtest --table                    # the scores of the published file, as the docs print them

One dbt run per day, with the same models and the same as_of rules as a warehouse build of that day, so nothing known
later can enter. Needs the raw store that `make run` leaves. The rows go to ingest/sources/forecasts_<engine>/sample; a
forecast that comes out as it was keeps its made_on. The next refresh scores them (marts.forecast_accuracy).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from serve.build import run_dbt
from settings import settings

ENGINES = ("volumes", "capacity")
DATES = {
    # From the first days on which suppliers' Trainium2 revenue could be seen; the day before Amazon's count of
    # 2026-02-05 is the last on which it can be forecast.
    "volumes": (
        "2025-01-15", "2025-04-15", "2025-08-15", "2025-10-15", "2025-11-15",
        "2026-02-04", "2026-02-15", "2026-04-15", "2026-07-15", "2026-09-15",
    ),
    # The days on which a full vintage of the site timelines became known.
    "capacity": (
        "2025-11-12", "2025-12-13", "2026-01-03", "2026-01-21", "2026-04-03",
        "2026-05-23", "2026-07-07", "2026-08-03", "2026-08-20", "2026-09-24",
    ),
}  # fmt: skip
KEY = ("target", "subject", "period", "forecaster", "forecast_as_of")
BEFORE_CLOCK = "horizon_months"

Row = dict[str, str]


class BacktestFailed(Exception):
    """dbt could not make the forecasts of a day."""


def sample_file(engine: str) -> Path:
    """Where the forecasts of an engine are kept."""
    return settings().repo / "ingest" / "sources" / f"forecasts_{engine}" / "sample" / "forecasts.csv"


def forecasts_of(engine: str, as_of: str, place: Path) -> list[Row]:
    """What the engine and its rivals say on a day, as text rows without made_on; dbt works in the folder `place`.

    Raises BacktestFailed with dbt's last words when it cannot be built.
    """
    model = f"int_forecast_accuracy__{engine}_forecasts"
    warehouse = place / "warehouse.duckdb"
    warehouse.unlink(missing_ok=True)
    done = run_dbt(
        "run", "--select", f"+{model}", as_of=as_of, warehouse=warehouse, raw_db=settings().raw_db,
        target=place / "target", logs=place, variables={"is_backtest": True},
    )  # fmt: skip
    if done.returncode != 0:
        raise BacktestFailed(f"dbt failed as of {as_of}:\n" + "\n".join(done.stdout.splitlines()[-25:]))
    with duckdb.connect(str(warehouse), read_only=True) as con:
        found = con.execute(f"select * replace (period_end_date::date as period_end_date) from intermediate.{model}")
        names = [column[0] for column in found.description]
        rows = [{name: _text(value) for name, value in zip(names, row, strict=True)} for row in found.fetchall()]
    return [_with_clock(row, as_of) for row in rows]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)


def _with_clock(row: Row, as_of: str) -> Row:
    """The row with forecast_as_of where the file has it: after the horizon, before the quantiles."""
    clocked: Row = {}
    for name, value in row.items():
        clocked[name] = value
        if name == BEFORE_CLOCK:
            clocked["forecast_as_of"] = as_of
            clocked["made_on"] = ""
    return clocked


def merged(stored: list[Row], made: list[Row], made_on: str) -> list[Row]:
    """The file's rows after `made` has replaced the rows of its days; what comes out unchanged keeps its made_on."""
    days = {row["forecast_as_of"] for row in made}
    before = {tuple(row[name] for name in KEY): row for row in stored}
    rows = [row for row in stored if row["forecast_as_of"] not in days]
    for row in made:
        old = before.get(tuple(row[name] for name in KEY))
        same = old is not None and {**old, "made_on": ""} == {**row, "made_on": ""}
        rows.append({**row, "made_on": old["made_on"] if old is not None and same else made_on})
    return sorted(rows, key=lambda row: (row["forecast_as_of"], *(row[name] for name in KEY)))


def read(file: Path) -> list[Row]:
    """The stored rows; none when there is no file yet."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write(file: Path, rows: list[Row], now: datetime) -> None:
    """Write the rows and their sidecar."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sidecar = {
        "retrieved_at": moment,
        "known_from": max(row["forecast_as_of"] for row in rows),
        "known_from_basis": "the newest forecast_as_of; every row has its own, and made_on says when it was computed",
        "vintage_kind": "reconstructed",
        "vintage_scope": "full",
        "url": None,
        "note": "Made by `python -m serve.backtest` with the code of that day from rows known on each forecast_as_of.",
    }
    file.with_name(file.name + ".meta.json").write_text(json.dumps(sidecar, indent=1) + "\n", encoding="utf-8")


def table(con: duckdb.DuckDBPyConnection, engine: str) -> str:
    """Markdown of marts.forecast_scoreboard for an engine, pooled over horizons; capacity by day of forecasting too."""
    return "\n\n".join(_markdown(con, *one) for one in _TABLES[engine])


def _markdown(con: duckdb.DuckDBPyConnection, head: tuple[str, ...], decimals: dict[int, int], query: str) -> str:
    def cell(column: int, value: object) -> str:
        if value is None:
            return "-"
        return f"{value:.{decimals[column]}f}" if isinstance(value, float) else str(value)

    rows = con.execute(query).fetchall()
    lines = [head, ("---",) * len(head), *([cell(i, value) for i, value in enumerate(row)] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# What was foreseen first, then what was only fitted.
_VOLUMES = (
    (
        "target", "basis", "subject", "forecaster", "n", "CRPS %", "abs. error %", "bias %", "in p05-p95",
        "in p10-p90", "n common", "CRPS / ours",
    ),
    {5: 1, 6: 1, 7: 1, 8: 2, 9: 2, 11: 2},
    """
    select target || case target_kind when 'reference' then ' (reference)' else '' end,
        replace(score_basis, '_', ' '), subject, forecaster, n_forecasts, crps_pct_mean, absolute_error_pct_mean,
        error_pct_mean, inside_p05_p95_share, inside_p10_p90_share, n_in_common, crps_ratio_to_gigawatch
    from marts.forecast_scoreboard
    where engine = 'volumes' and horizon = '(all)' and forecast_day = '(all)' and sample = 'all'
        and (subject = '(all)' or target = 'supplier_revenue')
    order by score_basis desc, target_kind, target, subject, forecaster <> 'gigawatch', crps_ratio_to_gigawatch
    """,
)  # fmt: skip
# Scores of sites are in MW or days, those of all sites together in percent: the column `in` says which.
_CAPACITY_SCORES = """
    select *, case score_scale when 'relative' then '%' else unit end as score_unit,
        coalesce(crps_pct_mean, crps_value_mean) as crps, coalesce(error_pct_mean, error_value_mean) as bias,
        coalesce(absolute_error_pct_mean, absolute_error_value_mean) as absolute_error
    from marts.forecast_scoreboard
    where engine = 'capacity' and score_basis = 'out_of_sample' and subject = '(all)' and horizon = '(all)'
"""
_CAPACITY = (
    (
        "target", "sample", "forecaster", "n", "sites", "censored", "in", "CRPS", "abs. error", "bias", "in p05-p95",
        "in p10-p90", "n common", "CRPS / ours", "CRPS to date / ours",
    ),
    {7: 1, 8: 1, 9: 1, 10: 2, 11: 2, 13: 2, 14: 2},
    f"""
    select target, sample, forecaster, n_forecasts, n_subjects, n_censored, score_unit, crps, absolute_error, bias,
        inside_p05_p95_share, inside_p10_p90_share, n_in_common, crps_ratio_to_gigawatch,
        crps_to_date_ratio_to_gigawatch
    from ({_CAPACITY_SCORES}) where forecast_day = '(all)'
    order by target, sample, forecaster not like 'gigawatch%', forecaster
    """,
)  # fmt: skip
_CAPACITY_BY_DAY = (
    (
        "target", "as of", "sites", "n", "censored", "in", "CRPS ours", "as printed", "+90 days", "bias ours",
        "as printed", "+90 days", "in p05-p95",
    ),
    {6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 2},
    f"""
    select target, forecast_day, max(n_subjects), max(n_forecasts), max(n_censored), any_value(score_unit),
        any_value(crps) filter (where forecaster = 'gigawatch'),
        any_value(crps) filter (where forecaster = 'epoch_as_printed'),
        any_value(crps) filter (where forecaster = 'epoch_plus_90_days'),
        any_value(bias) filter (where forecaster = 'gigawatch'),
        any_value(bias) filter (where forecaster = 'epoch_as_printed'),
        any_value(bias) filter (where forecaster = 'epoch_plus_90_days'),
        any_value(inside_p05_p95_share) filter (where forecaster = 'gigawatch')
    from ({_CAPACITY_SCORES}) where forecast_day <> '(all)' and sample = 'all'
    group by target, forecast_day
    order by target, forecast_day
    """,
)  # fmt: skip
_TABLES = {"volumes": (_VOLUMES,), "capacity": (_CAPACITY, _CAPACITY_BY_DAY)}


def main(argv: list[str] | None = None) -> int:
    """Make the forecasts of the days asked for and keep them. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Make our dated forecasts again, as bundled sources.")
    parser.add_argument("dates", nargs="*", type=lambda day: date.fromisoformat(day).isoformat(), metavar="YYYY-MM-DD")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="left out: all of them")
    parser.add_argument("--table", action="store_true", help="print the published scores and make nothing")
    options = parser.parse_args(argv)
    engines = options.engine or ENGINES
    if options.table:
        with duckdb.connect(str(settings().serving_db), read_only=True) as con:
            print("\n\n".join(table(con, engine) for engine in engines))
        return 0
    if not settings().raw_db.exists():
        print(f"{settings().raw_db} does not exist: `make run` fills it.", file=sys.stderr)
        return 1
    now = datetime.now(UTC)
    if late := [day for day in options.dates if day > now.date().isoformat()]:
        print(f"{late[0]} has not come yet.", file=sys.stderr)
        return 2
    for engine in engines:
        try:
            made = _made(engine, options.dates or DATES[engine])
        except BacktestFailed as failed:
            print(failed, file=sys.stderr)
            return 1
        _keep(engine, made, now)
    return 0


def _made(engine: str, dates: Iterable[str]) -> list[Row]:
    """The forecasts of these days."""
    made: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="gigawatch_backtest_") as place:
        for as_of in dates:
            rows = forecasts_of(engine, as_of, Path(place))
            print(f"{engine} {as_of}: {len(rows)} forecasts", flush=True)
            made += rows
    return made


def _keep(engine: str, made: list[Row], now: datetime) -> None:
    file = sample_file(engine)
    stored = read(file)
    rows = merged(stored, made, now.date().isoformat())
    if rows == stored:
        print(f"{file} already holds these forecasts, unchanged.")
        return
    write(file, rows, now)
    print(f"wrote {len(rows)} forecasts to {file}; `make run` scores them")


if __name__ == "__main__":
    sys.exit(main())
