"""Make the file that readers open: written aside, checked, then renamed over the old one.

Readers never block the writer and never see half a state: an open connection keeps the old file, a new one sees the
new.

    python -m serve.publish rollback [release_id]
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from expectations.validate import validate
from settings import Settings, settings

# The oldest format with everything we need; drivers inside today's BI tools (1.2.2 and up) open it.
STORAGE_VERSION = "v1.2.0"
PUBLISHED_SCHEMAS = ("marts", "draws")
BI_SAFE = re.compile(r"BIGINT|INTEGER|DOUBLE|VARCHAR|BOOLEAN|DATE|TIMESTAMP|DECIMAL\(([1-9]|1[0-8]),\d+\)")
MACROS = Path(__file__).resolve().parent / "macros"
VALIDATION_RESULTS = {
    "table": "Every expectation checked on the way to this release: stage, table, outcome and the reason it must hold. "
    "One row per stage, table_name and check_number.",
    "columns": {
        "as_of_date": ("DATE", "Day up to whose end knowledge was used in this release."),
        "stage": ("VARCHAR", "Where it was checked: raw, staging, marts or published."),
        "table_name": ("VARCHAR", "Checked table, schema.table."),
        "check_number": ("BIGINT", "Position of the expectation in the suite of its table, from 0. Not additive."),
        "expectation": ("VARCHAR", "great-expectations class that was run."),
        "column_name": ("VARCHAR", "Column(s) it speaks about; NULL when it speaks about the whole table."),
        "arguments_json": ("VARCHAR", "Arguments of the expectation as JSON."),
        "severity": ("VARCHAR", "fail stops the release, warn is shown only."),
        "reason": ("VARCHAR", "Why the world cannot look otherwise."),
        "is_successful": ("BOOLEAN", "Whether the expectation held."),
        "unexpected_count": (
            "BIGINT",
            "Rows or values against it; NULL when it is about one figure. Additive within a table.",
        ),
        "observed_value": ("VARCHAR", "The figure seen, where the expectation is about one; else NULL."),
    },
}
RELEASES_COLUMNS = {
    "release_id": ("VARCHAR", "Name of the release: its as-of date and the start of its fingerprint."),
    "as_of_date": ("DATE", "Day up to whose end knowledge was used."),
    "fingerprint": ("VARCHAR", "sha256 over data and code: equal fingerprints mean equal marts."),
    "published_at": ("TIMESTAMP", "When it was first published (UTC)."),
    "parquet_folder": (
        "VARCHAR",
        "Folder of its marts as Parquet, relative to the data folder; NULL for an as-of build.",
    ),
    "is_current": ("BOOLEAN", "True for the release this file is."),
}


class PublishFailed(Exception):
    """The release was not published; the file being served is the one from before."""


def publish(plan: dict[str, Any]) -> dict[str, Any]:
    """Publish the plan's build file as one release and return its manifest.

    Copies schemas marts and draws (sorted, BI-safe types only, with comments), runs the SQL macros, adds the results of
    all checks, validates the file aside, exports Parquet and a manifest, then renames it over the one being served.
    An as-of build does all this inside its own home and leaves the archive alone.
    Raises PublishFailed or ValidationFailed; in both cases what was served before still is.
    """
    place = place_of(plan)
    if not place.warehouse_db.exists():
        raise PublishFailed(f"{place.warehouse_db} does not exist: the layers have not been built.")
    _clear_leftovers(place.serving_dir)
    plan = plan | {"published_at": datetime.datetime.now(datetime.UTC).replace(tzinfo=None).isoformat()}
    with _aside(place.serving_dir, plan["release_id"]) as aside, _folder_aside(place, plan["release_id"]) as folder:
        _copy_tables(place.warehouse_db, aside, place.duckdb_threads)
        _complete(place, plan, aside)
        report = validate("published", place.home, database=aside)
        with duckdb.connect(str(aside)) as con:
            _insert_results(con, plan["as_of"], [report])
        _sync(aside)
        manifest = _export(place, plan, aside, folder)
        _put_folder(folder, place.serving_dir / "releases" / plan["release_id"])
        if not plan["is_as_of_build"]:
            _archive(place, manifest, aside)
        _swap(aside, place.serving_db)
    _prune(place)
    return manifest


def rollback(release_id: str | None = None) -> dict[str, Any]:
    """Serve an earlier release again (None: the one published before the current) and return its manifest.

    Only the served file changes; the next build publishes anew. Raises PublishFailed when there is no such release or
    its file is not the one that was published.
    """
    place = settings()
    kept = _kept_releases(place)
    current = current_release(place.serving_db)
    names = [manifest["release_id"] for manifest in kept]
    listed = f"Kept releases, newest first: {', '.join(names) or 'none'}."
    if release_id is None:
        if current is None or current["release_id"] not in names:
            raise PublishFailed(f"The release being served is not among the kept ones: name one. {listed}")
        earlier = kept[names.index(current["release_id"]) + 1 :]
        if not earlier:
            raise PublishFailed(f"There is no release before {current['release_id']}. {listed}")
        manifest = earlier[0]
    elif release_id in names:
        manifest = kept[names.index(release_id)]
    else:
        raise PublishFailed(f"There is no release {release_id!r}. {listed}")
    source = place.serving_dir / "releases" / manifest["release_id"] / place.serving_db.name
    if _sha256(source) != manifest["database"]["sha256"]:
        raise PublishFailed(f"{source} is not the file that was published (its sha256 differs): name another. {listed}")
    with _aside(place.serving_dir, manifest["release_id"]) as aside:
        shutil.copyfile(source, aside)
        _sync(aside)
        _swap(aside, place.serving_db)
    return manifest


def place_of(plan: dict[str, Any]) -> Settings:
    """Where the plan's files are: the main home, or the own home of an as-of build."""
    return settings().for_as_of(plan["as_of"]) if plan["is_as_of_build"] else settings()


