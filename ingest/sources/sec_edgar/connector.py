"""SEC EDGAR: what to ask, and how filings, facts and segment figures become rows of text."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa

from ingest import wire
from ingest.wire import Request, Requests

# The arrays of `filings.recent`; one element of each makes a filing.
FILING_ARRAYS = (
    "accessionNumber", "filingDate", "reportDate", "acceptanceDateTime", "act", "form", "fileNumber", "filmNumber",
    "items", "core_type", "size", "isXBRL", "isInlineXBRL", "isXBRLNumeric", "primaryDocument",
    "primaryDocDescription",
)  # fmt: skip
FACT_FIELDS = ("start", "end", "val", "accn", "fy", "fp", "form", "filed", "frame")
SEGMENT_COLUMNS = (
    "cik", "accession", "form", "document_period_end", "concept", "segment_member", "other_dimensions", "start", "end",
    "unit", "decimals", "value",
)  # fmt: skip

# Forms that bring or mean new financial figures; an amendment ('10-K/A') counts like its form.
FINANCIAL_FORMS = {"10-Q", "10-K", "8-K", "6-K", "20-F", "40-F"}
PERIODIC_FORMS = {"10-Q", "10-K", "20-F", "40-F"}
# So long after a filing its facts may still be missing without anything being wrong.
FACTS_DELAY = timedelta(days=3)

SEGMENT_AXIS = "us-gaap:StatementBusinessSegmentsAxis"
XBRLI = "{http://www.xbrl.org/2003/instance}"
XBRLDI = "{http://xbrl.org/2006/xbrldi}"
MAX_INSTANCE_BYTES = 100 << 20


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """Ask for one company: `part` has its `cik` (10 digits) and `name_has`, a word its name must contain.

    The list of filings is asked first and says whether anything else is new, because the facts come without ETag and
    are megabytes large. Raises ValueError when an answer is not what it must be, above all when the CIK belongs to
    another company.
    """
    cik = part["cik"]
    submissions = Request(f"/submissions/CIK{cik}.json", is_kept=resource == "submissions")
    filings = _filings(_document((yield submissions).read(), "submissions"))
    _check_company(filings[0]["name"], part)
    match resource:
        case "submissions":
            return
        case "companyfacts":
            newest = _newest(filings, FINANCIAL_FORMS)
            answer = yield Request(f"/api/xbrl/companyfacts/CIK{cik}.json", version=newest["accessionNumber"])
            facts = _facts(_document(answer.read(), "companyfacts"))
            _check_company(facts[0]["entity"], part)
            _check_newest_is_in(facts, filings, now.date())
        case "segment_facts":
            accession = str(_newest(filings, {"10-Q", "10-K"}, amended=False)["accessionNumber"])
            folder = f"/Archives/edgar/data/{int(cik)}/{accession.replace('-', '')}"
            index = yield Request(f"{folder}/index.json", host="www", version=accession)
            instance = _instance_name(_document(index.read(), "the index of the filing"))
            answer = yield Request(f"{folder}/{instance}", host="www", version=accession)
            _segment_rows(answer.read(), accession)
        case _:
            raise ValueError(f"sec_edgar has no resource {resource!r}")


def parse(data: bytes, resource: str) -> pa.Table:
    """Rows of text, one schema per resource: a filing, a fact, or a segment's figure per row.

    Values and dates stay in the wire's own digits; what is absent is NULL. Raises ValueError for anything else.
    """
    pages = wire.pages(data)
    if resource == "segment_facts":
        if len(pages) != 2:
            raise ValueError(f"segment_facts: expected the filing's index and its instance, got {len(pages)} page(s)")
        accession = _accession_of_index(_document(pages[0], "the index of the filing"))
        return _table(_segment_rows(pages[1], accession), SEGMENT_COLUMNS)
    if len(pages) != 1:
        raise ValueError(f"{resource}: expected one answer, got {len(pages)}")
    document = _document(pages[0], resource)
    if resource == "submissions":
        return _table(_filings(document), ("cik", "name", "fiscalYearEnd", *FILING_ARRAYS))
    if resource == "companyfacts":
        return _table(_facts(document), ("cik", "entity", "taxonomy", "tag", "unit", *FACT_FIELDS))
    raise ValueError(f"sec_edgar has no resource {resource!r}")


def _table(rows: list[dict[str, str | None]], columns: Iterable[str]) -> pa.Table:
    # A name the source has added since is kept: the loader says so and stores it.
    names = dict.fromkeys((*columns, *rows[0]))
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def _document(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object of an answer, numbers as their text. Raises ValueError, with advice for SEC's error pages."""
    _refuse_pages(data, what)
    try:
        document = json.loads(data, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"{what}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{what}: expected a JSON object, got a {type(document).__name__}")
    return document


