"""Archive -> raw: each distinct content of a resource once, all columns as text, bad rows to quarantine.

(Parquet has no text: there the contracted columns keep the contracted type, the others become text.)

What is loaded is decided by what the archive holds and the ledger (`raw.loads`) lacks. Everything about one content
happens in one transaction, so a killed run leaves nothing half loaded and the next run simply goes on. A content
whose contract has changed since it was loaded is loaded again: raw is always what a rebuild would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingest import IngestError, contracts, drift, readers
from ingest.archive import Archive, ArchiveError, Fetch, record_name
from ingest.contracts import SOURCES, ContractError, Resource, Source
from ingest.drift import Drift, Good
from ingest.readers import Incoming
from ingest.rules import Rejected, Rule, known_from_sql, literal, quoted, raw_type, row_rules, typed_key
from settings import Settings

# The loader's share of the machine: what is larger goes through the temp folder. Python and buffers come on top.
MEMORY_LIMIT = "1200MB"
# Raw is read by this house only, which has one DuckDB, so it may have the newer, faster and smaller compression.
STORAGE_VERSION = "v1.4.0"

META = {
    "_source": "VARCHAR",
    "_resource": "VARCHAR",
    "_part": "VARCHAR DEFAULT ''",
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
CREATE TABLE IF NOT EXISTS raw.drift (
    source VARCHAR, resource VARCHAR, part VARCHAR, load_id BIGINT, known_from TIMESTAMP, check_name VARCHAR,
    column_name VARCHAR, previous_value DOUBLE, current_value DOUBLE, is_blocking BOOLEAN, message VARCHAR);
ALTER TABLE raw.fetches ADD COLUMN IF NOT EXISTS part VARCHAR DEFAULT '';
ALTER TABLE raw.loads ADD COLUMN IF NOT EXISTS part VARCHAR DEFAULT '';
ALTER TABLE raw.loads ADD COLUMN IF NOT EXISTS compared_sha256 VARCHAR;
ALTER TABLE raw.loads ADD COLUMN IF NOT EXISTS compared_known_from TIMESTAMP;
ALTER TABLE raw.quarantine ADD COLUMN IF NOT EXISTS part VARCHAR DEFAULT '';
"""

FETCH_SCHEMA = pa.schema([
    ("source", pa.string()), ("resource", pa.string()), ("part", pa.string()), ("domain", pa.string()),
    ("attempted_at", pa.timestamp("us")), ("outcome", pa.string()), ("http_status", pa.int32()),
    ("sha256", pa.string()), ("bytes", pa.int64()), ("url", pa.string()), ("error", pa.string()),
    ("known_from", pa.timestamp("us")), ("known_from_basis", pa.string()), ("vintage_kind", pa.string()),
    ("vintage_scope", pa.string()),
])  # fmt: skip
SOURCE_SCHEMA = pa.schema([
    ("source", pa.string()), ("resource", pa.string()), ("domain", pa.string()), ("title", pa.string()),
    ("publisher", pa.string()), ("landing_page", pa.string()), ("url", pa.string()), ("licence", pa.string()),
    ("licence_url", pa.string()), ("is_redistributable", pa.bool_()), ("attribution", pa.string()),
    ("cadence", pa.string()), ("freshness_sla_days", pa.int32()),
])  # fmt: skip
DRIFT_SCHEMA = pa.schema([
    ("source", pa.string()), ("resource", pa.string()), ("part", pa.string()), ("load_id", pa.int64()),
    ("known_from", pa.timestamp("us")), ("check_name", pa.string()), ("column_name", pa.string()),
    ("previous_value", pa.float64()), ("current_value", pa.float64()), ("is_blocking", pa.bool_()),
    ("message", pa.string()),
])  # fmt: skip

Report = dict[str, Any]


class LoadFailed(IngestError):
    """Some content could not be loaded or judged at all; all the rest was, and `reports` tells of it."""

    def __init__(self, faults: list[str], reports: list[Report]) -> None:
        super().__init__("\n".join(faults))
        self.faults, self.reports = faults, reports