def current_release(serving_db: Path | None = None) -> dict[str, Any] | None:
    """{release_id, as_of, fingerprint} of the file being served, read from the file itself; None when there is none."""
    serving_db = serving_db or settings().serving_db
    if not serving_db.exists():
        return None
    with duckdb.connect(str(serving_db), read_only=True) as con:
        row = con.execute(
            "select release_id, as_of_date::varchar, fingerprint from pit.releases where is_current"
        ).fetchone()
    return dict(zip(("release_id", "as_of", "fingerprint"), row, strict=True)) if row else None


# ---------------------------------------------------------------------------------------------------- the file aside


@contextmanager
def _aside(serving_dir: Path, release_id: str) -> Iterator[Path]:
    """A path beside the served file (same file system, so a rename is atomic); gone afterwards, whatever happens."""
    serving_dir.mkdir(parents=True, exist_ok=True)
    path = serving_dir / f".gigawatch-{release_id}.duckdb"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)


@contextmanager
def _folder_aside(place: Settings, release_id: str) -> Iterator[Path]:
    path = place.serving_dir / "releases" / f".{release_id}"
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _clear_leftovers(serving_dir: Path) -> None:
    """Remove what a run that was killed half-way left: names with a leading dot are never served."""
    for path in [*serving_dir.glob(".gigawatch-*"), *(serving_dir / "releases").glob(".*")]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _copy_tables(build: Path, aside: Path, threads: int) -> None:
    # Sorting spills here when memory is short; by default DuckDB would spill into the working folder.
    config = {"threads": threads, "temp_directory": str(aside.with_suffix(".spill"))}
    with duckdb.connect(":memory:", config=config) as con:
        con.execute(f"attach '{build}' as build (read_only)")
        con.execute(f"attach '{aside}' as target (storage_version '{STORAGE_VERSION}')")
        tables = con.execute(
            """select table_schema, table_name, table_comment from information_schema.tables
               where table_catalog = 'build' and list_contains(?, table_schema) order by all""",
            [list(PUBLISHED_SCHEMAS)],
        ).fetchall()
        if not any(schema == "marts" for schema, _, _ in tables):
            raise PublishFailed(f"{build} has no marts: the layer 'marts' has not been built.")
        columns = con.execute(
            """select schema_name, table_name, column_name, data_type, comment from duckdb_columns()
               where database_name = 'build' and list_contains(?, schema_name)
               order by schema_name, table_name, column_index""",
            [list(PUBLISHED_SCHEMAS)],
        ).fetchall()
        if unsafe := [
            f"{schema}.{table}.{column} is {kind}"
            for schema, table, column, kind, _ in columns
            if not BI_SAFE.fullmatch(kind)
        ]:
            raise PublishFailed(
                "These columns have a type that BI drivers misread: "
                + "; ".join(unsafe)
                + ". Cast them in the mart to BIGINT, "
                "INTEGER, DOUBLE, DECIMAL(up to 18), VARCHAR, BOOLEAN, DATE or TIMESTAMP (sum(bigint) is HUGEINT)."
            )
        for schema in PUBLISHED_SCHEMAS:
            con.execute(f"create schema target.{schema}")
        for schema, table, comment in tables:
            name = f'{schema}."{table}"'
            con.execute(f"create table target.{name} as select * from build.{name} order by all")
            _comment(con, f"table target.{name}", comment)
        for schema, table, column, _, comment in columns:
            _comment(con, f'column target.{schema}."{table}"."{column}"', comment)


def _comment(con: duckdb.DuckDBPyConnection, what: str, text: str | None) -> None:
    if text:
        quoted = text.replace("'", "''")
        con.execute(f"comment on {what} is '{quoted}'")


