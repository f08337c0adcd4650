"""Archive -> raw: each distinct content of a resource once, all columns as text, bad rows to quarantine.

What is loaded is decided by what the archive holds and the ledger (`raw.loads`) lacks. Everything about one content
happens in one transaction, so a killed run leaves nothing half loaded and the next run simply goes on. A content
whose contract has changed since it was loaded is loaded again: raw is always what a rebuild would give.
"""

from __future__ import annotations

import codecs
import csv
import importlib.util
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingest import IngestError, contracts
from ingest.archive import Archive, ArchiveError, Fetch, record_name
from ingest.contracts import SOURCES, Column, ContractError, KnownFromColumn, Resource, Source
from settings import Settings

HEAD_BYTES = 1 << 20

META = {
    "_source": "VARCHAR",
    "_resource": "VARCHAR",
    "_sha256": "VARCHAR",
    "_row": "BIGINT",
    "_load_id": "BIGINT",
    "_retrieved_at": "TIMESTAMP",
    "_known_from": "TIMESTAMP",
    "_vintage_kind": "VARCHAR",
    "_vintage_scope": "VARCHAR",
}

LEDGER = """
CREATE SCHEMA IF NOT EXISTS raw;
CREATE TABLE IF NOT EXISTS raw.fetches (
    source VARCHAR, resource VARCHAR, domain VARCHAR, attempted_at TIMESTAMP, outcome VARCHAR, http_status INTEGER,
    sha256 VARCHAR, bytes BIGINT, url VARCHAR, error VARCHAR, known_from TIMESTAMP, known_from_basis VARCHAR,
    vintage_kind VARCHAR, vintage_scope VARCHAR);
CREATE TABLE IF NOT EXISTS raw.loads (
    load_id BIGINT, source VARCHAR, resource VARCHAR, sha256 VARCHAR, known_from TIMESTAMP, retrieved_at TIMESTAMP,
    vintage_kind VARCHAR, vintage_scope VARCHAR, rows_in BIGINT, rows_loaded BIGINT, rows_quarantined BIGINT,
    status VARCHAR, reason VARCHAR, contract_hash VARCHAR);
CREATE TABLE IF NOT EXISTS raw.quarantine (
    source VARCHAR, resource VARCHAR, sha256 VARCHAR, "row" BIGINT, rule VARCHAR, column_name VARCHAR, value VARCHAR,
    message VARCHAR, row_json VARCHAR, load_id BIGINT, known_from TIMESTAMP);
CREATE TABLE IF NOT EXISTS raw.sources (
    source VARCHAR, resource VARCHAR, domain VARCHAR, title VARCHAR, publisher VARCHAR, landing_page VARCHAR,
    url VARCHAR, licence VARCHAR, licence_url VARCHAR, is_redistributable BOOLEAN, attribution VARCHAR,
    cadence VARCHAR, freshness_sla_days INTEGER);
"""

FETCH_SCHEMA = pa.schema([
    ("source", pa.string()), ("resource", pa.string()), ("domain", pa.string()), ("attempted_at", pa.timestamp("us")),
    ("outcome", pa.string()), ("http_status", pa.int32()), ("sha256", pa.string()), ("bytes", pa.int64()),
    ("url", pa.string()), ("error", pa.string()), ("known_from", pa.timestamp("us")),
    ("known_from_basis", pa.string()), ("vintage_kind", pa.string()), ("vintage_scope", pa.string()),
])  # fmt: skip
SOURCE_SCHEMA = pa.schema([
    ("source", pa.string()), ("resource", pa.string()), ("domain", pa.string()), ("title", pa.string()),
    ("publisher", pa.string()), ("landing_page", pa.string()), ("url", pa.string()), ("licence", pa.string()),
    ("licence_url", pa.string()), ("is_redistributable", pa.bool_()), ("attribution", pa.string()),
    ("cadence", pa.string()), ("freshness_sla_days", pa.int32()),
])  # fmt: skip