def raw_table(source: str, resource: str) -> str:
    """Qualified, quoted name of the raw table of a resource."""
    return f"raw.{quoted(f'{source}__{resource}')}"


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def _aside(settings: Settings) -> Path:
    return settings.raw_db.with_suffix(".tmp")


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A connection that writes the raw store (created if missing). Close it: one writer at a time.

    The file is attached under another name because DuckDB finds `raw.x` ambiguous where catalog and schema are
    both called raw. Raises duckdb.Error when the file cannot be opened for writing.
    """
    settings.raw_db.parent.mkdir(parents=True, exist_ok=True)
    # All threads DuckDB likes: rows keep their order, and no floats are summed here, so raw stays equal on any machine.
    con = duckdb.connect(config={"temp_directory": str(_aside(settings)), "memory_limit": MEMORY_LIMIT})
    con.execute("SET enable_progress_bar = false")  # it would fill the logs of a long load
    con.execute(f"ATTACH {literal(str(settings.raw_db))} AS store (STORAGE_VERSION '{STORAGE_VERSION}')")
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
                columns = {column.name: raw_type(resource, column) for column in resource.columns} | META
                table = raw_table(source.source, resource.resource)
                con.execute(
                    f"CREATE TABLE IF NOT EXISTS {table} "
                    f"({', '.join(f'{quoted(name)} {kind}' for name, kind in columns.items())})"
                )
                _add_columns(con, table, columns)
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

    Returns one report per content in order of knowledge: source, resource, part, sha256, known_from, load_id, status
    ('loaded' | 'rejected'), rows_in, rows_loaded, rows_quarantined, reason.
    Raises LoadFailed, after having loaded the rest, when archived bytes are damaged or a contract is wrong.
    """
    archive, contract = Archive(settings.archive_dir), contracts.load_source(source, sources)
    reports: list[Report] = []
    faults: list[str] = []
    for resource in contract.in_domain(domain):
        try:
            _sync_fetches(con, archive, contract, resource)
            _load_resource(con, settings, contract, resource, reports, faults)
        except (ArchiveError, ContractError) as error:
            faults.append(str(error))
    if faults:
        raise LoadFailed(faults, reports)
    return reports


@dataclass(frozen=True)
class _Content:
    """One distinct content of a resource or of a part of it, as first had.

    Times are in UTC without zone, as DuckDB keeps them. `last` is the last good full content known before it.
    """

    part: str
    sha256: str
    known_from: datetime
    retrieved_at: datetime
    vintage_kind: str
    vintage_scope: str
    last: Good | None = None


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


def _load_resource(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, resource: Resource, reports: list[Report],
    faults: list[str],
) -> None:  # fmt: skip
    """Load what is pending of a resource, oldest knowledge first, adding to `reports` and (damaged bytes) `faults`.

    Pending are new contents, ones loaded under another contract, ones since found to have been known earlier, and ones
    whose predecessor, the last good full content of the same part, is no longer the one they were compared with: a
    vintage that comes late, or is refused under a repaired contract, changes how the next one is judged.
    """
    fetches = con.execute(
        "SELECT part, sha256, known_from, attempted_at, vintage_kind, vintage_scope FROM raw.fetches "
        "WHERE source = ? AND resource = ? AND outcome = 'fetched' ORDER BY known_from, attempted_at, part, sha256",
        [source.source, resource.resource],
    ).fetchall()
    loads = con.execute(
        "SELECT part, sha256, status, load_id, rows_loaded, contract_hash, known_from, retrieved_at, compared_sha256, "
        "compared_known_from FROM raw.loads WHERE source = ? AND resource = ?",
        [source.source, resource.resource],
    ).fetchall()
    done = {tuple(load[:2]): load[2:] for load in loads}
    judged: set[tuple[str, str]] = set()
    last_good: dict[str, Good] = {}
    hashes: dict[str, str] = {}
    for part, sha256, known_from, attempted_at, kind, scope in fetches:
        if (part, sha256) not in judged:
            judged.add((part, sha256))
            last = last_good.get(part) if scope == "full" else None
            content = _Content(part, sha256, known_from, attempted_at, kind, scope, last)
            hashes[part] = hashes.get(part) or source.contract_hash(resource, part)
            if done.get((part, sha256), ())[3:] != (hashes[part], known_from, attempted_at, *_compared(last)):
                try:
                    report = _load_content(con, settings, source, resource, content)
                except ArchiveError as error:
                    faults.append(str(error))
                    done.pop((part, sha256), None)
                else:
                    reports.append(report)
                    done[part, sha256] = (report["status"], report["load_id"], report["rows_loaded"])
        status, load_id, rows_loaded, *_ = done.get((part, sha256), ("damaged", 0, 0))
        if status == "loaded" and scope == "full":
            last_good[part] = Good(load_id, sha256, rows_loaded, known_from)


def _compared(last: Good | None) -> tuple[str | None, datetime | None]:
    return (last.sha256, last.known_from) if last else (None, None)


