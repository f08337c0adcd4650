"""Run the suites of one stage on its DuckDB file with great-expectations, keep the results, decide.

A suite is a YAML file `expectations/suites/<stage>/<table>.yml`: one table, its expectations, each with a severity and
the reason why the world cannot look otherwise. Checks are pushed down: GX sends SQL to DuckDB, no table is loaded here.

    python -m expectations.validate raw --domain pricing
"""

from __future__ import annotations

import argparse
import datetime
import decimal
import html
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from settings import settings

STAGES = ("raw", "staging", "marts", "published")
SEVERITIES = ("fail", "warn")
SCHEMAS_OF_STAGE = {
    "raw": ("raw",),
    "staging": ("staging",),
    "marts": ("marts", "draws"),
    "published": ("marts", "draws", "pit"),
}
SUITES = Path(__file__).resolve().parent / "suites"
# The loader's own tables: they describe every resource, so a domain run looks at that domain's rows only.
LEDGERS = ("raw.fetches", "raw.loads", "raw.quarantine", "raw.drift", "raw.sources")
SAMPLE_ROWS = 3
SAMPLE_WIDTH = 240  # characters of a row in a message


class SuiteError(Exception):
    """A suite file is not written as it must be."""


class ValidationFailed(Exception):
    """At least one expectation of severity `fail` does not hold; `.report` is the whole report."""

    def __init__(self, message: str, report: dict[str, Any]) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Check:
    """One expectation: GX class name, its arguments, `fail` or `warn`, and why it must hold."""

    expect: str
    kwargs: Mapping[str, Any]
    severity: str
    reason: str


@dataclass(frozen=True)
class Suite:
    """All checks of one table (`schema.table`)."""

    table: str
    checks: tuple[Check, ...]
    path: Path = field(compare=False)


def load_suites(stage: str, root: Path | None = None) -> list[Suite]:
    """Suites of `stage` in order of table name; raises SuiteError naming the file and what is wrong in it."""
    root = root or SUITES
    suites = [_read_suite(path) for path in sorted((root / stage).glob("*.yml"))]
    tables = [suite.table for suite in suites]
    if doubled := sorted({table for table in tables if tables.count(table) > 1}):
        raise SuiteError(
            f"{root / stage}: two suites for the same table: {', '.join(doubled)}. Merge them into one file."
        )
    return sorted(suites, key=lambda suite: suite.table)


def _read_suite(path: Path) -> Suite:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or set(document) != {"table", "expectations"} or not document["expectations"]:
        raise SuiteError(f"{path}: a suite has exactly two keys, `table` and a non-empty `expectations`.")
    if document["table"].rpartition(".")[2] != path.stem.removeprefix("draws.").removeprefix("pit."):
        raise SuiteError(f"{path}: the file must be named after its table, {document['table']}.")
    checks = []
    for number, entry in enumerate(document["expectations"], start=1):
        if not isinstance(entry, dict) or not {"expect", "severity", "reason"} <= set(entry) <= {
            "expect",
            "kwargs",
            "severity",
            "reason",
        }:
            raise SuiteError(f"{path}: expectation {number} needs expect, severity and reason (and may have kwargs).")
        if entry["severity"] not in SEVERITIES or not str(entry["reason"]).strip():
            raise SuiteError(f"{path}: expectation {number} needs severity fail or warn, and a reason in words.")
        checks.append(Check(entry["expect"], entry.get("kwargs", {}), entry["severity"], str(entry["reason"]).strip()))
    return Suite(document["table"], tuple(checks), path)


