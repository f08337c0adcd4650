"""The closing words of a refresh, read from the published file alone: what an analyst can query now, and where it is.

python -m serve.summary
"""

from __future__ import annotations

import sys
from typing import Any

import duckdb

from settings import Settings, settings

# Each gives one row (label, unit, p05, p50, p95), or none when nothing was known by the release's as-of date.
HEADLINES = (
    """select 'Trainium2 packages made through 2025Q4', 'packages', package_units_cumulative_p05,
              package_units_cumulative_p50, package_units_cumulative_p95
       from marts.trainium_volumes_quarterly
       where sku_level = 'generation' and generation = 'Trainium2' and calendar_quarter = '2025Q4'""",
    """select 'Anthropic IT power at the end of ' || calendar_quarter, 'MW', it_capacity_mw_p05, it_capacity_mw_p50,
              it_capacity_mw_p95
       from marts.lab_capacity_quarterly
       where level = 'lab' and lab = 'Anthropic' and quarter_start_date = date_trunc('quarter', as_of_date)""",
    """select 'Cost per TB/s of memory bandwidth, ' || if(system_id = 'gb200-nvl72', 'GB200 NVL72', 'Trainium2'),
              'USD an hour', usd_per_tb_per_s_hour_p05, usd_per_tb_per_s_hour_p50, usd_per_tb_per_s_hour_p95
       from marts.tco_metrics
       where system_id in ('gb200-nvl72', 'trn2-ultraserver') and buyer_class = 'hyperscaler'
       qualify assumption_vintage = max(assumption_vintage) over ()
       order by system_id""",
)


def summarise(place: Settings | None = None) -> str:
    """The summary of the release that `place` (None: the main home) serves, as text for a terminal.

    Raises FileNotFoundError when nothing has been published there.
    """
    place = place or settings()
    if not place.serving_db.exists():
        raise FileNotFoundError(f"{place.serving_db} does not exist: nothing has been published yet. Run `make run`.")
    with duckdb.connect(str(place.serving_db), read_only=True) as con:
        release_id, as_of, n_releases = con.execute(
            "select any_value(release_id) filter (where is_current), any_value(as_of_date) filter (where is_current), "
            "count(*) from pit.releases"
        ).fetchone() or (None, None, 0)
        blocks = [
            f"Release {release_id}, as of {as_of} ({n_releases} published so far)",
            _marts(con),
            _headlines(con),
            _trust(con),
            _where(place),
            _next(),
        ]
    return "\n\n".join(blocks)


def _marts(con: duckdb.DuckDBPyConnection) -> str:
    names = [
        row[0]
        for row in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by all"
        ).fetchall()
    ]
    rows = []
    for name in names:
        count = con.execute(f'select count(*) from marts."{name}"').fetchone() or (0,)
        rows.append((f"marts.{name}", f"{count[0]:,}"))
    return "Marts and their rows\n" + _columns(rows)


def _headlines(con: duckdb.DuckDBPyConnection) -> str:
    rows: list[tuple[str, str]] = []
    for query in HEADLINES:
        for label, unit, low, middle, high in con.execute(query).fetchall():
            if middle is not None:
                rows.append((label, f"{_figure(middle)} {unit} (90% between {_figure(low)} and {_figure(high)})"))
    return "Headlines\n" + (
        _columns(rows, align=str.ljust) if rows else "  none: nothing was known about them on that day"
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _trust(con: duckdb.DuckDBPyConnection) -> str:
    late = con.execute(
        """select source || '.' || resource, freshness_status, age_days, freshness_sla_days, last_error
           from marts.source_freshness where freshness_status <> 'fresh' order by all"""
    ).fetchall()
    quarantined = con.execute("select count(*) from marts.quarantine").fetchone() or (0,)
    warned = con.execute("select count(*) from marts.validation_results where not is_successful").fetchone() or (0,)
    checked = con.execute("select count(*) from marts.validation_results").fetchone() or (0,)
    lines = [
        f"  {name}: {status}"
        + (f", {age} days old where {sla} are expected" if age is not None else "")
        + (f" ({error})" if error else "")
        for name, status, age, sla, error in late
    ]
    return "\n".join(
        [
            f"Trust: {checked[0]:,} expectations checked, {warned[0]} warning(s); {quarantined[0]:,} row(s) in "
            "quarantine; " + (f"{len(late)} source(s) not fresh:" if late else "every source is fresh"),
            *lines,
        ]
    )


def _where(place: Settings) -> str:
    return "Where\n" + _columns(
        [
            ("SQL and BI, read-only", str(place.serving_db)),
            ("Parquet and manifest of each release", str(place.serving_dir / "releases")),
            ("Checks, one page per stage", str(place.reports_dir / "data_docs" / "index.html")),
        ],
        align=str.ljust,
    )


def _next() -> str:
    return "Next\n" + _columns(
        [
            ("make sql", "query it, for example: from marts.trainium_volumes_quarterly limit 5;"),
            ("make live", "the same refresh from the live sources"),
            ("make up", "Airflow with its schedule and web page"),
            ("make rollback", "serve the release before this one"),
        ],
        align=str.ljust,
    )


def _columns(rows: list[tuple[str, str]], align: Any = str.rjust) -> str:
    left, right = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"  {name:<{left}}  {align(value, right)}".rstrip() for name, value in rows)


def main() -> int:
    """Print the summary; exit status 1 when there is nothing to summarise."""
    try:
        print(summarise())
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
