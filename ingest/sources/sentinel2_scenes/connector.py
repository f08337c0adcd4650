"""Asks earth-search for the clear Sentinel-2 scenes over one campus, and flattens them to one row of text per scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from ingest import wire
from ingest.wire import Request, Requests

COLLECTION = "sentinel-2-c1-l2a"  # other collections hold the same scenes again
WINDOW = timedelta(days=30)
CLOUDY_PCT = 30.0
PAGE_SIZE = 50
MAX_SCENES = 300  # over a campus 10 to 40 scenes are taken a month, clear or not
MAX_PAGES = MAX_SCENES // PAGE_SIZE + 2
PROPERTIES = (
    "datetime", "eo:cloud_cover", "s2:nodata_pixel_percentage", "grid:code", "platform", "created", "updated",
    "s2:processing_baseline", "s2:datatake_id", "earthsearch:payload_id",
)  # fmt: skip
COLUMNS = ("id", "collection", *PROPERTIES, "bbox", "thumbnail.href", "visual.href", "self.href")


def requests(resource: str, part: Mapping[str, str], now: datetime) -> Requests:
    """All pages of one search: the collection, the box of the campus, WINDOW up to `now`, cloud below CLOUDY_PCT.

    The server's link to the next page leaves the search out, and a search without one matches the whole catalogue: only
    the link's token is used, and everything is sent with it again. Each scene is then held against the search. Raises
    ValueError for a scene that was not asked for, for more scenes than there can be, for fewer than the server counted,
    and for pages that do not end.
    """
    box = _box(part["bbox"])
    end = now.astimezone(UTC).replace(microsecond=0)
    start = (end - WINDOW).replace(hour=0, minute=0, second=0)
    search: dict[str, Any] = {
        "collections": [COLLECTION],
        "bbox": list(box),
        "datetime": f"{_stamp(start)}/{_stamp(end)}",
        "query": {"eo:cloud_cover": {"lt": CLOUDY_PCT}},
        "limit": PAGE_SIZE,
        "sortby": [{"field": "properties.datetime", "direction": "desc"}],
    }
    seen: set[str] = set()
    tokens: set[str] = set()
    counted: int | None = None
    for _ in range(MAX_PAGES):
        answer = yield Request("/v1/search", method="POST", json=search)
        page = _page(answer.read())
        if page.matched > MAX_SCENES:
            raise ValueError(f"the server counts {page.matched} scenes of a campus in a month: it ignored the search")
        counted = page.matched if counted is None else counted  # later pages may count a scene that just came
        for scene in page.scenes:
            _hold_against(scene, box, start, end)
            seen.add(scene["id"])
        if page.next_token is None or not page.scenes:
            if len(seen) < counted:
                raise ValueError(f"the server counts {counted} scenes but gave {len(seen)}")
            return
        if page.next_token in tokens:
            raise ValueError(f"the next page is one we had: {page.next_token}")
        tokens.add(page.next_token)
        search = search | {"next": page.next_token}
    raise ValueError(f"the pages do not end: {MAX_PAGES} pages of {PAGE_SIZE} scenes")


def parse(data: bytes, resource: str) -> pa.Table:
    """Turn the pages of a search into a table of strings: COLUMNS, one row per scene, in the order of the pages.

    Numbers keep their digits, `bbox` stays JSON, an absent value is NULL. No scene at all is an answer too: a month of
    clouds. Raises ValueError when the bytes are no item collection, or hold a scene of another collection: then the
    server ignored the search.
    """
    rows = []
    for body in wire.pages(data):
        for scene in _page(body).scenes:
            if scene.get("collection") != COLLECTION:
                raise ValueError(_unasked(scene, f"collection {scene.get('collection')}"))
            properties, assets = scene.get("properties") or {}, scene.get("assets") or {}
            own = [link.get("href") for link in scene.get("links") or [] if link.get("rel") == "self"]
            links = [(assets.get(name) or {}).get("href") for name in ("thumbnail", "visual")] + own[:1] + [None]
            rows.append([
                scene["id"], COLLECTION, *(properties.get(name) for name in PROPERTIES), _box_text(scene.get("bbox")),
                *links[:3],
            ])  # fmt: skip
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(COLUMNS))


class _Page:
    """One page of a search: its scenes, how many there are in all, and the token of the next page."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.scenes: list[dict[str, Any]] = document["features"]
        counted = document.get("numberMatched", (document.get("context") or {}).get("matched"))
        self.matched = len(self.scenes) if counted is None else int(counted)
        links = [link for link in document.get("links") or [] if link.get("rel") == "next"]
        self.next_token: str | None = (links[0].get("body") or {}).get("next") if links else None
        if links and not self.next_token:
            raise ValueError(f"the link to the next page has no token: {links[0]}")


def _page(body: bytes) -> _Page:
    try:
        document = json.loads(body, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ValueError(f"the answer is not JSON but {body[:80]!r}") from error
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        said = document.get("description") or document.get("code") if isinstance(document, dict) else None
        raise ValueError(f"the answer is not a collection of scenes: {said or body[:80]!r}")
    if not all(isinstance(scene, dict) and isinstance(scene.get("id"), str) for scene in document["features"]):
        raise ValueError("a scene without an id")
    return _Page(document)


def _hold_against(scene: dict[str, Any], box: tuple[float, ...], start: datetime, end: datetime) -> None:
    """Raise ValueError when a scene is not one that was searched for."""
    properties = scene.get("properties") or {}
    if scene.get("collection") != COLLECTION:
        raise ValueError(_unasked(scene, f"collection {scene.get('collection')}"))
    west, south, east, north = (float(degrees) for degrees in scene.get("bbox") or (0, 0, 0, 0))
    # A tile over the antimeridian says west > east; no campus is there, so it can only be a wrong answer.
    if not (west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1]):
        raise ValueError(_unasked(scene, f"place {scene.get('bbox')}"))
    cloud = properties.get("eo:cloud_cover")
    if cloud is None or not float(cloud) < CLOUDY_PCT:
        raise ValueError(_unasked(scene, f"cloud cover {cloud}"))
    taken = datetime.fromisoformat(str(properties.get("datetime")))
    if not start <= taken <= end:
        raise ValueError(_unasked(scene, f"time {properties.get('datetime')}"))


def _unasked(scene: dict[str, Any], what: str) -> str:
    return f"scene {scene.get('id')} was not asked for ({what}): the server ignored the search"


def _box(text: str) -> tuple[float, float, float, float]:
    west, south, east, north = (float(degrees) for degrees in text.split(","))
    return west, south, east, north


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _box_text(box: list[str] | None) -> str | None:
    return None if box is None else f"[{', '.join(box)}]"