def validate(
    stage: str,
    home: Path | str | None = None,
    domain: str | None = None,
    database: Path | None = None,
    suites_root: Path | None = None,
) -> dict[str, Any]:
    """Check every suite of `stage` and write `<home>/reports/validation/<stage>[_<domain>].json` and its Data Docs.

    stage: raw | staging | marts | published. home: the home whose files are checked (None: GIGAWATCH_HOME; an as-of
    build has its own). domain (raw only): just the resources of that ingest domain. database: the file to check when
    it is not the stage's usual one (the file aside of a release). suites_root: where the suites are (None: here).

    Returns {stage, domain, is_successful, n_expectations, n_failed, n_warned, unguarded_tables, results}; a result is
    {stage, table_name, expectation, column_name, arguments_json, severity, reason, is_successful, unexpected_count,
    observed_value}. Nothing in it depends on the time of day, so equal data give an equal report.
    Raises ValidationFailed (table, expectation, rows, sample) when a `fail` does not hold or a check could not be run.
    """
    if stage not in STAGES:
        raise ValueError(f"There is no stage {stage!r}: use one of {', '.join(STAGES)}.")
    if domain is not None and stage != "raw":
        raise ValueError("Only the raw stage can be validated for one domain.")
    home = Path(home) if home is not None else settings().home
    database = database or _stage_database(stage, home)
    if not database.exists():
        raise FileNotFoundError(f"{database} does not exist: the step that writes the {stage} tables has not run.")

    suites = load_suites(stage, suites_root)
    present, scope = _tables_in(database, SCHEMAS_OF_STAGE[stage]), {}
    if domain is not None:
        scope = _domain_queries(database, domain)
        suites = [suite for suite in suites if suite.table in scope]
        present = {table for table in present if table in scope}
    name = stage if domain is None else f"{stage}_{domain}"
    docs = home / "reports" / "data_docs"
    results, samples = _run_suites(stage, suites, present, scope, database, docs / name)

    failed = [r for r in results if not r["is_successful"] and (r["severity"] == "fail" or r["raised"])]
    warned = [r for r in results if not r["is_successful"] and r not in failed]
    report: dict[str, Any] = {
        "stage": stage,
        "domain": domain,
        "is_successful": not failed,
        "n_expectations": len(results),
        "n_failed": len(failed),
        "n_warned": len(warned),
        "unguarded_tables": sorted(present - {suite.table for suite in suites}),
        "results": [{key: value for key, value in r.items() if key != "raised"} for r in results],
    }
    out = home / "reports" / "validation" / f"{name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _write_docs_index(home / "reports")
    for r in warned:
        logging.getLogger(__name__).warning("warn: %s", _in_words(r, samples))
    if failed:
        listed = "\n".join(f"  - {_in_words(r, samples)}" for r in failed[:10])
        more = f"\n  ... and {len(failed) - 10} more" if len(failed) > 10 else ""
        raise ValidationFailed(
            f"{len(failed)} of {len(results)} expectations failed at stage {name}:\n{listed}{more}\n"
            f"What is served has not been changed. All results: {out}",
            report,
        )
    return report


def _stage_database(stage: str, home: Path) -> Path:
    if stage == "raw":
        return settings().raw_db
    return home / ("serving/gigawatch.duckdb" if stage == "published" else "warehouse/build.duckdb")


def _tables_in(database: Path, schemas: tuple[str, ...]) -> set[str]:
    import duckdb

    with duckdb.connect(str(database), read_only=True) as con:
        rows = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where list_contains(?, table_schema)",
            [list(schemas)],
        ).fetchall()
    return {row[0] for row in rows}


def _domain_queries(database: Path, domain: str) -> dict[str, str]:
    """The query to check per table of the domain: its resources whole, of each ledger only the rows on them."""
    import duckdb

    with duckdb.connect(str(database), read_only=True) as con:
        resources = con.execute(
            f"select distinct source, resource from {_qualified('raw.sources')} where domain = ? order by all", [domain]
        ).fetchall()
    if not resources:
        raise ValueError(f"raw.sources knows no resource of domain {domain!r}: has that ingest ever loaded?")
    tables = [f"raw.{source}__{resource}" for source, resource in resources]
    of_domain = f"(select source, resource from {_qualified('raw.sources')} where domain = '{domain}')"
    return {table: f"select * from {_qualified(table)}" for table in tables} | {
        ledger: f"select * from {_qualified(ledger)} where (source, resource) in {of_domain}" for ledger in LEDGERS
    }


def _qualified(table: str) -> str:
    """`schema.table` as SQL; in raw.duckdb with the catalog, because a bare `raw.x` could be catalog or schema raw."""
    schema, _, name = table.partition(".")
    return f'{"raw.raw" if schema == "raw" else schema}."{name}"'