Report = dict[str, Any]


class LoadFailed(IngestError):
    """Some content could not be loaded or judged at all; all the rest was, and `reports` tells of it."""

    def __init__(self, faults: list[str], reports: list[Report]) -> None:
        super().__init__("\n".join(faults))
        self.faults, self.reports = faults, reports


class _Rejected(Exception):
    """A content breaks its contract as a whole."""

    def __init__(self, rule: str, message: str, rows_in: int = 0) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule, self.message, self.rows_in = rule, message, rows_in


@dataclass(frozen=True)
class _Rule:
    """A row rule: `broken` is SQL that is true for a row to be held back."""

    rule: str
    column: str | None
    broken: str
    message: str


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def raw_table(source: str, resource: str) -> str:
    """Qualified, quoted name of the raw table of a resource."""
    return f"raw.{_name(f'{source}__{resource}')}"


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A connection that writes the raw store (created if missing). Close it: one writer at a time.

    The file is attached under another name because DuckDB finds `raw.x` ambiguous where catalog and schema are
    both called raw. Raises duckdb.Error when the file cannot be opened for writing.
    """
    settings.raw_db.parent.mkdir(parents=True, exist_ok=True)
    # All threads DuckDB likes: rows keep their order, and no floats are summed here, so raw stays equal on any machine.
    con = duckdb.connect(config={"temp_directory": str(settings.raw_db.with_suffix(".tmp"))})
    con.execute(f"ATTACH {_text(str(settings.raw_db))} AS store")
    con.execute("USE store")
    return con


def prepare(con: duckdb.DuckDBPyConnection, settings: Settings, sources: Path = SOURCES) -> None:
    """Create the ledger and every contracted raw table that is missing, and rewrite the catalogue of sources.

    Raises ContractError when a contract is wrong.
    """
    catalogue: list[dict[str, Any]] = []
    with _transaction(con):
        con.execute(LEDGER)
        for source in contracts.load_all(sources):
            base_url = settings.base_url(source.source, source.base_url or "")
            for resource in source.resources:
                columns = {column.name: "VARCHAR" for column in resource.columns} | META
                table = raw_table(source.source, resource.resource)
                con.execute(
                    f"CREATE TABLE IF NOT EXISTS {table} "
                    f"({', '.join(f'{_name(name)} {kind}' for name, kind in columns.items())})"
                )
                _add_columns(con, table, list(columns))
                catalogue.append({
                    "source": source.source, "resource": resource.resource, "domain": resource.domain,
                    "title": source.title, "publisher": source.publisher, "landing_page": source.landing_page,
                    "url": base_url + resource.path if resource.path else None,
                    "licence": source.licence.name, "licence_url": source.licence.url,
                    "is_redistributable": source.licence.redistributable, "attribution": source.licence.attribution,
                    "cadence": source.cadence, "freshness_sla_days": resource.freshness_sla_days,
                })  # fmt: skip
        con.execute("DELETE FROM raw.sources")
        _insert(con, "raw.sources", catalogue, SOURCE_SCHEMA)


def load_domain(
    con: duckdb.DuckDBPyConnection, settings: Settings, domain: str, sources: Path = SOURCES
) -> list[Report]:
    """Load all that the archive holds for a domain and raw lacks, evidence first; returns one report per content.

    Raises LoadFailed, after having loaded the others, when archived bytes are damaged or a contract is wrong.
    """
    prepare(con, settings, sources)
    reports: list[Report] = []
    faults: list[str] = []
    for source in contracts.load_all(sources):
        try:
            reports += load_source(con, settings, source.source, domain, sources)
        except LoadFailed as error:
            reports += error.reports
            faults += error.faults
    if faults:
        raise LoadFailed(faults, reports)
    return reports


def load_source(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: str, domain: str, sources: Path = SOURCES
) -> list[Report]:
    """Load all that the archive holds for one source in one domain and raw lacks (after `prepare`).

    Returns one report per content in order of knowledge: source, resource, sha256, known_from, load_id, status
    ('loaded' | 'rejected'), rows_in, rows_loaded, rows_quarantined, reason.
    Raises LoadFailed, after having loaded the rest, when archived bytes are damaged or a contract is wrong.
    """
    archive, contract = Archive(settings.archive_dir), contracts.load_source(source, sources)
    reports: list[Report] = []
    faults: list[str] = []
    for resource in contract.in_domain(domain):
        try:
            _sync_fetches(con, archive, contract, resource)
            for content in _pending(con, contract, resource):
                try:
                    reports.append(_load_content(con, archive, contract, resource, content))
                except ArchiveError as error:
                    faults.append(str(error))
        except (ArchiveError, ContractError) as error:
            faults.append(str(error))
    if faults:
        raise LoadFailed(faults, reports)
    return reports


@dataclass(frozen=True)
class _Content:
    """One distinct content of a resource, as first had (times in UTC without zone, as DuckDB keeps them)."""

    sha256: str
    known_from: datetime
    retrieved_at: datetime
    vintage_kind: str
    vintage_scope: str


def _sync_fetches(con: duckdb.DuckDBPyConnection, archive: Archive, source: Source, resource: Resource) -> None:
    """Copy the fetch records that raw.fetches lacks."""
    known = con.execute(
        "SELECT attempted_at, sha256 FROM raw.fetches WHERE source = ? AND resource = ?",
        [source.source, resource.resource],
    ).fetchall()
    names = {record_name(attempted_at, sha256) for attempted_at, sha256 in known}
    rows = [_fetch_row(fetch, resource) for fetch in archive.fetches(source.source, resource.resource, names)]
    _insert(con, "raw.fetches", rows, FETCH_SCHEMA)


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    if rows:  # through Arrow, because executemany goes row by row and imports pandas
        con.register("new_rows", pa.Table.from_pylist(rows, schema=schema))
        con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")
        con.unregister("new_rows")


def _fetch_row(fetch: Fetch, resource: Resource) -> dict[str, Any]:
    row = fetch.model_dump(include=set(FETCH_SCHEMA.names)) | {"domain": resource.domain}
    return {key: value.replace(tzinfo=None) if isinstance(value, datetime) else value for key, value in row.items()}


def _pending(con: duckdb.DuckDBPyConnection, source: Source, resource: Resource) -> list[_Content]:
    """Contents to load, oldest knowledge first.

    New ones, ones loaded under another contract, and ones since found to have been known earlier. Where row loss
    is judged, also all that follow such a one: their predecessor has changed.
    """
    rows = con.execute(
        """
        SELECT first.*, coalesce(loads.contract_hash = ? AND loads.known_from = first.known_from
                                 AND loads.retrieved_at = first.attempted_at, false) AS is_done
        FROM (
            SELECT DISTINCT ON (sha256) sha256, known_from, attempted_at, vintage_kind, vintage_scope
            FROM raw.fetches WHERE source = ? AND resource = ? AND outcome = 'fetched'
            ORDER BY sha256, known_from, attempted_at
        ) AS first
        LEFT JOIN raw.loads ON loads.source = ? AND loads.resource = ? AND loads.sha256 = first.sha256
        ORDER BY first.known_from, first.attempted_at, first.sha256
        """,
        [source.contract_hash(resource), *[source.source, resource.resource] * 2],
    ).fetchall()
    first_new = next((index for index, row in enumerate(rows) if not row[-1]), len(rows))
    chained = resource.max_row_loss_pct is not None
    return [_Content(*row[:-1]) for index, row in enumerate(rows) if not row[-1] or (chained and index > first_new)]


def _load_content(
    con: duckdb.DuckDBPyConnection, archive: Archive, source: Source, resource: Resource, content: _Content
) -> Report:
    """Load one content in one transaction, or record why it is rejected."""
    path = archive.verified_path(source.source, resource.resource, content.sha256)
    (load_id,) = con.execute("SELECT coalesce(max(load_id), 0) + 1 FROM raw.loads").fetchone() or (1,)
    report: Report = {
        "load_id": load_id, "source": source.source, "resource": resource.resource, "sha256": content.sha256,
        "known_from": content.known_from, "retrieved_at": content.retrieved_at,
        "vintage_kind": content.vintage_kind, "vintage_scope": content.vintage_scope,
        "contract_hash": source.contract_hash(resource),
    }  # fmt: skip
    try:
        header = _stage(con, path, source, resource)
        with _transaction(con):
            _forget(con, report)
            report |= _load_rows(con, header, source, resource, content, load_id) | {"status": "loaded"}
            _write_ledger(con, report)
    except _Rejected as rejected:
        reason = (
            f"{source.source}.{resource.resource} known from {content.known_from:%Y-%m-%d}: {rejected}. "
            f"The last good content stays in use. Compare archive/{source.source}/{resource.resource}/objects/"
            f"{content.sha256} with source.yml: if the contract is wrong, repair it (the bytes are then tried again), "
            "else wait for the next fetch."
        )
        report |= {
            "status": "rejected", "reason": reason,
            "rows_in": rejected.rows_in, "rows_loaded": 0, "rows_quarantined": rejected.rows_in,
        }  # fmt: skip
        with _transaction(con):
            _forget(con, report)
            _write_ledger(con, report)
            con.execute(
                "INSERT INTO raw.quarantine BY NAME SELECT ? AS source, ? AS resource, ? AS sha256, ? AS rule, "
                "? AS message, ? AS load_id, ?::TIMESTAMP AS known_from",
                [source.source, resource.resource, content.sha256, rejected.rule, rejected.message, load_id,
                 content.known_from],
            )  # fmt: skip
    return report


def _forget(con: duckdb.DuckDBPyConnection, report: Report) -> None:
    """Remove an earlier load of the same content, made under another contract or date."""
    of_content = [report["source"], report["resource"], report["sha256"]]
    where = "WHERE source = ? AND resource = ? AND sha256 = ?"
    loaded = con.execute(f"SELECT load_id FROM raw.loads {where}", of_content).fetchall()
    if loaded:
        con.execute(f"DELETE FROM {raw_table(*of_content[:2])} WHERE _sha256 = ?", of_content[2:])
        con.execute(f"DELETE FROM raw.quarantine {where}", of_content)
        con.execute(f"DELETE FROM raw.loads {where}", of_content)


def _write_ledger(con: duckdb.DuckDBPyConnection, report: Report) -> None:
    names = ", ".join(f"? AS {_name(name)}" for name in report)
    con.execute(f"INSERT INTO raw.loads BY NAME SELECT {names}", list(report.values()))


def _load_rows(
    con: duckdb.DuckDBPyConnection,
    header: list[str],
    source: Source,
    resource: Resource,
    content: _Content,
    load_id: int,
) -> Report:
    """Judge and store the staged rows of one content; returns their counts and a reason (None when all is plain).

    Raises _Rejected when the content breaks its contract as a whole.
    """
    extra = [name for name in header if name not in {column.name for column in resource.columns}]
    rows_in = _count(con, "incoming")

    rules, typed = _row_rules(resource, header, content)
    cases = " ".join(f"WHEN {rule.broken} THEN {number}" for number, rule in enumerate(rules))
    verdict = f"CASE {cases} END" if rules else "NULL::INTEGER"
    try:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE broken AS SELECT _row, rule_no "
            f"FROM (SELECT _row, {verdict} AS rule_no FROM ({typed})) WHERE rule_no IS NOT NULL"
        )
    except duckdb.Error as error:
        raise ContractError(
            f"{source.source}.{resource.resource}: a rejects rule of its source.yml is not valid SQL over its columns; "
            f"correct it: {error}"
        ) from error
    if resource.key:
        rules.append(_Rule("duplicate_row", None, "", f"the same row again (key: {', '.join(resource.key)})"))
        _judge_duplicates(con, resource, typed, len(rules) - 1, rows_in)
    rows_broken = _count(con, "broken")
    counts = _quarantine(con, source, resource, content, load_id, rules) if rows_broken else {}
    held_back = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))

    table = raw_table(source.source, resource.resource)
    _add_columns(con, table, extra)
    meta = {
        "_source": source.source, "_resource": resource.resource, "_sha256": content.sha256, "_load_id": load_id,
        "_retrieved_at": content.retrieved_at, "_vintage_kind": content.vintage_kind,
        "_vintage_scope": content.vintage_scope,
    }  # fmt: skip
    con.execute(
        f"INSERT INTO {table} BY NAME SELECT incoming.*, rowid + 1 AS _row, {_known_from_sql(resource, content)} "
        f"AS _known_from, {', '.join(f'${name} AS {name}' for name in meta)} FROM incoming"
        + (" WHERE rowid + 1 NOT IN (SELECT _row FROM broken)" if rows_broken else ""),
        meta,
    )
    (rows_loaded,) = con.execute(f"SELECT count(*) FROM {table} WHERE _load_id = ?", [load_id]).fetchone() or (0,)
    if rows_in != rows_loaded + sum(counts.values()):
        raise AssertionError(
            f"{source.source}.{resource.resource} {content.sha256}: {rows_in} rows in, but {rows_loaded} loaded and "
            f"{sum(counts.values())} quarantined; nothing was stored. This is a fault of ingest/load.py: report it"
        )
    _judge_size(con, source, resource, content, rows_in, rows_loaded, held_back)
    reasons = [f"columns not in the contract, kept: {', '.join(extra)}"] if extra else []
    reasons += [f"rows in quarantine: {held_back}"] if held_back else []
    return {
        "rows_in": rows_in, "rows_loaded": rows_loaded, "rows_quarantined": sum(counts.values()),
        "reason": "; ".join(reasons) or None,
    }  # fmt: skip


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    (count,) = con.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return int(count)


def _add_columns(con: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> None:
    have = {row[0].lower() for row in con.execute(f"DESCRIBE {table}").fetchall()}
    for name in names:
        if name.lower() not in have:
            con.execute(f"ALTER TABLE {table} ADD COLUMN {_name(name)} VARCHAR")


def _stage(con: duckdb.DuckDBPyConnection, path: Path, source: Source, resource: Resource) -> list[str]:
    """Read bytes into temp table `incoming`, every column as text; returns the header.

    Not inside a transaction: row numbers come from rowid, which only counts from 0 in a committed table.
    Raises _Rejected when the bytes are not what the contract says.
    """
    con.execute("DROP TABLE IF EXISTS incoming")
    if resource.format == "csv":
        return _stage_csv(con, path, resource)
    return _stage_custom(con, path, source, resource)


def _stage_csv(con: duckdb.DuckDBPyConnection, path: Path, resource: Resource) -> list[str]:
    header = _csv_header(path)
    _judge_header(header, resource)
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in header)
    try:
        con.execute(
            f"CREATE TEMP TABLE incoming AS SELECT * FROM read_csv({_text(str(path))}, columns = {{{columns}}}, "
            "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', compression = 'none', "
            "strict_mode = true, null_padding = false)"
        )
    except duckdb.Error as error:
        what = [line for line in str(error).splitlines() if line and not line.startswith(("Possible", "*", " "))]
        raise _Rejected(
            "wrong_content", f"the file cannot be read as CSV in UTF-8 to its end (cut off, or malformed): {what[:4]}"
        ) from error
    return header


def _csv_header(path: Path) -> list[str]:
    """Header of a CSV file in UTF-8 (with or without BOM), exactly as written."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        is_whole = not file.read(1)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head, final=is_whole)
    except UnicodeDecodeError as error:
        raise _Rejected("wrong_content", f"the bytes are not UTF-8 text (byte {error.start})") from None
    if not text.strip():
        raise _Rejected("wrong_content", "the file is empty")
    if text.lstrip().startswith("<"):
        raise _Rejected("wrong_content", "the file is a web page or XML, not CSV")
    try:
        return next(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _Rejected("wrong_content", f"the header cannot be read as CSV: {error}") from None


def _stage_custom(con: duckdb.DuckDBPyConnection, path: Path, source: Source, resource: Resource) -> list[str]:
    try:
        spec = importlib.util.spec_from_file_location(f"connector_{source.source}", source.folder / "connector.py")
        assert spec is not None and spec.loader is not None  # a .py path always has a loader
        connector = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(connector)
        parse = connector.parse
    except Exception as error:
        raise ContractError(f"{source.source}: connector.py must define parse, but it gives {error!r}") from error
    try:
        table = parse(path.read_bytes(), resource.resource)
    except Exception as error:  # whatever foreign bytes make a parser do, they are rejected with what it said
        raise _Rejected("wrong_content", f"the connector's parser cannot read the bytes: {error!r}") from error
    if not isinstance(table, pa.Table) or not all(pa.types.is_string(kind) for kind in table.schema.types):
        raise ContractError(f"{source.source}: connector.parse must return a pyarrow.Table with string columns only")
    _judge_header(table.column_names, resource)
    con.register("parsed", table)
    columns = ", ".join(f"nullif({_name(name)}, '') AS {_name(name)}" for name in table.column_names)
    con.execute(f"CREATE TEMP TABLE incoming AS SELECT {columns} FROM parsed")
    con.unregister("parsed")
    return list(table.column_names)


def _judge_header(header: list[str], resource: Resource) -> None:
    """Raises _Rejected for a header the contract does not allow."""
    for column in resource.columns:
        if column.required and column.name not in header:
            raise _Rejected(f"missing_column:{column.name}", f"the header lacks a required column; it is {header}")
    lower = [name.lower() for name in header]
    contracted = {column.name.lower(): column.name for column in resource.columns}
    for name in header:
        if not name.strip():
            raise _Rejected("unexpected_header", f"a column has no name; the header is {header}")
        if name.startswith("_"):
            raise _Rejected("unexpected_header", f"column {name!r}: names that start with _ belong to the loader")
        if lower.count(name.lower()) > 1:
            raise _Rejected("unexpected_header", f"column {name!r} is there twice (SQL ignores case)")
        if contracted.get(name.lower(), name) != name:
            raise _Rejected("unexpected_header", f"column {name!r} is contracted as {contracted[name.lower()]!r}")


def _typed_sql(column: Column, header: list[str]) -> str:
    """SQL of a column's typed value over `incoming`; NULL where the text does not cast."""
    name = _name(column.name)
    if column.name not in header:
        name = "NULL::VARCHAR"
    match column.type:
        case "varchar":
            return name
        case "date":
            return f"try_cast({name} AS DATE)"
        case "month":
            return f"try_cast({name} || '-01' AS DATE)"
        case kind:
            return f"try_cast({name} AS {kind.upper()})"


def _type_broken_sql(column: Column, text: str) -> str:
    """SQL that is true when a text is not of the column's type, stricter than try_cast where that is lenient."""
    typed = _name(column.name)
    match column.type:
        case "double":  # try_cast takes 'nan' and 'inf'
            strict = f" OR NOT isfinite({typed})"
        case "bigint":  # try_cast rounds 11.5
            strict = f" OR try_cast({text} AS DOUBLE) <> trunc(try_cast({text} AS DOUBLE))"
        case "date":  # try_cast takes 2024/1/5, infinity and timestamps
            strict = f" OR {typed}::VARCHAR <> {text} OR NOT isfinite({typed})"
        case "month":
            strict = f" OR {typed}::VARCHAR <> {text} || '-01'"
        case _:
            strict = ""
    return f"({text} IS NOT NULL AND ({typed} IS NULL{strict}))"


def _known_from_sql(resource: Resource, content: _Content) -> str:
    if isinstance(resource.known_from, KnownFromColumn):
        return f"try_cast({_name(resource.known_from.column)} AS TIMESTAMP)"
    return f"TIMESTAMP '{content.known_from}'"


def _row_rules(resource: Resource, header: list[str], content: _Content) -> tuple[list[_Rule], str]:
    """The row rules of a resource in the order they are judged, and the query over `incoming` they are judged on.

    The query has _row, the typed columns by name, _known_from DATE, and each column's text as _text_<number>.
    """
    rules: list[_Rule] = []
    projection = ["rowid + 1 AS _row", f"{_known_from_sql(resource, content)}::DATE AS _known_from"]
    dated_by = resource.known_from.column if isinstance(resource.known_from, KnownFromColumn) else None
    for number, column in enumerate(resource.columns):
        projection.append(f"{_typed_sql(column, header)} AS {_name(column.name)}")
        if column.name not in header:
            continue
        typed, text = _name(column.name), f"_text_{number}"
        projection.append(f"{typed} AS {text}")
        if column.not_null or column.name == dated_by:
            rules.append(_Rule(f"not_null:{column.name}", column.name, f"{text} IS NULL", "a value is required"))
        if column.type != "varchar":
            broken = _type_broken_sql(column, text)
            rules.append(_Rule(f"type:{column.name}", column.name, broken, f"not readable as {column.type}"))
        for bound, sign in (("min", "<"), ("max", ">")):
            if (limit := getattr(column, bound)) is not None:
                message = f"{'below' if bound == 'min' else 'above'} the contract's {bound} of {limit:g}"
                rules.append(_Rule(f"{bound}:{column.name}", column.name, f"{typed} {sign} {limit!r}", message))
        if column.allowed is not None:
            listed = ", ".join(_text(value) for value in column.allowed)
            message = f"not one of {', '.join(column.allowed)}"
            rules.append(_Rule(f"allowed:{column.name}", column.name, f"{text} NOT IN ({listed})", message))
    # Last, so that they only judge rows whose values are of their types: the first broken rule is the one kept.
    rules += [_Rule(reject.rule, None, f"({reject.when})", reject.message) for reject in resource.rejects]
    return rules, f"SELECT {', '.join(projection)} FROM incoming"


def _judge_duplicates(
    con: duckdb.DuckDBPyConnection, resource: Resource, typed: str, rule_no: int, rows_in: int
) -> None:
    """Add repetitions of equal rows to `broken`; raises _Rejected when rows with one key differ."""
    key = ", ".join(_name(name) for name in resource.key)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {key} FROM ({typed}) "
        "WHERE _row NOT IN (SELECT _row FROM broken) GROUP BY ALL HAVING count(*) > 1"
    )
    if not _count(con, "repeated"):
        return
    same_key = " AND ".join(f"t.{_name(name)} IS NOT DISTINCT FROM r.{_name(name)}" for name in resource.key)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated_rows AS SELECT t._row, to_json(r)::VARCHAR AS key, "
        f"to_json(incoming)::VARCHAR AS content FROM ({typed}) AS t JOIN repeated AS r ON {same_key} "
        "JOIN incoming ON incoming.rowid + 1 = t._row WHERE t._row NOT IN (SELECT _row FROM broken)"
    )
    conflict = con.execute(
        "SELECT key, min(_row), max(_row), count(*) OVER () FROM repeated_rows GROUP BY key "
        "HAVING count(DISTINCT content) > 1 ORDER BY 2 LIMIT 1"
    ).fetchone()
    if conflict:
        where, first, last, how_many = conflict
        raise _Rejected(
            "duplicate_key", f"{how_many} keys have rows that differ, e.g. {where} in rows {first} and {last}", rows_in
        )
    con.execute(
        f"INSERT INTO broken SELECT _row, {rule_no} FROM repeated_rows "
        "WHERE _row NOT IN (SELECT min(_row) FROM repeated_rows GROUP BY key)"
    )


