"""Decide what a warehouse build is about, and run dbt on one layer of it.

The build file is written by dbt alone and starts empty each time: serve/publish.py makes from it what readers open.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import duckdb

from serve.publish import current_release, place_of
from settings import settings

LAYERS = {
    "staging": ("path:models/staging",),
    "marts": ("path:models/intermediate", "path:models/core", "path:models/marts", "path:models/draws"),
}
CODE_FOLDERS = ("dbt", "models", "expectations", "serve")
NOT_CODE = {"__pycache__", "target", "logs", ".user.yml"}


class BuildFailed(Exception):
    """dbt could not build a layer, or there is nothing to build from."""


def plan_build(as_of: str | None, run_after: str | None) -> dict[str, Any]:
    """What to build, decided once so that every later step speaks of the same release.

    as_of: 'YYYY-MM-DD' asked for by hand (None: today's build). run_after: the moment the run was due, ISO 8601 (UTC);
    its date is used when anything was fetched live. A bundled archive is built as of the newest day known in it.

    Returns JSON-safe {as_of, is_as_of_build, home, fingerprint, release_id, skip, reason}. `skip` is true when the
    release being served was made from the same data and the same code.
    Raises BuildFailed when raw is empty or failed its checks, ValueError when as_of is no date.
    """
    if as_of is not None:
        as_of = datetime.date.fromisoformat(as_of).isoformat()
    base = settings()
    if not base.raw_db.exists():
        raise BuildFailed(f"{base.raw_db} does not exist: run the ingest DAGs first (`make run` does).")
    _refuse_bad_raw(base.reports_dir / "validation")
    # Tables are written raw.raw.x (catalog, schema, table): the file is called raw too, and raw.x alone is ambiguous.
    with duckdb.connect(str(base.raw_db), read_only=True) as raw:
        build_date = as_of or _default_as_of(raw, run_after)
        fingerprint = _fingerprint(raw, build_date, base.repo)
    home = base.for_as_of(build_date).home if as_of else base.home
    skip, reason = False, f"build as of {build_date}" + (", as asked" if as_of else "")
    if as_of is None and (current := current_release()) and current["fingerprint"] == fingerprint:
        skip, reason = True, f"release {current['release_id']} was made from the same data and code"
    return {
        "as_of": build_date,
        "is_as_of_build": as_of is not None,
        "home": str(home),
        "fingerprint": fingerprint,
        "release_id": f"{build_date}-{fingerprint[:10]}",
        "skip": skip,
        "reason": reason,
    }


def _refuse_bad_raw(reports: Path) -> None:
    """The daily timetable starts a build even when an ingest DAG failed: bad raw data must not slip through by it."""
    for path in sorted(reports.glob("raw*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        if not report["is_successful"]:
            raise BuildFailed(
                f"The raw data of {report['domain'] or 'all domains'} failed {report['n_failed']} expectation(s): "
                f"see {path}. Correct the source and run its ingest DAG again; until then the last release stays."
            )


def _default_as_of(raw: duckdb.DuckDBPyConnection, run_after: str | None) -> str:
    if raw.execute("select count(*) from raw.raw.fetches where vintage_kind = 'live'").fetchone() != (0,):
        due = datetime.datetime.fromisoformat(run_after) if run_after else datetime.datetime.now(datetime.UTC)
        return (due.astimezone(datetime.UTC) if due.tzinfo else due).date().isoformat()
    tables = raw.execute(
        "select table_name from duckdb_columns() where schema_name = 'raw' and column_name = '_known_from' order by all"
    ).fetchall()
    newest = [raw.execute(f'select max(_known_from)::date from raw.raw."{table}"').fetchone() for (table,) in tables]
    known = [row[0] for row in newest if row and row[0]]
    if not known:
        raise BuildFailed(
            "The raw tables hold no row: run the ingest DAGs first, and see raw.loads for what was rejected."
        )
    return str(max(known).isoformat())


def _fingerprint(raw: duckdb.DuckDBPyConnection, as_of: str, repo: Path) -> str:
    """sha256 over the date, what was fetched and loaded (not in which order), and the code that shapes it."""
    digest = hashlib.sha256(as_of.encode())
    for table, ignored in (("fetches", ()), ("loads", ("load_id", "retrieved_at")), ("sources", ())):
        without = f" exclude ({', '.join(ignored)})" if ignored else ""
        for row in raw.execute(f"select *{without} from raw.raw.{table} order by all").fetchall():
            digest.update(repr(row).encode())
    for folder in CODE_FOLDERS:
        for path in sorted((repo / folder).rglob("*")):
            if path.is_file() and not NOT_CODE & set(path.relative_to(repo).parts):
                digest.update(str(path.relative_to(repo)).encode() + path.read_bytes())
    return digest.hexdigest()


def run_dbt(
    command: str,
    *options: str,
    as_of: str,
    warehouse: Path,
    raw_db: Path,
    target: Path,
    logs: Path,
    variables: Mapping[str, Any] | None = None,
    stdout: IO[str] | int = subprocess.PIPE,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one dbt command of the house ('build', 'run', 'test') in a process of its own, as of an ISO date.

    options: dbt's own for the command, such as --select and what is selected. warehouse: the file it writes, raw_db:
    the one it reads. target, logs: folders for dbt's own artefacts. variables: dbt variables beside as_of. stdout:
    where all output goes (left out: into the process that is returned, whatever its exit status).
    Raises subprocess.TimeoutExpired after `timeout` seconds.
    """
    repo = settings().repo
    return subprocess.run(
        [
            sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "--no-send-anonymous-usage-stats",
            "--log-path", str(logs), command, "--project-dir", str(repo / "dbt"), "--profiles-dir", str(repo / "dbt"),
            "--target-path", str(target), "--vars", json.dumps({"as_of": as_of, **(variables or {})}),
            *options,
        ],
        cwd=repo / "dbt",
        env=os.environ
        | {
            "PYTHONPATH": str(repo),
            "GIGAWATCH_REPO": str(repo),
            "GIGAWATCH_WAREHOUSE_DB": str(warehouse),
            "GIGAWATCH_RAW_DB": str(raw_db),
            "DO_NOT_TRACK": "1",
            # One thread: the order of float additions, and so the marts, must not depend on the machine.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        },
        stdout=stdout,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )  # fmt: skip


def dbt_build(layer: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Build one layer ('staging', then 'marts') of the plan's warehouse file with `dbt build`, models and tests.

    The staging layer starts from an empty file. dbt's unit tests are left to `make test`: they check code, not data.
    Returns {layer, nodes: {status: count}, seconds}. Raises BuildFailed with every failing node and its message.
    """
    place = place_of(plan)
    target, logs = place.warehouse_db.parent / "dbt_target", place.reports_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    place.warehouse_db.parent.mkdir(parents=True, exist_ok=True)
    if layer == "staging":
        place.warehouse_db.unlink(missing_ok=True)
        place.warehouse_db.with_name(place.warehouse_db.name + ".wal").unlink(missing_ok=True)
    elif not place.warehouse_db.exists():
        raise BuildFailed(f"{place.warehouse_db} does not exist: build the staging layer first.")
    results_file = target / "run_results.json"
    results_file.unlink(missing_ok=True)

    output_file = logs / f"dbt_{layer}.txt"
    with output_file.open("w", encoding="utf-8") as output:
        status = run_dbt(
            "build", "--select", *LAYERS[layer],
            # A test that reads two layers runs when the later one is there.
            "--indirect-selection", "buildable", "--exclude-resource-type", "unit_test",
            as_of=plan["as_of"], warehouse=place.warehouse_db, raw_db=place.raw_db, target=target, logs=logs,
            stdout=output,
        ).returncode  # fmt: skip
    if not results_file.exists():
        tail = "\n".join(output_file.read_text(encoding="utf-8").splitlines()[-30:])
        raise BuildFailed(f"dbt stopped before the first model of layer {layer} (exit {status}):\n{tail}")
    document = json.loads(results_file.read_text(encoding="utf-8"))
    shutil.copyfile(results_file, target / f"run_results_{layer}.json")
    failing = [r for r in document["results"] if r["status"] in ("error", "fail", "runtime error")]
    if failing or status != 0:
        nodes = "\n".join(f"  - {r['unique_id']}: {str(r['message']).strip()}" for r in failing)
        raise BuildFailed(
            f"dbt failed in layer {layer} ({len(failing)} node(s)):\n{nodes or '  (none named)'}\n"
            f"Whole output: {output_file}"
        )
    counts: dict[str, int] = {}
    for result in document["results"]:
        counts[result["status"]] = counts.get(result["status"], 0) + 1
    if not counts:
        raise BuildFailed(f"dbt found nothing to build in layer {layer}: see {output_file}.")
    return {"layer": layer, "nodes": counts, "seconds": round(document["elapsed_time"], 1)}
