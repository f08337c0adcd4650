"""Finds the newest monthly workbook of EIA-860M and reads its sheets Operating and Planned."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

import pyarrow as pa
import python_calamine

from ingest.wire import Request, Requests

INDEX = "/electricity/data/eia860m/"
LINK = re.compile(r"""href=["']([^"']*?([a-z]+)_generator(\d{4})\.xlsx)["']""", re.IGNORECASE)
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
WORKBOOK = b"PK\x03\x04"
MAX_CANDIDATES = 6

SHEETS = ("Operating", "Planned")
TITLE_MONTH = re.compile(r"as of\s+([a-z]+)\s+(\d{4})", re.IGNORECASE)
HEADER_WITHIN_ROWS = 10
# Columns of ours, as the sheets name them, and since which inventory they are there ("" = always). A sheet lacks the
# dates of the other one.
OF_BOTH = {
    "Entity ID": "", "Entity Name": "", "Plant ID": "", "Plant Name": "", "Plant State": "", "County": "2015-12",
    "Balancing Authority Code": "2016-07", "Sector": "", "Generator ID": "", "Unit Code": "2017-05",
    "Nameplate Capacity (MW)": "2016-04", "Net Summer Capacity (MW)": "", "Net Winter Capacity (MW)": "2016-07",
    "Technology": "", "Energy Source Code": "", "Prime Mover Code": "", "Status": "", "Latitude": "2015-12",
    "Longitude": "2015-12",
}  # fmt: skip
OF_ONE = {
    "Planned": ("Planned Operation Month", "Planned Operation Year"),
    "Operating": ("Operating Month", "Operating Year"),
}
OPTIONAL = (
    "Planned Retirement Month", "Planned Retirement Year", "Nameplate Energy Capacity (MWh)", "DC Net Capacity (MW)",
    "Planned Derate Year", "Planned Derate Month", "Planned Derate of Summer Capacity (MW)", "Planned Uprate Year",
    "Planned Uprate Month", "Planned Uprate of Summer Capacity (MW)",
)  # fmt: skip
DROPPED = ("Google Map", "Bing Map")
COLUMNS = ("sheet", "title", *OF_BOTH, *OF_ONE["Planned"], *OF_ONE["Operating"], *OPTIONAL)


def requests(resource: str, part: Mapping[str, str], now: datetime.datetime) -> Requests:
    """The index page, then its workbooks from the newest month down until one is really there; that one is kept.

    A month that is not over has no inventory, and workbooks in /archive/ are left alone (robots.txt). Raises ValueError
    when the page links no such workbook, or none of the newest ones is there.
    """
    index = yield Request(INDEX, is_kept=False)
    links = _links(index.read().decode("utf-8", errors="replace"), f"{now:%Y-%m}")
    if not links:
        raise ValueError("the page links no <month>_generator<year>.xlsx of a month that is over, outside /archive/")
    for link in links[:MAX_CANDIDATES]:
        answer = yield Request(link, is_kept=False)
        body = answer.read()
        if body.startswith(WORKBOOK):
            # The same question again: the kit answers it from what it has just been given, and keeps it.
            yield Request(link)
            return
        if not body.lstrip().startswith(b"<"):
            raise ValueError(f"{link} is neither a workbook nor the web page sent for a month that is not out yet")
    raise ValueError(f"none of the newest workbooks the page links is there: {links[:MAX_CANDIDATES]}")


def _links(page: str, this_month: str) -> list[str]:
    """Paths of the workbooks a page links, of months before `this_month` ('2026-11'), newest first."""
    found = {}
    for link, name, year in LINK.findall(page):
        path = urljoin(INDEX, link)
        if name.lower() in MONTHS and "/archive/" not in path:
            month = f"{year}-{MONTHS.index(name.lower()) + 1:02d}"
            if month < this_month:
                found[month] = path
    return [found[month] for month in sorted(found, reverse=True)]


def parse(data: bytes, resource: str) -> pa.Table:
    """Both sheets as one table of strings: COLUMNS, then whatever columns are new; one row per generator and sheet.

    Blank cells are NULL; whole numbers are written without a decimal point. Raises ValueError when the bytes are not
    such a workbook, or a sheet or a column is missing.
    """
    if not data.startswith(WORKBOOK):
        raise ValueError(f"{resource}: the bytes are not an .xlsx workbook, they begin with {data[:20]!r}")
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in SHEETS}
    except (python_calamine.CalamineError, python_calamine.WorksheetNotFound) as error:
        raise ValueError(f"{resource}: the workbook cannot be read: {error!r}") from error
    rows = [row for name, grid in grids.items() for row in _generators(name, [[_text(c) for c in r] for r in grid])]
    columns = list(dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)]))
    return pa.table(
        {name: [row.get(name) for row in rows] for name in columns},
        schema=pa.schema([(name, pa.string()) for name in columns]),
    )


def _text(cell: object) -> str | None:
    """The text of a cell, None for a blank one."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return re.sub(r"\s+", " ", str(cell)).strip() or None


def _generators(sheet: str, grid: Sequence[Sequence[str | None]]) -> list[dict[str, str | None]]:
    """Rows of a sheet below its header by column, the notes left out. Raises ValueError when it is built otherwise."""
    headers = [n for n, cells in enumerate(grid[:HEADER_WITHIN_ROWS]) if {"Plant ID", "Generator ID"} <= set(cells)]
    if not headers:
        raise ValueError(f"sheet {sheet}: none of its first rows is a header with Plant ID and Generator ID")
    start = headers[0]
    title = next((cell for cells in grid[:start] for cell in cells if cell), None)
    month = _month_of(title)
    if month is None:
        raise ValueError(f"sheet {sheet}: its title does not say of which month it is: {title!r}")
    header = grid[start]
    needed = [name for name, since in OF_BOTH.items() if since <= month] + list(OF_ONE[sheet])
    if missing := [name for name in needed if name not in header]:
        raise ValueError(f"sheet {sheet} of {month}: columns {missing} are missing; the header is {list(header)}")
    named = [name for name in header if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise ValueError(f"sheet {sheet} of {month}: columns are there twice: {twice}")
    rows = []
    for cells in grid[start + 1 :]:
        if sum(cell is not None for cell in cells) < 2:
            continue  # an empty row, or a note below the table
        row = {name: cell for name, cell in zip(header, cells, strict=True) if name and name not in DROPPED}
        rows.append({"sheet": sheet, "title": title} | row)
    return rows


def _month_of(title: str | None) -> str | None:
    """'2026-08' from 'Inventory of Planned Generators as of August 2026', None when it says no month."""
    match = TITLE_MONTH.search(title or "")
    if match is None or match[1].lower() not in MONTHS:
        return None
    return f"{match[2]}-{MONTHS.index(match[1].lower()) + 1:02d}"
