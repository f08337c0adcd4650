"""Maps the columns of a vendor's bill-of-lading export to ours, as SQL that DuckDB streams over the file.

How a vendor writes its files is in vendors/<vendor>.yml, where <vendor> is the name of the folder in the inbox:

    vendor: Who sells it
    note: what is peculiar about the files
    encoding: utf-8                     # or latin-1, utf-16
    delimiter: ","
    thousands: ","                      # stripped from numbers; leave out if there is none
    date_formats: ["%Y-%m-%d"]          # of strptime; the first that reads the text counts
    null_words: ["NULL", "N/A"]         # what stands for an empty cell
    columns:
      bill_id: Bill Number              # their name; upper and lower case, blanks and _ make no difference
      shipper: [Shipper, Exporter]      # several names: the first that is there
      carrier: {column: Carrier, optional: true}
      quantity: {sql: 'regexp_extract("Quantity", ''^[0-9.,]+'')'}    # their columns in double quotes

A column of ours that is not named is NULL. A column of theirs that is named and missing stops the file, unless it is
optional. The header is the first line that has all columns needed, so logos and banners above it do not matter.
"""

# No "from __future__ import annotations" here: the kit imports this file without a module name, and pydantic could then
# not resolve annotations that are text.
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

VENDORS = Path(__file__).parent / "vendors"
NUMBERS = ("quantity", "weight", "weight_kg", "teu", "value_usd")
PARTIES = ("shipper", "consignee", "notify_party")
COLUMNS = (
    "bill_id", "master_bill_id", "house_or_master", "arrival_date", "shipper", "consignee", "notify_party",
    "origin_country", "origin_port", "destination_port", "carrier", "vessel", "hs_code", "hs_code_confidence",
    "description", "quantity", "quantity_unit", "weight", "weight_unit", "weight_kg", "teu", "value_usd",
    "container_numbers",
)  # fmt: skip
# In a party's cell these words say that the party is withheld, which staging wants to know; elsewhere they say nothing.
WITHHELD = ("N/A", "NA", "CONFIDENTIAL")
HEADER_WITHIN_RECORDS = 30
HEAD_BYTES = 1 << 20
QUOTED = re.compile(r'"((?:[^"]|"")+)"')


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """Where one of our columns comes from: a column of theirs under one of several names, or SQL over such columns."""

    column: list[str] = []
    sql: str | None = None
    optional: bool = False


class Vendor(_Strict):
    """How a vendor writes its files, as vendors/<vendor>.yml says."""

    vendor: str
    note: str = ""
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    thousands: str | None = Field(default=None, min_length=1, max_length=1)
    date_formats: list[str] = Field(min_length=1)
    null_words: list[str] = []
    columns: dict[str, Column]


def relation(path: Path, resource: str, part: str) -> str:
    """A SELECT of COLUMNS, all text, over the export in `path`, mapped as vendors/`part`.yml says.

    Numbers keep their digits (thousands signs dropped), dates that one of the vendor's formats reads become ISO dates,
    the others stay as they are for the contract to judge; the vendor's words for "nothing" become NULL.
    Raises ValueError when the vendor is unknown or its mapping wrong, or the file has not the columns it needs.
    """
    vendor = load_vendor(part)
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if is_parquet:
        rows = f"read_parquet({_text(str(path))})"
        with duckdb.connect() as con:
            types = dict(row[:2] for row in con.execute(f"DESCRIBE FROM {rows}").fetchall())
        header = list(types)
        _judged(vendor, part, [header])
        # a list (of HS codes, of containers) is written as CSV exports write it
        cells = [f"array_to_string({_name(n)}, ', ')" if types[n].endswith("[]") else _name(n) for n in header]
    else:
        records = _first_records(path, vendor)
        found = _judged(vendor, part, records)
        header = records[found]
        cells = [f"c{number}" for number in range(len(header))]  # their names may be empty or there twice
        columns = ", ".join(f"{_text(cell)}: 'VARCHAR'" for cell in cells)
        rows = (
            f"read_csv({_text(str(path))}, columns = {{{columns}}}, auto_detect = false, header = false, "
            f"skip = {found + 1}, delim = {_text(vendor.delimiter)}, quote = '\"', escape = '\"', "
            f"compression = 'none', encoding = {_text(vendor.encoding)}, strict_mode = true, null_padding = false)"
        )
    places = {_key(name): cell for name, cell in zip(header, cells, strict=True)}
    mapped = ",\n    ".join(f"{_mapped(vendor, name, places)} AS {name}" for name in COLUMNS)
    return f"SELECT\n    {mapped}\nFROM {rows}"