def _refuse_pages(data: bytes, what: str) -> None:
    """Raises ValueError when SEC answered with one of its pages for people or an error document."""
    head = data[:8192].lstrip(b"\xef\xbb\xbf \r\n\t")
    if b"Undeclared Automated Tool" in head:
        raise ValueError(
            f"{what}: SEC takes us for an undeclared automated tool; set GIGAWATCH_USER_AGENT to your name and e-mail "
            "address, then run again"
        )
    if b"Request Rate Threshold Exceeded" in head:
        raise ValueError(
            f"{what}: more than 10 requests a second came from this address, counting all its machines; SEC blocks it "
            "for 10 minutes, and longer while requests go on: stop the other clients and wait"
        )
    if b"<Code>NoSuchKey</Code>" in head:
        raise ValueError(f"{what}: SEC has no such file (NoSuchKey); check the cik in source.yml")
    if re.match(rb"<!doctype html|<html", head, re.IGNORECASE):
        raise ValueError(f"{what}: SEC answered with a web page; open the address in a browser to read what it says")


def _text(value: Any) -> str | None:
    """A scalar of the JSON as its text; numbers are text already."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _filings(document: dict[str, Any]) -> list[dict[str, str | None]]:
    """One row per filing, newest first, from the parallel arrays of `filings.recent`."""
    try:
        arrays: dict[str, list[Any]] = document["filings"]["recent"]
        company = {name: _text(document[name]) for name in ("cik", "name", "fiscalYearEnd")}
    except (KeyError, TypeError) as error:
        raise ValueError(f"submissions: expected cik, name, fiscalYearEnd and filings.recent: {error!r}") from error
    if missing := [name for name in ("accessionNumber", "form", "filingDate") if name not in arrays]:
        raise ValueError(f"submissions: filings.recent lacks {', '.join(missing)}")
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"submissions: the arrays of filings.recent have unequal lengths: {lengths}")
    if not lengths["accessionNumber"]:
        raise ValueError("submissions: filings.recent is empty")
    rows = zip(*arrays.values(), strict=True)
    return [company | {name: _text(value) for name, value in zip(arrays, row, strict=True)} for row in rows]


def _facts(document: dict[str, Any]) -> list[dict[str, str | None]]:
    """One row per fact and filing that states it: restatements are several rows of one period."""
    rows: list[dict[str, str | None]] = []
    try:
        company = {"cik": _text(document["cik"]), "entity": _text(document["entityName"])}
        for taxonomy, tags in document["facts"].items():
            for tag, body in tags.items():
                for unit, facts in body["units"].items():
                    name = {"taxonomy": taxonomy, "tag": tag, "unit": unit}
                    rows += [company | name | {field: _text(value) for field, value in fact.items()} for fact in facts]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"companyfacts: expected cik, entityName and facts.<taxonomy>.<tag>.units.<unit>[]: {error!r}"
        ) from error
    if not rows:
        raise ValueError("companyfacts: it holds no fact")
    return rows


def _check_company(name: str | None, part: Mapping[str, str]) -> None:
    if part["name_has"].lower() not in (name or "").lower():
        raise ValueError(
            f"CIK {part['cik']} is {name!r}, expected a name with {part['name_has']!r}; correct the cik in source.yml"
        )


def _newest(
    filings: list[dict[str, str | None]], forms: set[str], *, amended: bool = True
) -> dict[str, str | None]:
    """The newest filing of one of `forms` (or, with `amended`, its amendment)."""
    found = [
        filing for filing in filings
        if (str(filing["form"]).removesuffix("/A") if amended else filing["form"]) in forms
    ]  # fmt: skip
    if not found:
        raise ValueError(f"submissions: no filing of {', '.join(sorted(forms))} among the newest {len(filings)}")
    return max(found, key=lambda filing: (filing["filingDate"] or "", filing.get("acceptanceDateTime") or ""))


def _check_newest_is_in(
    facts: list[dict[str, str | None]], filings: list[dict[str, str | None]], today: date
) -> None:
    """Raises ValueError while the facts lag the list of filings.

    Else the old facts would be archived as the new filing's, and not be asked for again until the one after it.
    """
    periodic = [filing for filing in filings if filing["form"] in PERIODIC_FORMS and filing.get("isXBRL") == "1"]
    if not periodic:
        return
    newest = _newest(periodic, PERIODIC_FORMS)
    is_fresh = today - date.fromisoformat(str(newest["filingDate"])) <= FACTS_DELAY
    if is_fresh and newest["accessionNumber"] not in {fact.get("accn") for fact in facts}:
        raise ValueError(
            f"companyfacts do not hold the {newest['form']} of {newest['filingDate']} yet "
            f"({newest['accessionNumber']}); the next run asks again"
        )


def _instance_name(index: dict[str, Any]) -> str:
    """File name of a filing's XBRL instance, which SEC extracts from the inline document as `<name>_htm.xml`."""
    _accession_of_index(index)
    names = [str(item["name"]) for item in index["directory"]["item"] if str(item["name"]).endswith("_htm.xml")]
    if len(names) != 1 or not re.fullmatch(r"[A-Za-z0-9._-]+", names[0]):
        raise ValueError(f"the index of the filing names {names} where one XBRL instance (*_htm.xml) is expected")
    return names[0]