def _complete(place: Settings, plan: dict[str, Any], aside: Path) -> None:
    """What dbt does not make: results of the checks so far, the list of releases, the SQL macros."""
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in _reports(place)]
    # Opened directly, not attached: a macro keeps the name of the catalog it was created in.
    with duckdb.connect(str(aside)) as con:
        _create(con, "marts.validation_results", VALIDATION_RESULTS["table"], VALIDATION_RESULTS["columns"])
        _insert_results(con, plan["as_of"], reports)
        con.execute("create schema pit")
        _create(
            con,
            "pit.releases",
            "Releases published so far, each with the folder of its marts as Parquet.",
            RELEASES_COLUMNS,
        )
        con.executemany("insert into pit.releases values (?, ?, ?, ?, ?, ?)", _releases(place, plan))
        for path in sorted(MACROS.glob("*.sql")):
            try:
                con.execute(path.read_text(encoding="utf-8"))
            except duckdb.Error as error:
                raise PublishFailed(f"serve/macros/{path.name} does not run on the new release: {error}") from error


def _reports(place: Settings) -> list[Path]:
    """Reports of the stages before publishing; raw is either whole or one file per domain."""
    folder = place.reports_dir / "validation"
    raw = sorted(folder.glob("raw_*.json")) or sorted(folder.glob("raw.json"))
    return raw + [folder / f"{stage}.json" for stage in ("staging", "marts") if (folder / f"{stage}.json").exists()]


def _create(con: duckdb.DuckDBPyConnection, table: str, comment: Any, columns: Any) -> None:
    con.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, (kind, _) in columns.items())})")
    _comment(con, f"table {table}", comment)
    for name, (_, text) in columns.items():
        _comment(con, f"column {table}.{name}", text)


def _insert_results(con: duckdb.DuckDBPyConnection, as_of: str, reports: list[dict[str, Any]]) -> None:
    fields = list(VALIDATION_RESULTS["columns"])[1:]
    # A ledger table is checked once per domain, on that domain's rows: the domain makes the row one of its own.
    rows = [
        [as_of, *(_of_domain(result, report["domain"])[name] for name in fields)]
        for report in reports
        for result in report["results"]
    ]
    if rows:
        con.executemany(f"insert into marts.validation_results values ({', '.join('?' * (len(fields) + 1))})", rows)


def _of_domain(result: dict[str, Any], domain: str | None) -> dict[str, Any]:
    is_ledger = domain is not None and "__" not in result["table_name"]
    return result | {"table_name": f"{result['table_name']} ({domain})"} if is_ledger else result


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])


def _releases(place: Settings, plan: dict[str, Any]) -> list[list[Any]]:
    """Rows of pit.releases. An as-of build lists itself only: later releases were not known then."""
    release_id = plan["release_id"]
    if plan["is_as_of_build"]:
        return [[release_id, plan["as_of"], plan["fingerprint"], plan["published_at"], None, True]]
    manifests = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (place.archive_dir / "releases").glob("[!.]*/manifest.json")
    ]
    published = {release_id: plan} | {manifest["release_id"]: manifest for manifest in manifests}
    return [
        [name, m["as_of"], m["fingerprint"], m["published_at"], f"archive/releases/{name}", name == release_id]
        for name, m in sorted(published.items(), key=lambda item: item[1]["published_at"])
    ]


# ---------------------------------------------------------------------------------------------- exports and manifest