def _run_suites(
    stage: str, suites: list[Suite], present: set[str], scope: Mapping[str, str], database: Path, docs_dir: Path
) -> tuple[list[dict[str, Any]], dict[tuple[str, int], str]]:
    """Results in suite order, and a sample of offending rows per (table, number of the check) that did not hold."""
    os.environ.update(GX_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1")  # read by GX while it is imported
    import great_expectations as gx  # seconds to import: only a process that validates pays
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from sqlalchemy.pool import NullPool

    from expectations import duckdb_dialect

    duckdb_dialect.register()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(
        stage,
        connection_string=f"duckdb+eager:///{database}",
        # NullPool and dispose(): a pooled connection would keep the file open and lock the next writer out.
        kwargs={"connect_args": {"read_only": True, "config": {"threads": 1}}, "poolclass": NullPool},
    )
    results: list[dict[str, Any]] = []
    samples: dict[tuple[str, int], str] = {}
    engine = source.get_engine()
    # Held open while the suites run: GX connects anew for every query, and DuckDB then finds the file open already.
    holder = engine.connect()
    try:
        for suite in suites:
            if suite.table not in present:
                results += [
                    _result(stage, suite, check, number, False, None, "table does not exist", raised=True)
                    for number, check in enumerate(suite.checks)
                ]
                continue
            query = scope.get(suite.table, f"select * from {_qualified(suite.table)}")
            batch = source.add_query_asset(suite.table, query=query).add_batch_definition_whole_table("all")
            gx_suite = context.suites.add(gx.ExpectationSuite(name=suite.table))
            for number, check in enumerate(suite.checks):
                gx_suite.add_expectation(_gx_expectation(suite, check, number))
            definition = context.validation_definitions.add(
                gx.ValidationDefinition(name=suite.table, data=batch, suite=gx_suite)
            )
            outcome = definition.run(
                result_format={"result_format": "SUMMARY", "partial_unexpected_count": SAMPLE_ROWS}
            )
            by_number = {result.expectation_config.meta["number"]: result for result in outcome.results}
            for number, check in enumerate(suite.checks):
                result = by_number[number]
                raised = _raised(result.exception_info)
                found = result.result
                count = found.get("unexpected_count", found.get("missing_count") if not result.success else 0)
                if check.expect == "UnexpectedRowsExpectation":
                    count = found.get("observed_value")
                results.append(
                    _result(
                        stage,
                        suite,
                        check,
                        number,
                        bool(result.success),
                        count,
                        raised or found.get("observed_value"),
                        raised=bool(raised),
                    )
                )
                if not result.success and not raised:
                    samples[suite.table, number] = _sample(holder, query, check, found)
        _write_docs(context, docs_dir)
    finally:
        holder.close()
        engine.dispose()
    return results, samples


def _gx_expectation(suite: Suite, check: Check, number: int) -> Any:
    import great_expectations.expectations as gxe

    expectation_class = getattr(gxe, check.expect, None)
    if expectation_class is None:
        raise SuiteError(f"{suite.path}: great-expectations has no {check.expect}.")
    try:
        return expectation_class(
            **check.kwargs,
            severity="critical" if check.severity == "fail" else "warning",
            notes=f"{check.severity}: {check.reason}",
            meta={"number": number},
        )
    except (TypeError, ValueError) as error:
        raise SuiteError(f"{suite.path}: {check.expect} does not accept these kwargs: {error}") from error


def _result(
    stage: str,
    suite: Suite,
    check: Check,
    number: int,
    is_successful: bool,
    count: int | None,
    observed: Any,
    raised: bool,
) -> dict[str, Any]:
    columns = (
        check.kwargs.get("column")
        or check.kwargs.get("column_list")
        or [check.kwargs[key] for key in ("column_A", "column_B") if key in check.kwargs]
    )
    return {
        "stage": stage,
        "table_name": suite.table,
        "check_number": number,
        "expectation": check.expect,
        "column_name": (columns if isinstance(columns, str) else ", ".join(columns)) or None,
        "arguments_json": json.dumps(check.kwargs, sort_keys=True, ensure_ascii=False, default=str),
        "severity": check.severity,
        "reason": check.reason,
        "is_successful": is_successful,
        "unexpected_count": None if count is None else int(count),
        "observed_value": None if observed is None else _plain(observed),
        "raised": raised,
    }


def _plain(value: Any) -> str:
    if isinstance(value, (datetime.date, decimal.Decimal, str)):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _raised(exception_info: Mapping[str, Any] | None) -> str | None:
    """GX reports either one exception or one per metric; the first message, or None when nothing was raised."""
    if not exception_info:
        return None
    entries = [exception_info] if "raised_exception" in exception_info else list(exception_info.values())
    messages = [entry["exception_message"] for entry in entries if entry.get("raised_exception")]
    return str(messages[0]).strip() or "raised without a message" if messages else None


def _sample(connection: Any, query: str, check: Check, found: Mapping[str, Any]) -> str:
    """A few offending rows or values in words. GX keeps no rows of an SQL expectation, so they are asked for again."""
    if check.expect == "UnexpectedRowsExpectation":
        sql = check.kwargs["unexpected_rows_query"].rstrip().rstrip(";").format(batch=f"({query})")
        result = connection.exec_driver_sql(f"select * from ({sql}) limit {SAMPLE_ROWS}")
        rows: list[Any] = [dict(row) for row in result.mappings()]
    else:
        rows = list(found.get("partial_unexpected_list") or found.get("partial_missing_list") or [])
    return "; ".join(_plain(row)[:SAMPLE_WIDTH] for row in rows[:SAMPLE_ROWS] if row is not None)


def _in_words(result: Mapping[str, Any], samples: Mapping[tuple[str, int], str]) -> str:
    what = f"{result['table_name']}: {result['expectation']}"
    what += f" on {result['column_name']}" if result["column_name"] else ""
    if result["raised"]:
        return f"{what} could not be checked: {result['observed_value']}"
    count, observed = result["unexpected_count"], result["observed_value"]
    found = f"{count} row(s)" if count else f"observed {observed}"
    sample = samples.get((result["table_name"], result["check_number"]))
    return f"{what}: {found}, but {result['reason']}" + (f" (for example {sample})" if sample else "")


def _write_docs(context: Any, docs_dir: Path) -> None:
    """GX's own pages of the last run. They are whole offline, but take their style sheets from content networks."""
    shutil.rmtree(docs_dir, ignore_errors=True)
    docs_dir.mkdir(parents=True)
    context.add_data_docs_site(
        "site",
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs_dir)},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    context.build_data_docs(site_names=["site"])


