"""Archived bytes -> the temp view `incoming`: each column a text under its contracted name, `_row` its row's number.

DuckDB reads text into a temp table first (beyond the memory limit that goes to disk, and it is what lets the passes
that judge and store run on all threads); Parquet, where a pass reads only the columns it needs, is read in place. Rows
keep the order of the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ingest import contracts, packed
from ingest.contracts import ContractError, Resource, Source
from ingest.rules import Rejected, literal, quoted, raw_type

HEAD_BYTES = 1 << 20
# A file whose malformed lines are more than this is not trusted at all.
MAX_MALFORMED_SHARE = 0.01
MAX_MALFORMED = 1000

# Faults of this machine (memory, disk), or of DuckDB: never a verdict on the content.
OUR_FAULTS = (duckdb.OperationalError, duckdb.InternalError)


@dataclass(frozen=True)
class Incoming:
    """What stands in `incoming`: its columns (contracted name -> type), and how many lines could not be read.

    Those lines are in the temp table `malformed` (_row, line, message).
    """

    columns: dict[str, str]
    n_malformed: int = 0


@dataclass(frozen=True)
class _Reader:
    """How DuckDB reads a text: `rows` is SQL for FROM, `header` its columns as the source names them.

    `has_blanks`: an empty text is to be read as NULL here (the CSV reader does that by itself).
    """

    kind: str
    rows: str
    header: list[str]
    has_blanks: bool = False


@contextmanager
def staged(
    con: duckdb.DuckDBPyConnection, archived: Path, folder: Path, source: Source, resource: Resource, part: str
) -> Iterator[Incoming]:
    """`incoming` for an archived file, while the context lasts; files unpacked on the way are put in `folder`.

    To be entered outside a transaction: row numbers come from rowid, which only counts from 0 in a committed table.
    Raises Rejected when the bytes are not what the contract says (of Parquet also later, when they are read),
    ContractError when the connector is wrong.
    """
    try:
        with _unpacked(archived, folder, resource) as path:
            if resource.format == "parquet":
                incoming = _view_parquet(con, path, resource)
            else:
                incoming = _stage_text(con, path, source, resource, part)
            try:
                yield incoming
            except duckdb.InvalidInputException as error:
                if is_unreadable(resource, error):
                    raise _unreadable("Parquet", error) from error
                raise
    finally:
        con.execute("DROP VIEW IF EXISTS incoming; DROP TABLE IF EXISTS staged; DROP TABLE IF EXISTS malformed")


def is_unreadable(resource: Resource, error: duckdb.Error) -> bool:
    """Whether an error while `incoming` is read means that the file is damaged."""
    return resource.format == "parquet" and isinstance(error, duckdb.InvalidInputException)


def _view_parquet(con: duckdb.DuckDBPyConnection, path: Path, resource: Resource) -> Incoming:
    rows = f"read_parquet({literal(str(path))}, file_row_number = true)"
    try:
        described = con.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {rows}").fetchall()
    except OUR_FAULTS:
        raise
    except duckdb.Error as error:
        raise _unreadable("Parquet", error) from error
    kinds = {row[0]: row[1] for row in described}
    names = _judge_header(list(kinds), resource)
    is_typed = {column.name for column in resource.columns if raw_type(resource, column) != "VARCHAR"}
    columns = {
        name: kind if name in is_typed else "VARCHAR" for name, kind in zip(names, kinds.values(), strict=True)
    }
    cells = ", ".join(
        f"{quoted(own)}{'' if name in is_typed else '::VARCHAR'} AS {quoted(name)}"
        for own, name in zip(kinds, names, strict=True)
    )
    con.execute(f"CREATE TEMP VIEW incoming AS SELECT file_row_number + 1 AS _row, {cells} FROM {rows}")
    return Incoming(columns)


def _stage_text(
    con: duckdb.DuckDBPyConnection, path: Path, source: Source, resource: Resource, part: str
) -> Incoming:
    if resource.format == "csv":
        reader = _csv_reader(path)
    elif resource.format == "relation":
        reader = _relation_reader(con, path, source, resource, part)
    else:
        reader = _custom_reader(con, path, source, resource)
    names = _judge_header(reader.header, resource)
    # Numbered names, because a column may be called rowid.
    cells = [f"nullif({quoted(n)}, '')" if reader.has_blanks else quoted(n) for n in reader.header]
    columns = ", ".join(f"{cell} AS c{number}" for number, cell in enumerate(cells))
    row_number, n_malformed = "rowid + 1", 0
    try:
        con.execute(f"CREATE TEMP TABLE staged AS SELECT {columns} FROM {reader.rows}")
    except OUR_FAULTS:
        raise
    except duckdb.Error as error:
        if resource.format != "csv":
            raise _unreadable(reader.kind, error) from error
        row_number, n_malformed = _stage_around_malformed(con, path, reader, columns, error)
    finally:
        con.unregister("parsed")
    named = ", ".join(f"c{number} AS {quoted(name)}" for number, name in enumerate(names))
    con.execute(f"CREATE TEMP VIEW incoming AS SELECT {row_number} AS _row, {named} FROM staged")
    return Incoming(dict.fromkeys(names, "VARCHAR"), n_malformed)


def _unreadable(kind: str, error: duckdb.Error) -> Rejected:
    what = [line for line in str(error).splitlines() if line and not line.startswith(("Possible", "*", " "))]
    message = f"the file cannot be read as {kind} to its end (cut off, or malformed): {what[:4]}"
    return Rejected("wrong_content", message)


@contextmanager
def _unpacked(path: Path, folder: Path, resource: Resource) -> Iterator[Path]:
    """The file to read: the archived one, or the contracted member of the zip it is, or what a gzip holds.

    CSV and relations read gzip by themselves. Raises Rejected for an archive that is refused.
    """
    aside: list[Path] = []
    try:
        if path.suffix == ".gz" and (resource.member is not None or resource.format == "parquet"):
            aside.append(packed.gunzip(path, folder))
            path = aside[-1]
        if resource.member is not None and packed.is_zip(path):
            aside.append(packed.take_member(path, resource.member, folder))
            path = aside[-1]
        yield path
    except packed.PackedError as error:
        raise Rejected(error.rule, str(error)) from error
    finally:
        for file in aside:
            file.unlink(missing_ok=True)


def _csv_reader(path: Path) -> _Reader:
    header = _csv_header(path)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    return _Reader(
        "CSV in UTF-8",
        f"read_csv({literal(str(path))}, columns = {{{columns}}}, auto_detect = false, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', compression = '{'gzip' if path.suffix == '.gz' else 'none'}', "
        "strict_mode = true, null_padding = false)",
        header,
    )


def _csv_header(path: Path) -> list[str]:
    """Header of a CSV file in UTF-8 (with or without BOM), exactly as written."""
    with packed.opened(path) as file:
        text = file.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")  # it may end inside a letter
    if not text.strip():
        raise Rejected("wrong_content", "the file is empty")
    if text.lstrip().startswith("<"):
        raise Rejected("wrong_content", "the file is a web page or XML, not CSV")
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Rejected("wrong_content", f"the header cannot be read as CSV: {error}") from None
    if any("\ufffd" in name or "\0" in name for name in header):
        raise Rejected("wrong_content", f"the header is not UTF-8 text; it reads {header}")
    return header


def _stage_around_malformed(
    con: duckdb.DuckDBPyConnection, path: Path, reader: _Reader, columns: str, error: duckdb.Error
) -> tuple[str, int]:
    """Read a CSV file again, past the lines with a wrong number of fields, a bad quote or bytes that are no text.

    Returns the SQL of the row number over `staged` (malformed lines count) and the number of malformed lines.
    Raises Rejected as `error` says when they are too many, or the last one of them is where the file was cut off.
    """
    con.execute("DROP TABLE IF EXISTS staged; DROP TABLE IF EXISTS csv_faults; DROP TABLE IF EXISTS csv_scans")
    around = (
        f"{reader.rows[:-1]}, store_rejects = true, rejects_table = 'csv_faults', rejects_scan = 'csv_scans', "
        f"rejects_limit = {MAX_MALFORMED * 100})"
    )
    try:
        con.execute(f"CREATE TEMP TABLE staged AS SELECT {columns} FROM {around}")
    except OUR_FAULTS:
        raise
    except duckdb.Error:
        raise _unreadable(reader.kind, error) from error
    con.execute(
        """
        CREATE TEMP TABLE malformed AS
        SELECT line - 1 AS _row, trim(csv_line, chr(10) || chr(13)) AS line, error_type AS kind,
               'the line is malformed: ' || error_message AS message
        FROM csv_faults QUALIFY row_number() OVER (PARTITION BY line ORDER BY byte_position) = 1
        """
    )
    # A line with an opening quote swallows those after it: they count as malformed too.
    (n_malformed, n_lines, last, has_limit) = con.execute(
        "SELECT count(*), coalesce(sum(1 + length(line) - length(replace(line, chr(10), ''))), 0), max(_row), "
        f"(SELECT count(*) FROM csv_faults) >= {MAX_MALFORMED * 100} FROM malformed"
    ).fetchone() or (0, 0, 0, False)
    (n_good,) = con.execute("SELECT count(*) FROM staged").fetchone() or (0,)
    con.execute("DROP TABLE csv_faults; DROP TABLE csv_scans")
    is_few = n_lines <= min(MAX_MALFORMED, MAX_MALFORMED_SHARE * n_good) and not has_limit
    if n_malformed == 0 or not is_few or (last >= n_good + n_malformed and _is_cut_off(con, path)):
        raise _unreadable(reader.kind, error) from error
    # The row after the first malformed line is one later in the file than it is in `staged`, and so on.
    starts = con.execute("SELECT _row - row_number() OVER (ORDER BY _row) FROM malformed ORDER BY _row").fetchall()
    shifts = " ".join(f"WHEN rowid < {start} THEN {shift}" for shift, (start,) in enumerate(starts))
    return f"rowid + 1 + CASE {shifts} ELSE {len(starts)} END", n_malformed


def _is_cut_off(con: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether the last line, known to be malformed, is so because the file ends inside it."""
    (kind,) = con.execute("SELECT kind FROM malformed ORDER BY _row DESC LIMIT 1").fetchone() or ("",)
    if kind == "UNQUOTED VALUE":  # an end inside quotes may look like the end of a line
        return True
    end = b""
    with packed.opened(path) as file:
        if path.suffix != ".gz":
            file.seek(-1, io.SEEK_END)
        while chunk := file.read(HEAD_BYTES):
            end = chunk[-1:]
    return end not in (b"\n", b"\r")


