"""UN Comtrade: asks which months of a reporter are out, then for these months; reads the records that come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingest.wire import Request, Requests

MONTHS = 12  # as many as the API takes at once; the slowest reporters are four months late
MAX_RECORDS = 100_000  # the smaller of the two documented caps: at a cap the API leaves rows out without a word
HS6 = "847150,847180,847330"


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """The list of published months, then one request for all of them unless the list is as it was.

    Months are revised without notice, so all are asked again as soon as the list shows any new release. `part` names
    the reporter. Raises ValueError when an answer is an error, of another reporter, or may have been cut off.
    """
    this = now.year * 12 + now.month - 1
    months = [f"{month // 12}{month % 12 + 1:02d}" for month in range(this - MONTHS, this)]
    listing = yield Request("/public/v1/getDA/C/M/HS", params={**part, "period": ",".join(months)}, is_kept=False)
    releases = sorted(
        (str(item.get("period")), str(item.get("datasetChecksum")), str(item.get("lastReleased")))
        for item in _records(listing.read(), "the list of published months")
    )
    published = sorted({period for period, _, _ in releases})[-MONTHS:]
    if not published:
        raise ValueError(f"no month of reporter {part['reporterCode']} since {months[0]} is published")
    query = {
        **part, "period": ",".join(published), "cmdCode": HS6, "flowCode": "M,X", "partner2Code": "0",
        "customsCode": "C00", "motCode": "0", "maxRecords": str(MAX_RECORDS), "includeDesc": "true",
    }  # fmt: skip
    state = json.dumps([sorted(query.items()), releases])
    answer = yield Request("/data/v1/get/C/M/HS", params=query, version=hashlib.sha256(state.encode()).hexdigest())
    for record in _records(answer.read(), resource):
        if str(record.get("reporterCode")) != part["reporterCode"] or str(record.get("period")) not in published:
            raise ValueError(
                f"asked for reporter {part['reporterCode']} and {query['period']}, got a row of reporter "
                f"{record.get('reporterCode')}, period {record.get('period')}"
            )


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the records into strings, one column per field; numbers in the digits of the file, true and false as such.

    Raises ValueError when the bytes are no answer of the API, when they carry an error or fewer or more records than
    they count, when they hold none or so many that some may be missing, or when records differ in their fields.
    """
    records = _records(data, resource)
    if not records:
        raise ValueError(f"{resource}: the answer has no records")
    header = list(records[0])
    for number, record in enumerate(records, start=1):
        if set(record) != set(header):
            raise ValueError(f"{resource}: record {number} has not the fields of the first one")
        if nested := [name for name, value in record.items() if isinstance(value, list | dict)]:
            raise ValueError(f"{resource}: record {number}: {nested[0]} is not a single value")
    return pa.table({name: pa.array([_text(record[name]) for record in records], pa.string()) for name in header})


def _text(value: Any) -> str | None:
    return json.dumps(value) if isinstance(value, bool) else value


def _records(data: bytes, what: str) -> list[dict[str, Any]]:
    """The records of an answer, checked against its own count. Raises ValueError."""
    try:
        document = json.loads(data, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"{what}: the answer is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise ValueError(f"{what}: the answer has no data: {str(document)[:200]}")
    if document.get("error"):
        raise ValueError(f"{what}: the API says: {str(document['error'])[:200]}")
    records: list[dict[str, Any]] = document["data"]
    if str(document.get("count")) != str(len(records)):
        raise ValueError(f"{what}: {document.get('count')} records are announced, {len(records)} came")
    if len(records) >= MAX_RECORDS:
        raise ValueError(f"{what}: {len(records)} records came, the cap: some may be missing; ask for fewer months")
    if wrong := [record for record in records if not isinstance(record, dict)]:
        raise ValueError(f"{what}: a record is not an object: {str(wrong[0])[:200]}")
    return records