def _write_docs_index(reports: Path) -> None:
    """One page of all stages' last results. GX's own index needs scripts from the network and is empty without it."""
    docs, rows = reports / "data_docs", []
    for path in sorted((reports / "validation").glob("*.json")):
        by_table: dict[str, list[dict[str, Any]]] = {}
        for result in json.loads(path.read_text(encoding="utf-8"))["results"]:
            by_table.setdefault(result["table_name"], []).append(result)
        for table, results in by_table.items():
            page = min((docs / path.stem / "validations").joinpath(*table.split(".")).rglob("*.html"), default=None)
            name = html.escape(table)
            against = [result for result in results if not result["is_successful"]]
            rows.append(
                f"<tr class={'bad' if against else 'ok'}><td>{html.escape(path.stem)}<td>"
                + (f'<a href="{html.escape(str(page.relative_to(docs)))}">{name}</a>' if page else name)
                + f"<td>{len(results)}<td>{len(against)}<td>"
                + "<br>".join(html.escape(f"{result['severity']}: {result['reason']}") for result in against)
            )
    (docs / "index.html").write_text(
        "<!doctype html><meta charset=utf-8><title>Gigawatch checks</title><style>body{font:14px sans-serif;margin:2em}"
        "td,th{padding:2px 12px 2px 0;text-align:left;vertical-align:top}.bad{background:#fdeeee}</style>"
        "<h1>Checks, last run of each stage</h1><table><tr><th>stage<th>table<th>checks<th>not held<th>which"
        + "".join(rows)
        + "</table>",
        encoding="utf-8",
    )


def main(argv: list[str] | None = None) -> int:
    """`python -m expectations.validate <stage> [--domain D]`; exit status 1 when a `fail` does not hold."""
    parser = argparse.ArgumentParser(description=validate.__doc__.splitlines()[0] if validate.__doc__ else None)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--domain")
    arguments = parser.parse_args(argv)
    try:
        report = validate(arguments.stage, domain=arguments.domain)
    except ValidationFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"{report['n_expectations']} expectations, {report['n_warned']} warning(s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