def _quarantine(
    con: duckdb.DuckDBPyConnection, source: Source, resource: Resource, content: _Content, load_id: int,
    rules: list[_Rule],
) -> dict[str, int]:  # fmt: skip
    """Store the broken rows with the first rule each broke; returns rows per rule."""
    verdicts = pa.table({
        "rule_no": list(range(len(rules))),
        "rule": [rule.rule for rule in rules],
        "column_name": pa.array([rule.column for rule in rules], pa.string()),
        "message": [rule.message for rule in rules],
    })  # fmt: skip
    con.register("verdicts", verdicts)
    values = " ".join(f"WHEN {n} THEN incoming.{_name(rule.column)}" for n, rule in enumerate(rules) if rule.column)
    con.execute(
        f"""
        INSERT INTO raw.quarantine BY NAME
        SELECT $source AS source, $resource AS resource, $sha256 AS sha256, _row AS "row", rule, column_name,
               {f"CASE rule_no {values} END" if values else "NULL::VARCHAR"} AS value, message,
               to_json(incoming)::VARCHAR AS row_json, $load_id AS load_id, $known_from::TIMESTAMP AS known_from
        FROM broken JOIN incoming ON incoming.rowid + 1 = broken._row JOIN verdicts USING (rule_no) ORDER BY _row
        """,
        {
            "source": source.source, "resource": resource.resource, "sha256": content.sha256, "load_id": load_id,
            "known_from": content.known_from,
        },
    )  # fmt: skip
    con.unregister("verdicts")
    stored = con.execute("SELECT rule, count(*) FROM raw.quarantine WHERE load_id = ? GROUP BY rule", [load_id])
    return dict(stored.fetchall())