def _relation_reader(
    con: duckdb.DuckDBPyConnection, path: Path, source: Source, resource: Resource, part: str
) -> _Reader:
    relation = getattr(contracts.connector(source), "relation", None)
    if relation is None:
        raise ContractError(f"{source.source}: connector.py must define relation(path, resource, part)")
    try:
        query = relation(path, resource.resource, part)
        described = con.execute(f"DESCRIBE {query}").fetchall()
    except OUR_FAULTS:
        raise
    except Exception as error:  # whatever foreign bytes make it do, they are rejected with what it said
        raise Rejected("wrong_content", f"the connector's relation cannot read the bytes: {error!r}") from error
    if wrong := [f"{name} {kind}" for name, kind, *_ in described if kind != "VARCHAR"]:
        raise ContractError(f"{source.source}: connector.relation must give VARCHAR columns only, not {wrong}")
    return _Reader("what connector.relation makes of it", f"({query})", [row[0] for row in described], has_blanks=True)


def _custom_reader(con: duckdb.DuckDBPyConnection, path: Path, source: Source, resource: Resource) -> _Reader:
    parse = getattr(contracts.connector(source), "parse", None)
    if parse is None:
        raise ContractError(f"{source.source}: connector.py must define parse(data, resource)")
    data = packed.read(path)
    try:
        table = parse(data, resource.resource)
    except Exception as error:  # whatever foreign bytes make a parser do, they are rejected with what it said
        raise Rejected("wrong_content", f"the connector's parser cannot read the bytes: {error!r}") from error
    if not isinstance(table, pa.Table) or not all(pa.types.is_string(kind) for kind in table.schema.types):
        raise ContractError(f"{source.source}: connector.parse must return a pyarrow.Table with string columns only")
    con.register("parsed", table)
    return _Reader("what connector.parse makes of it", "parsed", list(table.column_names), has_blanks=True)