def _called(source: Source, resource: Resource, content: _Content) -> str:
    return f"{source.source}.{resource.resource}" + (f" ({content.part})" if content.part else "")


def _load_content(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, resource: Resource, content: _Content
) -> Report:
    """Load one content in one transaction, or record why it is rejected."""
    path = Archive(settings.archive_dir).verified_path(source.source, resource.resource, content.sha256)
    (load_id,) = con.execute("SELECT coalesce(max(load_id), 0) + 1 FROM raw.loads").fetchone() or (1,)
    compared_sha256, compared_known_from = _compared(content.last)
    report: Report = {
        "load_id": load_id, "source": source.source, "resource": resource.resource, "part": content.part,
        "sha256": content.sha256, "known_from": content.known_from, "retrieved_at": content.retrieved_at,
        "vintage_kind": content.vintage_kind, "vintage_scope": content.vintage_scope,
        "contract_hash": source.contract_hash(resource, content.part), "compared_sha256": compared_sha256,
        "compared_known_from": compared_known_from,
    }  # fmt: skip
    try:
        staged = readers.staged(con, path, _aside(settings), source, resource, content.part)
        with staged as incoming, _transaction(con):
            _forget(con, report)
            report |= _load_rows(con, incoming, source, resource, content, load_id) | {"status": "loaded"}
            _write_ledger(con, report)
    except Rejected as rejected:
        reason = (
            f"{_called(source, resource, content)} known from {content.known_from:%Y-%m-%d}: {rejected}. "
            f"The last good content stays in use. Compare archive/{source.source}/{resource.resource}/objects/"
            f"{path.name} with source.yml: if the contract is wrong, repair it (the bytes are then tried again), "
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
                "INSERT INTO raw.quarantine BY NAME SELECT ? AS source, ? AS resource, ? AS part, ? AS sha256, "
                "? AS rule, ? AS message, ? AS load_id, ?::TIMESTAMP AS known_from",
                [source.source, resource.resource, content.part, content.sha256, rejected.rule, rejected.message,
                 load_id, content.known_from],
            )  # fmt: skip
            if isinstance(rejected, drift.Refused):
                _write_drift(con, report, rejected.findings)
    return report


def _forget(con: duckdb.DuckDBPyConnection, report: Report) -> None:
    """Remove an earlier load of the same content, made under another contract, date or predecessor."""
    of_content = [report[name] for name in ("source", "resource", "part", "sha256")]
    where = "WHERE source = ? AND resource = ? AND part = ? AND sha256 = ?"
    for (load_id,) in con.execute(f"SELECT load_id FROM raw.loads {where}", of_content).fetchall():
        con.execute(f"DELETE FROM {raw_table(*of_content[:2])} WHERE _load_id = ?", [load_id])
        for ledger in ("drift", "quarantine", "loads"):
            con.execute(f"DELETE FROM raw.{ledger} WHERE load_id = ?", [load_id])


def _write_ledger(con: duckdb.DuckDBPyConnection, report: Report) -> None:
    names = ", ".join(f"? AS {quoted(name)}" for name in report)
    con.execute(f"INSERT INTO raw.loads BY NAME SELECT {names}", list(report.values()))


def _write_drift(con: duckdb.DuckDBPyConnection, report: Report, findings: list[Drift]) -> None:
    of_load = {name: report[name] for name in ("source", "resource", "part", "load_id", "known_from")}
    _insert(con, "raw.drift", [of_load | asdict(finding) for finding in findings], DRIFT_SCHEMA)