def _export(place: Settings, plan: dict[str, Any], aside: Path, folder: Path) -> dict[str, Any]:
    """Write the release folder: database copy, Parquet per table (restricted rows left out), manifest.json."""
    database = folder / place.serving_db.name
    shutil.copyfile(
        aside, database
    )  # a copy, not a link: a reader that opens the served file for writing must not reach it
    tables, versions = [], {}
    with duckdb.connect(str(aside), read_only=True) as con:
        columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for schema, table, name, kind in con.execute(
            """select schema_name, table_name, column_name, data_type from duckdb_columns()
                   where list_contains(?, schema_name) order by schema_name desc, table_name, column_index""",
            [list(PUBLISHED_SCHEMAS)],
        ).fetchall():
            columns.setdefault((schema, table), []).append((name, kind))
        for (schema, table), described in columns.items():
            path = folder / (f"{table}.parquet" if schema == "marts" else f"{schema}/{table}.parquet")
            path.parent.mkdir(exist_ok=True)
            names = [name for name, _ in described]
            where = " where is_redistributable is not false" if "is_redistributable" in names else ""
            _write_parquet(con, f'select * from {schema}."{table}"{where}', path)
            rows = _count(con, f'{schema}."{table}"')
            exported = _count(con, f"'{path}'")
            tables.append(
                {
                    "schema": schema,
                    "table": table,
                    "file": str(path.relative_to(folder)),
                    "rows": exported,
                    "rows_withheld": rows - exported,
                    "sha256": _sha256(path),
                    "schema_hash": hashlib.sha256(json.dumps(described).encode()).hexdigest(),
                }
            )
            if "methodology_version" in names:
                versions[f"{schema}.{table}"] = [
                    row[0]
                    for row in con.execute(
                        f'select distinct methodology_version from {schema}."{table}" order by all'
                    ).fetchall()
                ]
        checks = con.execute(
            """select count(*), count(*) filter (where not is_successful and severity = 'warn')
               from marts.validation_results"""
        ).fetchone()
    assert checks is not None
    manifest = {
        "release_id": plan["release_id"],
        "as_of": plan["as_of"],
        "fingerprint": plan["fingerprint"],
        "published_at": plan["published_at"],
        "database": {
            "file": database.name,
            "sha256": _sha256(database),
            "bytes": database.stat().st_size,
            "storage_version": STORAGE_VERSION,
            "duckdb_version": duckdb.__version__,
        },
        "tables": tables,
        "methodology_versions": versions,
        "validation": {"n_expectations": checks[0], "n_warned": checks[1]},
        "sources": _sources(place.raw_db),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in folder.rglob("*"):
        if path.is_file():
            _sync(path)
    return manifest


def _write_parquet(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Rows in the order of the table, which _copy_tables sorted; one thread, so that equal rows give equal bytes."""
    con.execute("set threads = 1")
    con.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)")


def _sources(raw_db: Path) -> list[dict[str, Any]]:
    fields = (
        "source",
        "title",
        "publisher",
        "landing_page",
        "licence",
        "licence_url",
        "is_redistributable",
        "attribution",
    )
    with duckdb.connect(str(raw_db), read_only=True) as con:
        rows = con.execute(f"select distinct {', '.join(fields)} from raw.raw.sources order by all").fetchall()
    return [dict(zip(fields, row, strict=True)) for row in rows]


def _archive(place: Settings, manifest: dict[str, Any], aside: Path) -> None:
    """Keep the marts of this release for ever, every row; a release that is there already is not written again."""
    folder = place.archive_dir / "releases" / manifest["release_id"]
    if folder.exists():
        before = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        hashes = {(t["schema"], t["table"]): t["sha256"] for t in before["tables"]}
        if changed := [t["table"] for t in manifest["tables"] if hashes.get((t["schema"], t["table"])) != t["sha256"]]:
            logging.getLogger(__name__).warning(
                "Release %s was published before, from equal data and code, with other figures in %s: another version "
                "of Python or of a package, or a model that is not deterministic.",
                manifest["release_id"],
                ", ".join(changed),
            )
        return
    partial = folder.with_name(f".{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    released = place.serving_dir / "releases" / manifest["release_id"]
    with duckdb.connect(str(aside), read_only=True) as con:
        for entry in manifest["tables"]:
            if entry["schema"] != "marts":
                continue
            kept = partial / entry["file"]
            if entry["rows_withheld"]:
                _write_parquet(con, f'select * from marts."{entry["table"]}"', kept)
            else:
                _link(released / entry["file"], kept)
    _link(released / "manifest.json", partial / "manifest.json")
    partial.rename(folder)
    _sync(folder.parent)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # the archive may be on another file system, or on one without hard links
        shutil.copyfile(source, target)


def _put_folder(partial: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    _sync(folder.parent)


def _swap(aside: Path, served: Path) -> None:
    os.replace(aside, served)
    _sync(served.parent)


def _kept_releases(place: Settings) -> list[dict[str, Any]]:
    """Manifests of the release folders, newest publication first."""
    manifests = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (place.serving_dir / "releases").glob("[!.]*/manifest.json")
    ]
    return sorted(manifests, key=lambda manifest: (manifest["published_at"], manifest["release_id"]), reverse=True)


def _prune(place: Settings) -> None:
    current = current_release(place.serving_db)
    for manifest in _kept_releases(place)[place.keep_releases :]:
        if current is None or manifest["release_id"] != current["release_id"]:
            shutil.rmtree(place.serving_dir / "releases" / manifest["release_id"])


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main(argv: list[str] | None = None) -> int:
    """Command line of `make rollback`."""
    parser = argparse.ArgumentParser(prog="python -m serve.publish")
    commands = parser.add_subparsers(dest="command", required=True)
    back = commands.add_parser("rollback", help="serve an earlier release again")
    back.add_argument("release_id", nargs="?", help="default: the release published before the current one")
    arguments = parser.parse_args(argv)
    try:
        manifest = rollback(arguments.release_id)
    except PublishFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"Serving release {manifest['release_id']} (as of {manifest['as_of']}) again. The next build publishes anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
