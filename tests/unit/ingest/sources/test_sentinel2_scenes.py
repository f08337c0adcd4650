"""Sentinel-2 search: everything is sent on every page, and every scene is held against what was asked."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest import contracts
from ingest.wire import Answer, Request, bind_pages
from settings import REPO

SOURCE = contracts.load_source("sentinel2_scenes")
RESOURCE = SOURCE.resources[0]
CONNECTOR = contracts.connector(SOURCE)
SAMPLES = REPO.parent / "shared" / "samples" / "stac_earth_search"  # real payloads, not part of the repository
NOW = datetime(2026, 11, 22, 6, 30, 15, 123456, tzinfo=UTC)
PART = {"campus_id": "anthropic-amazon-new-carlisle", "bbox": "-86.491,41.659,-86.451,41.699"}


def scene(name: str = "a", **changes: Any) -> dict[str, Any]:
    properties = {
        "datetime": "2026-11-20T16:31:01.024000Z", "eo:cloud_cover": 12.50, "s2:nodata_pixel_percentage": 0,
        "created": "2026-11-20T21:00:00.000Z", "updated": "2026-11-20T21:00:00.000Z",
    }  # fmt: skip
    whole = {"type": "Feature", "id": name, "collection": "sentinel-2-c1-l2a", "bbox": [-87.2, 41.4, -85.8, 42.4],
             "properties": properties, "links": [], "assets": {}}  # fmt: skip
    for key, value in changes.items():
        (properties if key in ("datetime", "cloud") else whole)["eo:cloud_cover" if key == "cloud" else key] = value
    return whole


def page(scenes: list[Any], next_body: Any = None, matched: int | None = None) -> bytes:
    links = [] if next_body is None else [{"rel": "next", "method": "POST", "merge": False, "body": next_body}]
    count = len(scenes) if matched is None else matched
    return json.dumps({"features": scenes, "links": links, "numberMatched": count}).encode()


def search(answers: list[bytes], folder: Path, part: dict[str, str] = PART) -> list[Request]:
    """The requests of a search that is given these answers and accepts them all."""
    conversation, asked = CONNECTOR.requests("scenes", part, NOW), []
    try:
        asked.append(next(conversation))
        for number, body in enumerate(answers):
            (folder / str(number)).write_bytes(body)
            asked.append(conversation.send(Answer("http://x", folder / str(number), "application/geo+json", {})))
    except StopIteration:
        assert len(asked) == len(answers), "the search ended before its last page"
        return asked
    raise AssertionError("the search goes on after its last page")


def real(name: str) -> Any:
    if not SAMPLES.is_dir():
        pytest.skip("the real payloads are not here")
    return (SAMPLES / name).read_bytes()


def test_every_page_is_asked_with_the_whole_search(tmp_path: Path) -> None:
    first, second, third = search(
        [page([scene("a")], {"next": "t1"}, 3), page([scene("b")], {"next": "t2"}, 3), page([scene("c")], None, 4)],
        tmp_path,
    )
    assert first.json == {
        "collections": ["sentinel-2-c1-l2a"],
        "bbox": [-86.491, 41.659, -86.451, 41.699],
        "datetime": "2026-10-23T00:00:00Z/2026-11-22T06:30:15Z",
        "query": {"eo:cloud_cover": {"lt": 30.0}},
        "limit": 50,
        "sortby": [{"field": "properties.datetime", "direction": "desc"}],
    }
    assert second.json == first.json | {"next": "t1"}
    assert third.json == first.json | {"next": "t2"}
    assert {(r.method, r.path, r.is_kept) for r in (first, second, third)} == {("POST", "/v1/search", True)}


def test_a_month_of_clouds_is_an_answer(tmp_path: Path) -> None:
    search([page([])], tmp_path)
    assert CONNECTOR.parse(page([]), "scenes").num_rows == 0


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"collection": "sentinel-2-l2a"}, "collection sentinel-2-l2a"),
        ({"bbox": [-60, -61, -59, -60]}, "place"),
        ({"bbox": None}, "place"),
        ({"cloud": 56.8}, "cloud cover 56.8"),
        ({"cloud": 30}, "cloud cover 30"),
        ({"cloud": None}, "cloud cover None"),
        ({"datetime": "2025-07-31T13:19:22Z"}, "time 2025-07-31"),
        ({"datetime": "2026-11-23T00:00:00Z"}, "time 2026-11-23"),
    ],
)
def test_a_scene_that_was_not_asked_for_fails_the_search(wrong: dict[str, Any], what: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"not asked for .{what}.*the server ignored the search"):
        search([page([scene("a"), scene("b", **wrong)])], tmp_path)


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ([page([scene()], {"next": "t"}, 115_912_757)], "counts 115912757 scenes"),
        ([page([scene("a")], None, 3)], "counts 3 scenes but gave 1"),
        ([page([scene("a")], {"next": "t"}, 2), page([scene("b")], {"next": "t"}, 2)], "one we had"),
        ([page([scene(str(n))], {"next": f"t{n}"}, 300) for n in range(9)], "do not end"),
        ([page([scene("a")], {"limit": 10}, 2)], "has no token"),
        ([b"<html>502</html>"], "not JSON"),
        ([b'{"code": "NotFound", "description": "Not Found"}'], "Not Found"),
        ([page([{"type": "Feature"}])], "without an id"),
    ],
)
def test_a_wrong_page_fails_the_search(answers: list[bytes], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=complaint):
        search(answers, tmp_path)


def test_the_real_page_that_ignored_its_filter_is_refused(tmp_path: Path) -> None:
    body = real("search_page1.json")
    with pytest.raises(ValueError, match="counts 115912757 scenes"):
        search([body], tmp_path)
    with pytest.raises(ValueError, match=r"sentinel-1-grd.*ignored the search"):
        CONNECTOR.parse(body, "scenes")


def test_the_real_link_to_the_next_page_leaves_the_search_out() -> None:
    cassette = yaml.safe_load(real("cassette_search_filter_paged.yaml"))
    first, second = [exchange["request"] for exchange in cassette["interactions"] if exchange["request"]["body"]]
    assert "filter" in json.loads(first["body"])
    assert list(json.loads(second["body"])) == ["next"]
    bodies = [e["response"]["body"]["string"] for e in cassette["interactions"] if e["request"]["method"] == "POST"]
    link = next(link for link in json.loads(bodies[0])["links"] if link["rel"] == "next")
    assert link["body"] == json.loads(second["body"])


def test_the_real_scene() -> None:
    item = json.loads(real("item_sentinel2.extracted.json"))
    table = CONNECTOR.parse(json.dumps({"features": [item], "links": []}).encode(), "scenes")
    assert table.column_names == [column.name for column in RESOURCE.columns]
    (row,) = table.to_pylist()
    assert row["id"] == "S2B_T20EPT_20250731T131905_L2A"
    assert row["eo:cloud_cover"] == "26.02542"
    assert row["s2:nodata_pixel_percentage"] == "98.002911"
    assert row["grid:code"] == "MGRS-20EPT"
    assert row["bbox"] == "[-59.831578, -60.501986, -59.179189, -60.381497]"
    assert row["visual.href"].endswith("/TCI.tif")
    assert row["self.href"].endswith("/items/S2B_T20EPT_20250731T131905_L2A")


def test_pages_are_read_in_order(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(page([scene(name)]))
    book = io.BytesIO()
    bind_pages([tmp_path / "a", tmp_path / "b"], book)
    assert CONNECTOR.parse(book.getvalue(), "scenes").column("id").to_pylist() == ["a", "b"]


def test_each_part_is_a_campus_at_its_collected_place() -> None:
    with (REPO / "ingest/sources/evidence/sample/campuses.csv").open(encoding="utf-8", newline="") as file:
        campuses = {row["campus_id"]: row for row in csv.DictReader(file)}
    half_widths = {"building": 0.02, "centroid": 0.02, "point": 0.03, "approximate": 0.05, "town": 0.05}
    for part, parameters in RESOURCE.parts.items():
        # staging turns the name of the part back into the campus
        assert part.replace("_", "-") == parameters["campus_id"]
        campus, half = campuses[parameters["campus_id"]], half_widths[parameters["place"]]
        latitude, longitude = float(campus["latitude"]), float(campus["longitude"])
        expected = (longitude - half, latitude - half, longitude + half, latitude + half)
        assert [float(degrees) for degrees in parameters["bbox"].split(",")] == pytest.approx(expected, abs=0.001)
    assert {"anthropic-amazon-new-carlisle", "amazon-madison-mega-site", "amazon-ridgeland", "aws-berwick",
            "aws-new-albany", "aws-boardman-morrow-county-or", "colossus-1", "openai-stargate-abilene",
            } <= {parameters["campus_id"] for parameters in RESOURCE.parts.values()}  # fmt: skip