def _accession_of_index(index: dict[str, Any]) -> str:
    """'0001018724-23-000004' from the folder .../000101872423000004 that an index.json lists."""
    try:
        match = re.search(r"/(\d{10})(\d{2})(\d{6})/?$", str(index["directory"]["name"]))
        items = index["directory"]["item"]
        is_listing = all("name" in item for item in items)
    except (KeyError, TypeError) as error:
        raise ValueError(f"the index of the filing: expected directory.name and directory.item: {error!r}") from error
    if match is None or not is_listing:
        raise ValueError("the index of the filing: directory.name ends with no accession number, or items have no name")
    return "-".join(match.groups())


def _segment_rows(data: bytes, accession: str) -> list[dict[str, str | None]]:
    """Every fact of an XBRL instance that is told for a business segment.

    A context may cut finer than the segment (finance leases only, one product): `other_dimensions` says by what, as
    'axis=member' sorted and joined by ';', NULL for the segment as such. Inline XBRL states one number as often as it
    is printed; equal statements become one row.
    """
    names = _Names()
    contexts: dict[str, dict[str, str | None]] = {}
    units: dict[str, str] = {}
    document: dict[str, str | None] = {"form": None, "document_period_end": None}
    rows: dict[tuple[str | None, ...], dict[str, str | None]] = {}
    facts: list[tuple[str, dict[str, str], str | None]] = []
    for element in _children(data, names):
        if element.tag == f"{XBRLI}context":
            contexts[element.attrib["id"]] = _context(element)
        elif element.tag == f"{XBRLI}unit":
            units[element.attrib["id"]] = "/".join((m.text or "").strip() for m in element.iter(f"{XBRLI}measure"))
        elif "contextRef" in element.attrib:
            concept = names.short(str(element.tag))
            if concept == "dei:DocumentType":
                document["form"] = (element.text or "").strip()
            elif concept == "dei:DocumentPeriodEndDate":
                document["document_period_end"] = (element.text or "").strip()
            facts.append((concept, dict(element.attrib), (element.text or "").strip() or None))
    for concept, attributes, value in facts:  # contexts may stand after the facts that use them
        context = contexts.get(attributes["contextRef"])
        if context is None:
            raise ValueError(f"the XBRL instance: context {attributes['contextRef']!r} of {concept} is not defined")
        if context["segment_member"] is None:
            continue
        unit = attributes.get("unitRef")
        row = context | document | {
            "accession": accession, "concept": concept, "unit": units.get(unit, unit) if unit else None,
            "decimals": attributes.get("decimals"), "value": value,
        }  # fmt: skip
        rows.setdefault(tuple(row[name] for name in SEGMENT_COLUMNS), row)
    if not rows:
        raise ValueError(f"the XBRL instance has no fact with the dimension {SEGMENT_AXIS}")
    return list(rows.values())


