"""AWS's price list of EC2: which file is in force in a region, and which of its rows rent out an accelerator."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ingest.wire import Request, Requests

INDEX = "/offers/v1.0/aws/AmazonEC2/current/region_index.json"
LINK = re.compile(r"(?P<twin>(?:https?://[^/]+)?/offers/v1\.0/aws/AmazonEC2/(?P<version>\d{14}|current)/[^/]+/index)\.json")

PREAMBLE_LINES = 50  # the header is the sixth line today; whoever needs more than 50 is no price list
LINE_BYTES = 1 << 20
PREAMBLE = ("Publication Date", "Version")
NEEDED = (
    "SKU", "TermType", "Unit", "PricePerUnit", "Currency", "Instance Type", "Tenancy", "Operating System",
)  # fmt: skip
USEFUL = (
    "OfferTermCode", "RateCode", "PriceDescription", "EffectiveDate", "Product Family", "Location", "Location Type",
    "Region Code", "Instance Family", "vCPU", "Memory", "GPU", "GPU Memory", "Network Performance",
    "Pre Installed S/W", "License Model", "CapacityStatus", "MarketOption", "usageType", "operation",
)  # fmt: skip

# Each condition leaves out what is by its own words something else. A word nobody has met yet is not left out: the
# contract's rules put such a row into quarantine, where it is seen.
SCOPE = """
    "TermType" IS NULL
    OR (
        "TermType" = 'OnDemand'
        AND ("Instance Type" IS NULL OR regexp_matches("Instance Type", '^(u-)?(trn|inf2|p4|p5|p6|g6|g7)'))
        AND ("Instance Type" IS NOT NULL OR "Product Family" IS NULL)
        AND coalesce("Tenancy", '') NOT IN ('Dedicated', 'Host', 'Reserved')
        AND coalesce("Operating System", 'NA') IN ('Linux', 'NA')
        AND coalesce("Pre Installed S/W", 'NA') = 'NA'
        AND coalesce("License Model", '') NOT IN ('Bring your own license', 'License Included')
        AND coalesce("CapacityStatus", '') NOT IN ('UnusedCapacityReservation', 'AllocatedCapacityReservation')
        AND coalesce("MarketOption", '') <> 'CapacityBlock'
        AND coalesce("Location Type", '') NOT IN ('AWS Local Zone', 'AWS Wavelength Zone', 'AWS Outposts', 'Outpost')
    )
"""


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """Ask the region index which file is in force, then for that file as CSV unless its version was had before.

    `part` names the `region`. Raises ValueError when the index does not lead to a price list of that region.
    """
    region = part["region"]
    index = (yield Request(INDEX, is_kept=False)).json()
    regions = index.get("regions") if isinstance(index, dict) else None
    if not isinstance(regions, dict) or not regions:
        raise ValueError(f"{INDEX} is not a region index: it has no object 'regions'")
    entry = regions.get(region)
    link = entry.get("currentVersionUrl") if isinstance(entry, dict) else None
    if not isinstance(link, str):
        raise ValueError(f"the region index names no price list of {region}; it has {', '.join(sorted(regions))}")
    if (found := LINK.fullmatch(link)) is None:
        raise ValueError(f"the region index leads to {link!r} for {region}, which is not a version's index.json")
    version = found["version"]
    # A numbered version never changes; 'current' may, so it is asked for each time.
    yield Request(f"{found['twin']}.csv", version=version if version != "current" else None)


def relation(path: Path, resource: str, part: str) -> str:
    """SQL over a price list CSV: the on-demand Linux rows of accelerator instances, every column as text.

    The header is the line that starts with SKU; the lines before it give "Publication Date" and "Version". Columns
    are taken by name, spelling of capitals and blanks aside, because their set differs by region and year; one the
    file lacks is NULL. Lines too short to say what they are come through, for the contract to judge.
    Raises ValueError when the file has no such header, or not the columns that a price needs.
    """
    preamble, header = _head(path)
    places: dict[str, str] = {}
    for name in header:
        if places.setdefault(_plain(name), name) != name or not name.strip():
            raise ValueError(f"the header names a column twice, or not at all: {name!r}")
    if lacking := [name for name in NEEDED if _plain(name) not in places]:
        raise ValueError(f"the header lacks {', '.join(lacking)}; it starts with {', '.join(header[:8])}")
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in header)
    chosen = ", ".join(
        f"nullif(trim({_name(places[_plain(name)])}), '') AS {_name(name)}"
        if _plain(name) in places
        else f"NULL::VARCHAR AS {_name(name)}"
        for name in NEEDED + USEFUL
    )
    said = dict(row[:2] for row in preamble if len(row) > 1)
    stated = ", ".join(f"nullif({_text(said.get(name, ''))}, '')::VARCHAR AS {_name(name)}" for name in PREAMBLE)
    # parallel = false: rows cut short are only padded for sure where one thread reads them in order
    return (
        f"SELECT *, {stated} FROM (SELECT {chosen} FROM read_csv({_text(str(path))}, columns = {{{columns}}}, "
        f"auto_detect = false, header = true, skip = {len(preamble)}, delim = ',', quote = '\"', escape = '\"', "
        f"compression = '{'gzip' if path.suffix == '.gz' else 'none'}', null_padding = true, parallel = false)) "
        f"WHERE {SCOPE}"
    )


def _head(path: Path) -> tuple[list[list[str]], list[str]]:
    """The lines before the header, and the header."""
    before: list[list[str]] = []
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        while len(before) < PREAMBLE_LINES and (line := file.readline(LINE_BYTES)):
            try:
                row = next(csv.reader([line.decode("utf-8-sig")], strict=True), [])
            except (UnicodeDecodeError, csv.Error) as error:
                raise ValueError(f"line {len(before) + 1} is not CSV in UTF-8: {error}") from error
            if len(row) > 1 and row[0] == "SKU":
                return before, row
            before.append(row)
    raise ValueError(
        f"none of the first {PREAMBLE_LINES} lines is a header that starts with SKU; the file starts with {before[:1]}"
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