def _judge_header(header: list[str], resource: Resource) -> list[str]:
    """The contracted name of each column of a header (an alias becomes the name, an unknown column keeps its own).

    Raises Rejected for a header the contract does not allow.
    """
    known = {form: column.name for column in resource.columns for form in (column.name, *column.aliases)}
    names = [known.get(form, form) for form in header]
    for column in resource.columns:
        if column.required and column.name not in names:
            raise Rejected(f"missing_column:{column.name}", f"the header lacks a required column; it is {header}")
    lower = [name.lower() for name in header]
    contracted = {form.lower(): form for form in known}
    for name in header:
        if not name.strip():
            raise Rejected("unexpected_header", f"a column has no name; the header is {header}")
        if name.startswith("_"):
            raise Rejected("unexpected_header", f"column {name!r}: names that start with _ belong to the loader")
        if lower.count(name.lower()) > 1:
            raise Rejected("unexpected_header", f"column {name!r} is there twice (SQL ignores case)")
        if contracted.get(name.lower(), name) != name:
            raise Rejected("unexpected_header", f"column {name!r} is contracted as {contracted[name.lower()]!r}")
        if others := [form for form in header if form != name and known.get(form, form) == known.get(name, name)]:
            raise Rejected("unexpected_header", f"columns {name!r} and {others[0]!r} are one column by the contract")
    return names
