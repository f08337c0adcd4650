"""UN Comtrade over HTTP, to raw: the key, months asked again only when released anew, errors sent as 200."""

from __future__ import annotations

import json

import pytest

from settings import REPO

LIST, DATA = "/public/v1/getDA/C/M/HS", "/data/v1/get/C/M/HS"
TAIWAN = {"reporterCode": "490"}
REAL = REPO.parent / "shared" / "samples" / "un_comtrade" / "HS-60a6ad.json"


def of(records, part: str = "taiwan"):
    (record,) = [record for record in records if record.part == part]
    return record


def played(feed, name: str) -> dict:
    return json.loads((feed.source.folder / "replay" / name).read_bytes())


def test_without_a_key_nothing_is_asked_and_the_notice_says_where_to_get_one(play, monkeypatch) -> None:
    feed = play("un_comtrade")
    monkeypatch.delenv("GIGAWATCH_KEY_UN_COMTRADE")
    records = feed.fetch()
    assert {record.outcome for record in records} == {"skipped"}
    assert "comtradedeveloper.un.org" in records[0].error
    assert feed.requests == []


def test_the_key_travels_in_its_header_only(play) -> None:
    feed = play("un_comtrade")
    feed.fetch()
    assert {headers["Ocp-Apim-Subscription-Key"] for _, _, headers, _ in feed.requests} == {"replay"}
    assert not any("replay" in path for _, path, _, _ in feed.requests)


def test_data_are_asked_again_only_after_a_new_release(play) -> None:
    feed = play("un_comtrade")
    feed.fetch()
    feed.load()
    feed.fetch()
    paths = [path.split("?")[0] for _, path, _, _ in feed.requests]
    assert (paths.count(LIST), paths.count(DATA)) == (10, 5)
    listing = played(feed, "months_490.json")
    listing["data"][1]["datasetChecksum"] = 4711
    revised = played(feed, "trade_490.json")
    revised["data"] = revised["data"][:-1]  # a partner that a revision dropped
    revised["count"] -= 1
    feed = play("un_comtrade", [
        {"path": LIST, "query": TAIWAN, "body": json.dumps(listing).encode()},
        {"path": DATA, "query": TAIWAN, "body": json.dumps(revised).encode()},
    ])  # fmt: skip
    feed.fetch()
    (report,) = feed.load()
    assert (report["part"], report["status"], report["rows_loaded"]) == ("taiwan", "loaded", 11)


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (LIST, b'{"count": 0, "data": [], "error": ""}', "no month of reporter 490"),
        (LIST, b"<html>gateway</html>", "not JSON"),
        (DATA, b'{"count": 0, "data": [], "error": "Invalid period"}', "the API says: Invalid period"),
        (DATA, b'{"count": 9, "data": [], "error": ""}', "9 records are announced, 0 came"),
        (DATA, b'{"statusCode": 401, "message": "Access denied"}', "Access denied"),
    ],
)
def test_an_answer_that_is_none_fails_its_part_and_no_other(play, path: str, body: bytes, said: str) -> None:
    records = play("un_comtrade", [{"path": path, "query": TAIWAN, "body": body}]).fetch()
    assert of(records).outcome == "failed"
    assert said in of(records).error
    assert {record.outcome for record in records if record.part != "taiwan"} == {"fetched"}


@pytest.mark.skipif(not REAL.is_file(), reason="the real payloads are not part of the repository")
def test_annual_rows_are_all_set_aside(play) -> None:
    """The one real answer at hand is annual and of another reporter: its rows must not pass for months."""
    document = json.loads(REAL.read_bytes())
    for record in document["data"]:
        record |= {"reporterCode": 490, "period": "202607"}
    feed = play("un_comtrade", [{"path": DATA, "query": TAIWAN, "body": json.dumps(document).encode()}])
    feed.fetch()
    (report,) = [report for report in feed.load() if report["part"] == "taiwan"]
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("rejected", 4, 0)
    assert "allowed:freqCode" in report["reason"]