class _Names:
    """Namespaces of an XML document, to write a tag the way the document does: 'us-gaap:OperatingIncomeLoss'."""

    def __init__(self) -> None:
        self.prefixes: dict[str, str] = {}

    def short(self, tag: str) -> str:
        uri, _, name = tag.rpartition("}")
        prefix = self.prefixes.get(uri[1:])
        return f"{prefix}:{name}" if prefix else name


def _children(data: bytes, names: _Names) -> Iterable[ElementTree.Element]:
    """The children of an instance's root, one at a time, each forgotten after use. Raises ValueError.

    Entities are how XML attacks a parser, and an instance has no use for them: a DOCTYPE is refused before parsing, as
    is every encoding in which it could hide from the search.
    """
    _refuse_pages(data, "the XBRL instance")
    if len(data) > MAX_INSTANCE_BYTES:
        raise ValueError(f"the XBRL instance has {len(data)} bytes, more than {MAX_INSTANCE_BYTES}")
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)", data[:512])
    if b"\x00" in data[:512] or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii")):
        raise ValueError("the XBRL instance is not UTF-8")
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise ValueError("the XBRL instance has a DOCTYPE or ENTITY, which no instance needs: refused")
    depth = 0
    root: Any = None
    events: Iterable[tuple[str, Any]] = ElementTree.iterparse(  # noqa: S314 (no DOCTYPE, bounded)
        io.BytesIO(data), ("start", "end", "start-ns")
    )
    try:
        for event, item in events:
            if event == "start-ns":
                prefix, uri = item
                names.prefixes.setdefault(uri, prefix)
            elif event == "start":
                depth += 1
                root = item if root is None else root
            else:
                depth -= 1
                if depth == 1:
                    yield item
                    root.clear()
    except ElementTree.ParseError as error:
        raise ValueError(f"the XBRL instance is not well-formed XML (cut off?): {error}") from error
    if root is None or root.tag != f"{XBRLI}xbrl":
        raise ValueError("the XML is no XBRL instance: its root is not xbrl")


def _context(element: ElementTree.Element) -> dict[str, str | None]:
    """Company, period and dimensions of an XBRL context."""

    def text(name: str) -> str | None:
        return (element.findtext(f".//{XBRLI}{name}") or "").strip() or None

    dimensions = {
        member.attrib["dimension"]: (member.text or "").strip() for member in element.iter(f"{XBRLDI}explicitMember")
    }
    dimensions |= {
        member.attrib["dimension"]: "".join(member.itertext()).strip()
        for member in element.iter(f"{XBRLDI}typedMember")
    }
    segment = dimensions.pop(SEGMENT_AXIS, None)
    return {
        "cik": text("identifier"), "start": text("startDate"), "end": text("endDate") or text("instant"),
        "segment_member": segment,
        "other_dimensions": ";".join(f"{axis}={member}" for axis, member in sorted(dimensions.items())) or None,
    }  # fmt: skip
