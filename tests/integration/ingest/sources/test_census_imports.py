"""US imports over HTTP, to raw: the key, pages about keys, months without rows. The rows are made up."""

from __future__ import annotations

import json

import pytest

PATH = "/data/timeseries/intltrade/imports/hs"
HS = {"I_COMMODITY": "847150"}


def of(records, part: str = "hs847150"):
    (record,) = [record for record in records if record.part == part]
    return record


def test_without_a_key_nothing_is_asked_and_the_notice_says_where_to_get_one(play, monkeypatch) -> None:
    feed = play("census_imports")
    monkeypatch.delenv("GIGAWATCH_KEY_CENSUS_IMPORTS")
    records = feed.fetch()
    assert {record.outcome for record in records} == {"skipped"}
    assert "api.census.gov/data/key_signup.html" in records[0].error
    assert feed.requests == []


def test_the_key_travels_but_is_not_kept(play) -> None:
    feed = play("census_imports")
    records = feed.fetch()
    assert all("key=replay" in path for _, path, _, _ in feed.requests)
    assert not any("key=" in record.model_dump_json() for record in records)


def test_the_world_and_groups_stay_in_raw(play) -> None:
    feed = play("census_imports")
    feed.fetch()
    reports = feed.load()
    assert {report["part"] for report in reports} == set(feed.source.resources[0].parts)
    assert all(report["rows_quarantined"] == 0 for report in reports)
    codes = feed.rows("select distinct CTY_CODE from raw.census_imports__imports_hs order by 1")
    assert codes == [("-",), ("0003",), ("2010",), ("5570",), ("5830",), ("5XXX",)]


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        (
            [
                {"path": PATH, "query": HS, "status": 302, "headers": {"Location": "../../../missing_key.html"}},
                {"path": "/data/missing_key.html", "body": b"<html><title>Missing Key</title></html>"},
            ],
            "GIGAWATCH_KEY_CENSUS_IMPORTS",
        ),
        ([{"path": PATH, "query": HS, "body": b"<html>Invalid Key</html>"}], "GIGAWATCH_KEY_CENSUS_IMPORTS"),
        ([{"path": PATH, "query": HS, "status": 204}], "204"),
        ([{"path": PATH, "query": HS, "body": b""}], "no rows for this commodity"),
        ([{"path": PATH, "query": HS, "status": 404}], "404"),
        ([{"path": PATH, "query": HS, "body": b'[["CTY_CODE","I_COMMODITY"],["5830","8471"]]'}], "got rows of"),
    ],
)
def test_an_answer_that_is_no_table_fails_its_part_and_no_other(play, routes: list[dict], said: str) -> None:
    records = play("census_imports", routes).fetch()
    assert of(records).outcome == "failed"
    assert said in of(records).error
    assert {record.outcome for record in records if record.part != "hs847150"} == {"fetched"}


def test_rows_that_break_a_rule_are_set_aside(play) -> None:
    feed = play("census_imports")
    header, *rows = json.loads((feed.source.folder / "replay" / "hs847150.json").read_bytes())

    def broken(**cells: str | None) -> list[str | None]:
        return [cells.get(name, cell) for name, cell in zip(header, rows[-1], strict=True)]

    bad = [
        broken(time="2099-01"), broken(CTY_CODE="MX"), broken(GEN_VAL_MO="-5"),
        broken(GEN_VAL_MO=None, time="2025-05"),
    ]  # fmt: skip
    body = json.dumps([header, *rows, *bad]).encode()
    feed = play("census_imports", [{"path": PATH, "query": HS, "body": body}])
    feed.fetch()
    (report,) = [report for report in feed.load() if report["part"] == "hs847150"]
    assert (report["rows_in"], report["rows_loaded"], report["rows_quarantined"]) == (22, 18, 4)
    assert sorted(feed.rows("select rule from raw.quarantine")) == [
        ("country_code_format",), ("min:GEN_VAL_MO",), ("month_not_over",), ("not_null:GEN_VAL_MO",),
    ]  # fmt: skip
