"""A small SQL prompt on the published file. The file is opened anew for each query, so a refresh is seen at once and
the prompt never stands in its way.

    python -m serve.sql                 # or: echo "from marts.coverage" | python -m serve.sql
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from settings import settings

HELP = """Write SQL and end it with a semicolon. .tables lists tables and macros, .columns marts.<table> says what each
column means, .quit (or Ctrl-D) leaves. Intervals (_p05, _p95) do not add up: sum over draws.<table> or use a macro."""
TABLES = r"""
    select schema_name || '.' || table_name as name, estimated_size as n_rows,
           left(regexp_replace(comment, '\s+', ' ', 'g'), 80) as meaning
    from duckdb_tables() where schema_name in ('marts', 'draws', 'pit')
    union all
    select function_name || '(' || array_to_string(parameters, ', ') || ')', null, 'SQL macro'
    from duckdb_functions() where function_type in ('table_macro', 'macro') and not internal
    order by all"""
COLUMNS = """
    select column_name, data_type, comment from duckdb_columns()
    where schema_name || '.' || table_name = ? order by column_index"""


def inputs(lines: Iterable[str]) -> Iterator[str]:
    """What to run, one by one: a line that starts with a dot, or the lines up to one that ends with a semicolon."""
    pending: list[str] = []
    for line in lines:
        if not pending and (line.lstrip().startswith(".") or not line.strip()):
            if line.strip():
                yield line.strip()
            continue
        pending.append(line.rstrip("\n"))
        if line.rstrip().endswith(";"):
            yield "\n".join(pending)
            pending = []
    if pending:
        yield "\n".join(pending)


def run(database: Path, text: str) -> str:
    """Printable result of the SQL statements or the dot command in `text`. Raises duckdb.Error."""
    command, _, argument = text.strip().partition(" ")
    width, height = shutil.get_terminal_size((140, 40))
    out = io.StringIO()
    with duckdb.connect(str(database), read_only=True) as con, contextlib.redirect_stdout(out):
        if command == ".tables":
            con.sql(TABLES).show(max_width=width, max_rows=200)
        elif command == ".columns":
            con.sql(COLUMNS, params=[argument.strip()]).show(max_width=width, max_rows=200, max_col_width=80)
        elif command.startswith("."):
            print(HELP)
        else:
            for statement in con.extract_statements(text):
                if (result := con.sql(statement.query)) is not None:
                    result.show(max_width=width, max_rows=max(height, 40))
    return out.getvalue().rstrip()


def _lines() -> Iterator[str]:
    import readline  # noqa: F401  gives input() history and editing

    while True:
        try:
            yield input("gigawatch> ")
        except EOFError:
            return
        except KeyboardInterrupt:
            print("  (.quit or Ctrl-D leaves)")


def main() -> int:
    """A prompt on a terminal; what is piped in is run until the first error, which gives exit status 1."""
    database = settings().serving_db
    if not database.exists():
        print(f"{database} does not exist: nothing has been published yet. Run `make run`.", file=sys.stderr)
        return 1
    interactive = sys.stdin.isatty()
    if interactive:
        print(f"{database}\n{HELP}")
    for text in inputs(_lines() if interactive else sys.stdin):
        if text in (".quit", ".exit"):
            break
        try:
            print(run(database, text))
        except duckdb.Error as error:
            print(error, file=sys.stderr)
            if not interactive:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
