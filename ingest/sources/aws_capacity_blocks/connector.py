"""AWS's page of Capacity Block prices, in the two layouts it has had: HTML tables, and tables as JSON in scripts."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pyarrow as pa

from ingest import wire

# What a column is called here, and how the page has called it.
COLUMNS = {
    "Instance Type": r"(instance|ultraserver) type",
    "Region": r"region",
    "Effective Accelerator Hourly Rate": r"effective accelerator hourly rate|effective hourly rate per accelerator",
    "Effective Instance Hourly Rate": r"effective (instance )?hourly rate.*",
    "Accelerator": r"gpus?|accelerators?",
    "vCPU": r"vcpus?",
    "Instance Memory": r"instance memory.*",
    "Accelerator Memory": r"(gpu|accelerator) memory.*",
    "Instance Storage": r"instance storage.*",
    "Network Performance": r"network (performance|bandwidth).*",
}
RATES = ("Effective Instance Hourly Rate", "Effective Accelerator Hourly Rate")
HEADING, NOTICE = "Heading", "Update Notice"

MAX_SPAN = 500

Cells = list[str | None]


def parse(data: bytes, resource: str) -> pa.Table:
    """The price tables of the page, one row per instance type and region, every cell as the page words it.

    A cell merged over several rows counts for each of them; a row without an instance type of its own keeps NULL.
    "Update Notice" is the page's sentence on when the prices change next. Other tables (operating system fees) are
    left out: they have no effective hourly rate.
    Raises ValueError when the page has no price table, or one whose columns are not the known ones.
    """
    (page,) = wire.pages(data)
    try:
        text = page.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the page is not UTF-8: {error}") from error
    reader = _Page()
    reader.feed(text)
    reader.close()
    notice = _notice(text)
    rows: list[dict[str, str | None]] = []
    seen: list[Cells] = []
    for heading, table in [("", table) for table in reader.tables] + list(_tables_in(reader.scripts)):
        if not table:
            continue
        seen.append(table[0])
        for row in _priced(heading, table):
            rows.append(row | {HEADING: heading or None, NOTICE: notice})
    if not rows:
        raise ValueError(f"the page has no table of Capacity Block prices; the tables it has start with {seen[:5]}")
    names = [HEADING, *COLUMNS, NOTICE]
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def _priced(heading: str, table: list[Cells]) -> Iterator[dict[str, str | None]]:
    """The rows of a table by our column names; nothing when it is no price table."""
    header, *body = table
    names = [_named(cell) for cell in header]
    if not set(RATES) & set(names):
        return
    where = f"the price table {heading!r}" if heading else "a price table"
    if lacking := {"Instance Type", "Region"} - set(names):
        raise ValueError(f"{where} lacks {', '.join(sorted(lacking))}: {header}")
    known = [name for name in names if name]
    if len(set(known)) < len(known):
        raise ValueError(f"{where} has two columns that mean the same: {header}")
    for cells in body:
        if any(cells):
            yield {name: cell for name, cell in zip(names, cells, strict=False) if name}


def _named(cell: str | None) -> str | None:
    text = (cell or "").lower()
    return next((name for name, pattern in COLUMNS.items() if re.fullmatch(pattern, text)), None)


def _notice(text: str) -> str | None:
    """The sentence with which the page announces its next prices, NULL if it does not."""
    words = r"[^.<>\"\\]*"  # within one sentence, and within one string where the page is JSON
    sentence = rf"{words}\bprices?\b{words}\b(?:scheduled|next|will)\b{words}\b20\d\d"
    found = re.search(sentence, html.unescape(text))
    return _tidy(found[0]) if found else None


def _tidy(text: str) -> str | None:
    return " ".join(html.unescape(text).split()) or None


def _plain(markup: Any) -> str | None:
    """The words of a cell that is itself a piece of HTML."""
    return _tidy(re.sub(r"<[^>]*>", " ", markup)) if isinstance(markup, str) else None


def _tables_in(scripts: list[str]) -> Iterator[tuple[str, list[Cells]]]:
    """The tables that scripts of type application/json carry, as (heading, header and rows)."""
    for script in scripts:
        if "itemTableColumns" not in script:
            continue
        try:
            document = json.loads(script, parse_float=str, parse_int=str)
        except ValueError as error:
            raise ValueError(f"a script that holds a table is not JSON: {error}") from error
        for fields in _holders(document):
            try:
                columns = json.loads(fields["itemTableColumns"])
                groups = {group["id"]: group for group in json.loads(fields.get("itemTableRowGroups") or "[]")}
                items = json.loads(fields["itemTableData"], parse_float=str, parse_int=str)
                header = [_plain(column["Heading"]) for column in columns]
                accessors = [str(column["accessor"]) for column in columns]
                rows = [[_plain(item.get(accessor)) for accessor in accessors] for item in items]
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise ValueError(f"a table in a script is not built as known: {error!r}") from error
            first = next((n for n, name in enumerate(header) if _named(name) == "Instance Type"), None)
            for row, item in zip(rows, items, strict=True):
                if first is not None and row[first] is None:  # the label of the group of rows is the instance type
                    row[first] = _plain(groups.get(item.get("idProperty"), {}).get("label"))
            yield _plain(fields.get("itemHeading")) or "", [header, *rows]


def _holders(document: Any) -> Iterator[dict[str, Any]]:
    """Every object below a JSON value that describes a table."""
    if isinstance(document, dict):
        if "itemTableColumns" in document:
            yield document
        document = list(document.values())
    if isinstance(document, list):
        for value in document:
            yield from _holders(value)


class _Page(HTMLParser):
    """Collects the tables of a page, merged cells repeated where they reach, and the JSON of its scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[Cells]] = []
        self.scripts: list[str] = []
        self._open: list[list[Cells]] = []  # tables within tables: the innermost takes the cells
        # of each open table: column -> the last row that a merged cell reaches, and its text
        self._reaching: list[dict[int, tuple[int, str | None]]] = []
        self._spans: tuple[int, int] | None = None  # of the cell that is open
        self._text: list[str] = []
        self._is_json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script":
            self._is_json, self._text = given.get("type") == "application/json", []
        elif tag == "table":
            self._open.append([])
            self._reaching.append({})
        elif tag == "tr" and self._open:
            self._end_row()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open and self._open[-1]:
            self._end_cell()
            self._spans, self._text = (_span(given.get("rowspan")), _span(given.get("colspan"))), []
        elif tag in ("br", "p", "div", "li"):
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            if self._is_json:
                self.scripts.append("".join(self._text))
            self._is_json, self._text = False, []
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag == "table" and self._open:
            self._end_row()
            self.tables.append([row for row in self._open.pop() if row])
            self._reaching.pop()

    def handle_data(self, data: str) -> None:
        if self._is_json or self._spans is not None:
            self._text.append(data)

    def _end_cell(self) -> None:
        if self._spans is None:
            return
        (rows, columns), text = self._spans, _tidy("".join(self._text))
        self._take_reaching()
        row, last = self._open[-1][-1], len(self._open[-1]) - 1 + rows - 1
        for _ in range(columns):
            if rows > 1:
                self._reaching[-1][len(row)] = (last, text)
            row.append(text)
        self._spans = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._open and self._open[-1]:
            self._take_reaching()

    def _take_reaching(self) -> None:
        """Repeat in this row, up to its first free place, the cells that reach down into it."""
        row, number = self._open[-1][-1], len(self._open[-1]) - 1
        while (reaching := self._reaching[-1].get(len(row))) and reaching[0] >= number:
            row.append(reaching[1])


def _span(number: str | None) -> int:
    return min(int(number), MAX_SPAN) if number and number.isdigit() and int(number) > 0 else 1