def load_vendor(part: str) -> Vendor:
    """The mapping of a vendor. Raises ValueError that says which file to write or what is wrong in it."""
    file = VENDORS / f"{part}.yml"
    try:
        document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        document["columns"] = {ours: _as_column(theirs) for ours, theirs in document["columns"].items()}
        vendor = Vendor.model_validate(document)
    except FileNotFoundError:
        known = ", ".join(sorted(path.stem for path in VENDORS.glob("*.yml")))
        raise ValueError(
            f"no mapping for the inbox folder {part!r}: write {file} (its format is in connector.py beside it), or put "
            f"the file into the folder of a vendor that is known: {known}"
        ) from None
    except (ValidationError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{file} is not a mapping of columns: {error}") from error
    if unknown := sorted(set(vendor.columns) - set(COLUMNS)):
        raise ValueError(f"{file}: no such columns of ours: {unknown}; there are {', '.join(COLUMNS)}")
    if wrong := [ours for ours, column in vendor.columns.items() if bool(column.column) == bool(column.sql)]:
        raise ValueError(f"{file}: {wrong[0]}: give either a column or sql")
    return vendor


def _as_column(theirs: Any) -> Any:
    """The short forms of a column, a name or a list of names, written out."""
    match theirs:
        case str():
            return {"column": [theirs]}
        case list():
            return {"column": theirs}
        case {"column": str(name), **rest}:
            return {"column": [name], **rest}
    return theirs


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _key(name: str) -> str:
    """What is compared of a column name: its letters and digits."""
    return re.sub(r"[\W_]", "", name).lower()


def _needs(column: Column) -> list[list[str]]:
    """The columns of theirs a column needs, each with its alternative names."""
    return [[name] for name in QUOTED.findall(column.sql)] if column.sql else [column.column]


def _first_records(path: Path, vendor: Vendor) -> list[list[str]]:
    """Cells of the first records of a CSV file, blank lines included. Raises ValueError when it is not readable CSV."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")):
        raise ValueError("the file is a workbook or compressed; save it as CSV or Parquet, or a zip with one of them")
    # utf-8-sig also takes a BOM away; the end of `head` may cut a character in two
    codec = "utf-8-sig" if vendor.encoding == "utf-8" else vendor.encoding
    try:
        text = head.decode(codec, errors="ignore" if len(head) == HEAD_BYTES else "strict")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"the bytes are not {vendor.encoding} text (byte {error.start}); correct encoding in the vendor's mapping"
        ) from error
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=vendor.delimiter)
    records: list[list[str]] = []
    ends: set[str] = set()
    try:
        for cells in reader:
            records.append(cells)
            last_line = lines[reader.line_num - 1]
            ends.add(last_line[len(last_line.rstrip("\r\n")) :])
            if len(records) == HEADER_WITHIN_RECORDS:
                break
    except csv.Error as error:
        if not records:
            raise ValueError(f"the first line cannot be read as CSV: {error}") from error
    if not any(cell.strip() for cells in records for cell in cells):
        raise ValueError("the file is empty")
    if len(ends - {""}) > 1:
        # DuckDB goes by the first line end it meets, and may find no line at all where another kind follows.
        raise ValueError("some lines end in CR LF, others in LF or CR alone; save the file anew")
    return records


def _judged(vendor: Vendor, part: str, records: Sequence[Sequence[str]]) -> int:
    """Index of the header among the first records of a file. Raises ValueError when none has what the mapping needs."""
    needed = [names for column in vendor.columns.values() if not column.optional for names in _needs(column)]
    best, lacking = 0, needed
    for number, cells in enumerate(records):
        keys = [_key(cell) for cell in cells if _key(cell)]
        missing = [names for names in needed if not {_key(name) for name in names} & set(keys)]
        if not missing:
            if twice := sorted({key for key in keys if keys.count(key) > 1}):
                raise ValueError(f"the header has columns twice: {twice}; it is {list(cells)}")
            return number
        if len(missing) < len(lacking):
            best, lacking = number, missing
    wanted = ", ".join(" or ".join(repr(name) for name in names) for names in lacking)
    raise ValueError(
        f"vendors/{part}.yml ({vendor.vendor}) needs columns that no header has: {wanted}. Most like a header is "
        f"row {best + 1}: {list(records[best])}. Correct the mapping, or mark what may be missing as optional"
    )


def _mapped(vendor: Vendor, ours: str, places: dict[str, str]) -> str:
    """SQL of one of our columns over the file's own (`places`: what is compared of a name -> SQL of that column)."""
    column = vendor.columns.get(ours)
    if column is None:
        return "NULL::VARCHAR"
    words = [word.upper() for word in vendor.null_words]
    if ours in PARTIES:
        words = [word for word in words if word not in WITHHELD]

    def cell(names: Sequence[str]) -> str:
        place = next((places[_key(name)] for name in names if _key(name) in places), None)
        if place is None:
            return "NULL::VARCHAR"
        text = f"nullif(trim(({place})::VARCHAR), '')"
        listed = ", ".join(_text(word) for word in words)
        return f"CASE WHEN upper({text}) NOT IN ({listed}) THEN {text} END" if words else text

    value = QUOTED.sub(lambda match: f"({cell([match[1]])})", column.sql) if column.sql else cell(column.column)
    if ours in NUMBERS and vendor.thousands:
        return f"replace({value}, {_text(vendor.thousands)}, '')::VARCHAR"
    if ours == "arrival_date":
        formats = ", ".join(_text(form) for form in vendor.date_formats)
        return f"coalesce(try_strptime({value}, [{formats}])::DATE::VARCHAR, {value})"
    return f"({value})::VARCHAR"
