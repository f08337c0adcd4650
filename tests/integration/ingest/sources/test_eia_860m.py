"""EIA-860M over real HTTP: the index, months that are not out yet, the workbook, and what it breaks on."""

from __future__ import annotations

from tests.unit.ingest.sources.eia_860m_workbook import generator, sheet, workbook

AUGUST = "/electricity/data/eia860m/xls/august_generator2026.xlsx"
RUNS = generator(Status="(OP) Operating", Operating_Month=1, Operating_Year=2001)
PLANNED = generator(Planned_Operation_Month=6, Planned_Operation_Year=2027)


def answer(data: bytes) -> list[dict[str, object]]:
    return [{"path": AUGUST, "body": data}]


def test_one_workbook_is_downloaded_once_and_loaded(play) -> None:
    feed = play("eia_860m")
    (record,) = feed.fetch()
    assert record.outcome == "fetched"
    assert record.url.endswith(AUGUST)
    asked = [path for _, path, _, _ in feed.requests]
    assert asked.count(AUGUST) == 1
    assert not [path for path in asked if "/archive/" in path]
    (report,) = feed.load()
    assert (report["status"], report["rows_in"], report["rows_loaded"]) == ("loaded", 6, 6)
    query = 'select "Plant Name", "Planned Operation Year" from raw.eia_860m__generators where "Latitude" is null'
    assert feed.rows(query) == [("Synthetic Placeless", "2030")]


def test_rows_that_are_no_generators_wait_in_quarantine(play) -> None:
    bad = [
        generator(Plant_ID=None, Planned_Operation_Month=6, Planned_Operation_Year=2027),
        generator(Generator_ID="GT2", Status="Under construction", Planned_Operation_Year=2027),
        generator(Generator_ID="GT3", Planned_Operation_Month=13, Planned_Operation_Year=2027),
        generator(Generator_ID="GT4", Nameplate_Capacity=120500.0),
        generator(Generator_ID="GT5", Latitude="unknown"),
        generator(Generator_ID="GT6", Nameplate_Capacity=0, Net_Summer_Capacity=0),
    ]
    data = workbook({"Operating": sheet("Operating", [RUNS, RUNS | {"Generator ID": "2"}]),
                     "Planned": sheet("Planned", [PLANNED, *bad])})  # fmt: skip
    feed = play("eia_860m", routes=answer(data))
    feed.fetch()
    (report,) = feed.load()
    assert [report[n] for n in ("status", "rows_in", "rows_loaded", "rows_quarantined")] == ["loaded", 9, 3, 6]
    assert {rule for (rule,) in feed.rows("select rule from raw.quarantine")} == {
        "not_null:Plant ID", "status_without_code", "max:Planned Operation Month", "max:Nameplate Capacity (MW)",
        "type:Latitude", "nothing_but_capacity_zero",
    }  # fmt: skip


def test_a_generator_listed_twice_differently_rejects_the_workbook(play) -> None:
    twice = [PLANNED, PLANNED | {"Nameplate Capacity (MW)": 99}]
    data = workbook({"Operating": sheet("Operating", [RUNS]), "Planned": sheet("Planned", twice)})
    feed = play("eia_860m", routes=answer(data))
    feed.fetch()
    (report,) = feed.load()
    assert report["status"] == "rejected"
    assert "duplicate_key" in report["reason"]


def test_no_workbook_at_all_fails_in_words(play) -> None:
    feed = play("eia_860m", routes=answer(b"<html>not out yet</html>"))
    (record,) = feed.fetch()
    assert record.outcome == "failed"
    assert "none of the newest workbooks" in record.error
    assert feed.load() == []


def test_a_workbook_of_another_form_is_rejected_whole(play) -> None:
    data = workbook({"Operating": sheet("Operating", [RUNS]), "Planned": sheet("Planned", [PLANNED], Status="State")})
    feed = play("eia_860m", routes=answer(data))
    feed.fetch()
    (report,) = feed.load()
    assert report["status"] == "rejected"
    assert "'Status'] are missing" in report["reason"]