def _judge_size(
    con: duckdb.DuckDBPyConnection, source: Source, resource: Resource, content: _Content, rows_in: int,
    rows_loaded: int, held_back: str,
) -> None:  # fmt: skip
    """Raises _Rejected when too few good rows came, absolutely or against the last good full content."""
    after = f" ({rows_in} came; held back: {held_back})" if held_back else ""
    if rows_loaded < resource.min_rows:
        message = f"{rows_loaded} good rows, at least {resource.min_rows} expected{after}"
        raise _Rejected("too_few_rows", message, rows_in)
    # A partial content says what it holds, not what is missing: its size compares with nothing.
    if resource.max_row_loss_pct is None or content.vintage_scope == "partial":
        return
    last_good = con.execute(
        """
        SELECT loads.rows_loaded, fetches.known_from FROM raw.fetches JOIN raw.loads USING (source, resource, sha256)
        WHERE source = $source AND resource = $resource AND loads.status = 'loaded'
          AND fetches.vintage_scope = 'full'
          AND (fetches.known_from, fetches.attempted_at) < ($known_from, $retrieved_at)
        ORDER BY fetches.known_from DESC, fetches.attempted_at DESC LIMIT 1
        """,
        {
            "source": source.source, "resource": resource.resource, "known_from": content.known_from,
            "retrieved_at": content.retrieved_at,
        },
    ).fetchone()  # fmt: skip
    if last_good and rows_loaded < last_good[0] * (1 - resource.max_row_loss_pct / 100):
        raise _Rejected(
            "row_loss",
            f"{rows_loaded} good rows, the content known from {last_good[1]:%Y-%m-%d} had {last_good[0]}; "
            f"a loss of at most {resource.max_row_loss_pct:g}% is allowed{after}",
            rows_in,
        )
