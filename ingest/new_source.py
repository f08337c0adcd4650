"""Draft the files of a new source: `make new-source CODE=acme_prices FILE=~/prices.csv DOMAIN=pricing`.

From a CSV file with a header it reads the columns and guesses their types; without one it drafts a custom wire. What
only a person can know is left as TODO, and the contract tests fail until it is filled in. docs/add-a-source.md goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest import IngestError
from ingest.contracts import DOMAINS, safe_name
from settings import REPO

RESOURCE = "items"
TYPES = {"BIGINT": "bigint", "DOUBLE": "double", "DATE": "date", "BOOLEAN": "boolean", "TIMESTAMP": "timestamp"}

SOURCE_YML = """\
# TODO: what this feed says, in which units, what an empty cell means, and what it has got wrong before.
source: {code}
title: TODO
publisher: TODO
landing_page: TODO
base_url: {base_url}
licence:
  name: TODO
  url: TODO
  redistributable: false
  attribution: TODO
cadence: daily
robots: silent
resources:
  - resource: {resource}
    domain: {domain}
    path: /TODO{suffix}
    bundled: sample/*/{file}
    format: {format}
    freshness_sla_days: 7
    known_from: file
    key: [{key}]
    min_rows: 1
    max_row_loss_pct: 30
    columns:
{columns}
"""

CONNECTOR = '''\
"""TODO: what the wire looks like."""

from __future__ import annotations

import json

import pyarrow as pa

FIELDS = ("id",)


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the answer into a table of strings, FIELDS, one row per item, in the very digits of the source.

    Raises ValueError when the bytes are not a JSON array of objects.
    """
    try:
        items = json.loads(data, parse_float=str, parse_int=str)
        rows = [{field: item.get(field) for field in FIELDS} for item in items]
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"not a JSON array of objects: {error}") from None
    return pa.Table.from_pylist(rows, schema=pa.schema([(field, pa.string()) for field in FIELDS]))
'''

MODEL_SQL = """\
with source as (

    select
        items.*,
        vintages.url,
        vintages.vintage_date
    from {{{{ source('raw', '{code}__{resource}') }}}} as items
    inner join ({{{{ vintages('{code}', '{resource}') }}}}) as vintages
        on vintages.sha256 = items._sha256
        and vintages.part = items._part

),

renamed as (

    select
{fields},
        url as source_url,
        vintage_date as known_from

    from source

)

select * from renamed
"""

MODEL_YML = """\
sources:
  - name: raw
    database: rawdb
    schema: raw
    tables:
      - name: {code}__{resource}

models:
  - name: stg_{code}__{resource}
    description: TODO one sentence, with the grain.
    data_tests:
      - unique_key: {{arguments: {{columns: [{key}, known_from]}}}}
"""

SUITE = """\
table: {table}
expectations:
  - expect: ExpectColumnValuesToNotBeNull
    kwargs: {{column: {key}}}
    severity: fail
    reason: TODO what could not be so if the feed were right
"""

TEST = '''\
"""{code}: the bundled bytes become rows, and what is not the feed is refused."""

from __future__ import annotations

import pytest


def test_the_live_feed_ends_in_raw(play) -> None:
    feed = play("{code}")
    assert [record.outcome for record in feed.fetch()] == ["fetched"]
    assert {{report["status"] for report in feed.load()}} == {{"loaded"}}
    assert feed.rows("select count(*) > 0 from raw.{code}__{resource}") == [(True,)]


@pytest.mark.parametrize("body", [b"", b"<html>login</html>"])
def test_what_is_not_the_feed_is_refused(play, body: bytes) -> None:
    feed = play("{code}", routes=[{{"path": "*", "body": body}}])
    feed.fetch()
    assert "rejected" in {{report["status"] for report in feed.load()}}
'''


def columns_of(file: Path) -> dict[str, str]:
    """Column -> contract type of a CSV file with a header. Raises IngestError when it cannot be read."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines))
        with duckdb.connect() as con:
            types = con.execute("SELECT * FROM read_csv(?, header = true) LIMIT 0", [str(file)]).description
    except (OSError, UnicodeDecodeError, StopIteration, csv.Error, duckdb.Error) as error:
        raise IngestError(f"{file} cannot be read as a CSV file with a header: {error}") from error
    return {name: TYPES.get(str(kind[1]), "varchar") for name, kind in zip(header, types, strict=True)}


def draft(code: str, domain: str, file: Path | None, repo: Path = REPO) -> list[Path]:
    """Write the drafts for source `code` below `repo`; returns their paths.

    Raises IngestError when the name is no name, the source exists, or the file cannot be read.
    """
    try:
        safe_name(code)
    except ValueError as error:
        raise IngestError(str(error)) from None
    folder = repo / "ingest" / "sources" / code
    if folder.exists():
        raise IngestError(f"{folder} exists: there is such a source already")
    columns = columns_of(file) if file else {"id": "varchar"}
    now = datetime.now(UTC)
    sample = folder / "sample" / f"{now:%Y-%m-%d}" / (file.name if file else f"{RESOURCE}.json")
    key = next(iter(columns))
    words = {
        "code": code, "resource": RESOURCE, "domain": domain, "file": sample.name, "suffix": sample.suffix,
        "format": "csv" if file else "custom", "key": json.dumps(key, ensure_ascii=False),
        "base_url": "https://TODO.example",
        "columns": "\n".join(
            f"      - {{name: {json.dumps(name, ensure_ascii=False)}, type: {kind}, required: true"
            + (", not_null: true}" if name == key else "}")
            for name, kind in columns.items()
        ),
        "fields": ",\n".join(
            f"        {{{{ field({name!r}, '{kind}', '{_snake(name)}') }}}}" for name, kind in columns.items()
        ),
    }  # fmt: skip
    sidecar = {
        "retrieved_at": f"{now:%Y-%m-%dT%H:%M:%SZ}", "known_from": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "known_from_basis": "retrieval", "vintage_kind": "bundled", "vintage_scope": "full", "url": None,
        "note": "TODO where these bytes are from, and what was left out",
    }  # fmt: skip
    staging = repo / "dbt" / "models" / "staging" / code
    suites = repo / "expectations" / "suites"
    texts = {
        folder / "source.yml": SOURCE_YML.format(**words),
        sample: file.read_text(encoding="utf-8") if file else '[{"id": "a"}]\n',
        sample.with_name(sample.name + ".meta.json"): json.dumps(sidecar, indent=1) + "\n",
        staging / f"stg_{code}__{RESOURCE}.sql": MODEL_SQL.format(**words),
        staging / f"_{code}.yml": MODEL_YML.format(**words | {"key": _snake(key)}),
        suites / "raw" / f"{code}__{RESOURCE}.yml": SUITE.format(
            **words | {"table": f"raw.{code}__{RESOURCE}"}
        ),
        suites / "staging" / f"stg_{code}__{RESOURCE}.yml": SUITE.format(
            table=f"staging.stg_{code}__{RESOURCE}", key=_snake(key)
        ),
        repo / "tests" / "integration" / "ingest" / "sources" / f"test_{code}.py": TEST.format(**words),
    }  # fmt: skip
    if file is None:
        texts[folder / "connector.py"] = CONNECTOR
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _snake(name: str) -> str:
    """A column name as SQL would have it: letters, digits and _, the unit a person's task."""
    return "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split()) or "todo_name"


def main(argv: list[str] | None = None) -> int:
    """Read the command line and write the drafts; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ingest.new_source", description="Draft the files of a new source.")
    parser.add_argument("code", help="name of the source: lower-case letters, digits and _")
    parser.add_argument("--file", type=Path, help="a CSV file with a header, as the source sends it")
    parser.add_argument("--domain", choices=DOMAINS, default=DOMAINS[0])
    options = parser.parse_args(argv)
    try:
        paths = draft(options.code, options.domain, options.file)
    except IngestError as error:
        print(error, file=sys.stderr)
        return 1
    print("Drafted:", *(f"  {path.relative_to(REPO)}" for path in paths), sep="\n")
    print("Now replace each TODO (docs/add-a-source.md), then: make check")
    return 0


if __name__ == "__main__":
    sys.exit(main())