def _load_rows(
    con: duckdb.DuckDBPyConnection,
    incoming: Incoming,
    source: Source,
    resource: Resource,
    content: _Content,
    load_id: int,
) -> Report:
    """Judge and store the rows in `incoming`; returns their counts and a reason (None when all is plain).

    Raises Rejected when the content breaks its contract as a whole.
    """
    rows_in = _count(con, "incoming") + incoming.n_malformed
    known_from = f"TIMESTAMP '{content.known_from}'"
    rules, select_list = row_rules(resource, incoming.columns, known_from)
    judged = f"SELECT {select_list} FROM incoming"
    cases = " ".join(f"WHEN {rule.broken} THEN {number}" for number, rule in enumerate(rules))
    verdict = f"CASE {cases} END" if rules else "NULL::INTEGER"
    try:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE broken AS SELECT _row, rule_no "
            f"FROM (SELECT _row, {verdict} AS rule_no FROM ({judged})) WHERE rule_no IS NOT NULL"
        )
    except readers.OUR_FAULTS:
        raise
    except duckdb.Error as error:
        if readers.is_unreadable(resource, error):
            raise
        raise ContractError(
            f"{source.source}.{resource.resource}: a rejects rule of its source.yml is not valid SQL over its columns; "
            f"correct it: {error}"
        ) from error
    if resource.key:
        rules.append(Rule("duplicate_row", None, "", f"the same row again (key: {', '.join(resource.key)})"))
        _judge_duplicates(con, incoming, resource, len(rules) - 1, rows_in)
    n_broken = _count(con, "broken")
    counts = _quarantine(con, incoming, source, resource, content, load_id, rules, n_broken)
    held_back = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))

    extra = [name for name in incoming.columns if name not in {column.name for column in resource.columns}]
    table = raw_table(source.source, resource.resource)
    _add_columns(con, table, dict.fromkeys(extra, "VARCHAR"))
    meta = {
        "_source": source.source, "_resource": resource.resource, "_part": content.part, "_sha256": content.sha256,
        "_load_id": load_id, "_retrieved_at": content.retrieved_at, "_vintage_kind": content.vintage_kind,
        "_vintage_scope": content.vintage_scope,
    }  # fmt: skip
    con.execute(
        f"INSERT INTO {table} BY NAME SELECT *, {known_from_sql(resource, known_from)} AS _known_from, "
        f"{', '.join(f'${name} AS {name}' for name in meta)} FROM incoming"
        + (" WHERE _row NOT IN (SELECT _row FROM broken)" if n_broken else ""),
        meta,
    )
    (rows_loaded,) = con.execute(f"SELECT count(*) FROM {table} WHERE _load_id = ?", [load_id]).fetchone() or (0,)
    if rows_in != rows_loaded + sum(counts.values()):
        raise AssertionError(
            f"{source.source}.{resource.resource} {content.sha256}: {rows_in} rows in, but {rows_loaded} loaded and "
            f"{sum(counts.values())} quarantined; nothing was stored. This is a fault of ingest/load.py: report it"
        )
    _judge_size(resource, content, rows_in, rows_loaded, held_back)
    report: Report = {"rows_in": rows_in, "rows_loaded": rows_loaded, "rows_quarantined": sum(counts.values())}
    reasons = [f"columns not in the contract, kept: {', '.join(extra)}"] if extra else []
    reasons += [f"rows in quarantine: {held_back}"] if held_back else []
    if content.last is not None:
        try:
            findings = drift.judge(con, table, resource, content.known_from, load_id, content.last)
        except drift.Refused as refused:
            refused.rows_in = rows_in
            raise
        of_load = {"source": source.source, "resource": resource.resource, "part": content.part, "load_id": load_id}
        _write_drift(con, of_load | {"known_from": content.known_from}, findings)
    return report | {"reason": "; ".join(reasons) or None}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    (count,) = con.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return int(count)


def _add_columns(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]) -> None:
    """Give a raw table the columns it lacks, and their type to those of another one (Parquet has the contract's)."""
    have = {row[0].lower(): row[1] for row in con.execute(f"DESCRIBE {table}").fetchall()}
    for name, kind in columns.items():
        if name.lower() not in have:
            con.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {kind}")
        elif have[name.lower()] != kind.split(" ")[0]:
            # The contract is another one, so all contents of this table are about to be loaded again.
            using = f"try_cast({quoted(name)} AS {kind})"
            con.execute(f"ALTER TABLE {table} ALTER COLUMN {quoted(name)} SET DATA TYPE {kind} USING {using}")


def _row_json(incoming: Incoming) -> str:
    """SQL of a row of `incoming` as JSON, as it came."""
    cells = ", ".join(f"{literal(name)}: incoming.{quoted(name)}" for name in incoming.columns)
    return f"to_json({{{cells}}})::VARCHAR"


def _judge_duplicates(
    con: duckdb.DuckDBPyConnection, incoming: Incoming, resource: Resource, rule_no: int, rows_in: int
) -> None:
    """Add repetitions of equal rows to `broken`; raises Rejected when rows with one key differ."""
    present = {column.name for column in resource.columns} & set(incoming.columns)
    key = [
        expression if name in present else "NULL::VARCHAR"
        for name, expression in zip(resource.key, typed_key(resource), strict=True)
    ]
    hashed, key_json = f"hash({', '.join(key)})", f"to_json([{', '.join(f'({k})::VARCHAR' for k in key)}])::VARCHAR"
    is_good = "_row NOT IN (SELECT _row FROM broken)" if _count(con, "broken") else "true"
    # Hashes first: a number per row, where the keys themselves may be long. Few files have any two alike.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE suspects AS "
        f"SELECT {hashed} AS suspect FROM incoming WHERE {is_good} GROUP BY suspect HAVING count(*) > 1"
    )
    if not _count(con, "suspects"):
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated_rows AS SELECT _row, {key_json} AS key, "
        f"{_row_json(incoming)} AS content FROM incoming "
        f"WHERE {is_good} AND {hashed} IN (SELECT suspect FROM suspects) QUALIFY count(*) OVER (PARTITION BY key) > 1"
    )
    conflict = con.execute(
        "SELECT key, min(_row), max(_row), count(*) OVER () FROM repeated_rows GROUP BY key "
        "HAVING count(DISTINCT content) > 1 ORDER BY 2 LIMIT 1"
    ).fetchone()
    if conflict:
        where, first, last, how_many = conflict
        raise Rejected(
            "duplicate_key", f"{how_many} keys have rows that differ, e.g. {where} in rows {first} and {last}", rows_in
        )
    con.execute(
        f"INSERT INTO broken SELECT _row, {rule_no} FROM repeated_rows "
        "WHERE _row NOT IN (SELECT min(_row) FROM repeated_rows GROUP BY key)"
    )


def _quarantine(
    con: duckdb.DuckDBPyConnection, incoming: Incoming, source: Source, resource: Resource, content: _Content,
    load_id: int, rules: list[Rule], n_broken: int,
) -> dict[str, int]:  # fmt: skip
    """Store the broken rows with the first rule each broke, and the malformed lines; returns rows per rule."""
    of_content = {
        "source": source.source, "resource": resource.resource, "part": content.part, "sha256": content.sha256,
        "load_id": load_id, "known_from": content.known_from,
    }  # fmt: skip
    insert = (
        "INSERT INTO raw.quarantine BY NAME SELECT $source AS source, $resource AS resource, $part AS part, "
        '$sha256 AS sha256, $load_id AS load_id, $known_from::TIMESTAMP AS known_from, _row AS "row", '
    )
    if n_broken:
        verdicts = pa.table({
            "rule_no": list(range(len(rules))),
            "rule": [rule.rule for rule in rules],
            "column_name": pa.array([rule.column for rule in rules], pa.string()),
            "message": [rule.message for rule in rules],
        })  # fmt: skip
        con.register("verdicts", verdicts)
        cells = " ".join(
            f"WHEN {n} THEN incoming.{quoted(rule.column)}::VARCHAR" for n, rule in enumerate(rules) if rule.column
        )
        value = f"CASE rule_no {cells} END" if cells else "NULL::VARCHAR"
        con.execute(
            f"{insert} rule, column_name, {value} AS value, message, {_row_json(incoming)} AS row_json "
            "FROM broken JOIN incoming USING (_row) JOIN verdicts USING (rule_no) ORDER BY _row",
            of_content,
        )
        con.unregister("verdicts")
    if incoming.n_malformed:
        con.execute(
            f"{insert} 'malformed_row' AS rule, line AS value, message, to_json({{'line': line}})::VARCHAR AS row_json "
            "FROM malformed ORDER BY _row",
            of_content,
        )
    stored = con.execute("SELECT rule, count(*) FROM raw.quarantine WHERE load_id = ? GROUP BY rule", [load_id])
    return dict(stored.fetchall())


def _judge_size(resource: Resource, content: _Content, rows_in: int, rows_loaded: int, held_back: str) -> None:
    """Raises Rejected when too few good rows came, absolutely or against the last good full content.

    A partial content says what it holds, not what is missing: it has no `last`, its size compares with nothing.
    """
    after = f" ({rows_in} came; held back: {held_back})" if held_back else ""
    if rows_loaded < resource.min_rows:
        message = f"{rows_loaded} good rows, at least {resource.min_rows} expected{after}"
        raise Rejected("too_few_rows", message, rows_in)
    if resource.max_row_loss_pct is None or content.last is None:
        return
    if rows_loaded < content.last.rows_loaded * (1 - resource.max_row_loss_pct / 100):
        raise Rejected(
            "row_loss",
            f"{rows_loaded} good rows, the content known from {content.last.known_from:%Y-%m-%d} had "
            f"{content.last.rows_loaded}; a loss of at most {resource.max_row_loss_pct:g}% is allowed{after}",
            rows_in,
        )
