"""What changed against the last good content: told in raw.drift, and refused where the contract says so."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from settings import REPO, settings
from tests.integration.ingest.tiny_world import COLUMNS, HEADER, World

SAMPLES = REPO.parent / "shared/samples/epoch_data_centers"
POWER = "IT power (MW)"
LOOSE: dict[str, Any] = {"max_row_loss_pct": None, "min_rows": 1}


def table(n: int = 40, factor: float = 1.0, first: int = 0, **cells: str) -> str:
    """`n` rows of power 10, 11, ... times a factor, with ids from `first`; cells replace columns."""
    rows = (
        {"id": f"s{i}", "day": "2026-01-01", POWER: f"{(10 + i) * factor:g}", "kind": "gpu"} | cells
        for i in range(first, first + n)
    )
    return HEADER + "".join(",".join(row.values()) + "\n" for row in rows)


def stable(world: World, **more: Any) -> None:
    column = COLUMNS[2] | {"max": 10_000_000, "is_stable": True, "max_ratio": 10}
    world.contract(columns=[*COLUMNS[:2], column, COLUMNS[3]], **LOOSE, **more)


def drift(world: World) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT check_name, column_name, previous_value, current_value, is_blocking FROM raw.drift ORDER BY ALL"
    )


def test_the_first_content_and_an_equal_one_drift_from_nothing(world: World) -> None:
    stable(world)
    world.ingest("2026-01-01", table())
    world.ingest("2026-01-02", table() + "\n")
    assert drift(world) == []


@pytest.mark.parametrize(
    ("content", "findings"),
    [
        (table(30), [("keys_vanished", None, 40, 30), ("row_count", None, 40, 30)]),
        (table(50), [("keys_new", None, 40, 50), ("row_count", None, 40, 50)]),
        (table(40, first=10), [("keys_new", None, 30, 40), ("keys_vanished", None, 40, 30)]),
        (table(kind=""), [("column_vanished", "kind", 40, 0)]),
        (table(25) + table(15, first=25, kind=""), [("null_share", "kind", 0, 0.375)]),
        (table(factor=4), [("median", POWER, 29.5, 118.0)]),
        (table(factor=2), []),
        (table(36), []),
        (table().replace("\n", ",x\n").replace("kind,x", "kind,note"), [("column_new", "note", 0, 40)]),
    ],
)  # fmt: skip
def test_drift_is_told_and_stops_nothing(world: World, content: str, findings: list[Any]) -> None:
    world.contract(**LOOSE)
    world.ingest("2026-01-01", table())
    assert world.ingest("2026-01-02", content)["status"] == "loaded"
    assert drift(world) == [(*finding, False) for finding in findings]
    assert world.rows("SELECT DISTINCT drift.part, loads.known_from = drift.known_from FROM raw.drift JOIN raw.loads "
                      "USING (load_id)") == ([("", True)] if findings else [])  # fmt: skip


def test_kilowatts_for_megawatts_are_refused(world: World) -> None:
    stable(world)
    world.contract(columns=[*COLUMNS[:2], COLUMNS[2] | {"max": 10_000_000, "max_ratio": 10}, COLUMNS[3]])
    world.ingest("2026-01-01", table())
    report = world.ingest("2026-01-02", table(factor=1000))
    assert (report["status"], report["rows_in"], report["rows_quarantined"]) == ("rejected", 40, 40)
    assert "magnitude:IT power (MW): the median of IT power (MW) is 29500, in the content known" in report["reason"]
    assert "add to accepted_changes: {column: 'IT power (MW)', known_from: 2026-01-02" in report["reason"]
    assert drift(world) == [("magnitude", POWER, 29.5, 29500, True)]
    assert world.rows("SELECT rule FROM raw.quarantine") == [(f"magnitude:{POWER}",)]
    assert world.rows("SELECT count(*) FROM raw.tiny__table") == [(40,)], "the last good content stays"
    assert world.ingest("2026-01-03", table(factor=0.05))["status"] == "rejected", "down is as bad as up"
    assert world.ingest("2026-01-04", table(factor=5))["status"] == "loaded"


def test_a_column_that_silently_means_something_else_is_refused(world: World) -> None:
    """The synthetic twin of what Epoch did on 2026-07-07: same name, every value divided by 1.2."""
    stable(world)
    world.ingest("2026-01-01", table())
    report = world.ingest("2026-01-02", table(factor=1 / 1.2))
    assert report["status"] == "rejected"
    assert "meaning_change:IT power (MW): 40 of 40 values of IT power (MW) are 0.8333 times" in report["reason"]
    assert drift(world) == [("meaning_change", POWER, 1.0, pytest.approx(1 / 1.2, rel=1e-4), True)]


@pytest.mark.parametrize(
    "content",
    [
        table(factor=1.04),  # not away from one
        table(20) + table(20, factor=1.2, first=20),  # half of the sites have grown
        # all have, each by its own factor
        HEADER + "".join(f"s{i},2026-01-01,{(10 + i) * (1.1 + i / 50):g},gpu\n" for i in range(40)),
        table(9, factor=1.2) + table(31, first=100),  # too few in common
    ],
)
def test_a_changed_world_is_no_changed_meaning(world: World, content: str) -> None:
    stable(world)
    world.ingest("2026-01-01", table())
    assert world.ingest("2026-01-02", content)["status"] == "loaded"


def test_without_common_non_zero_values_nothing_is_concluded(world: World) -> None:
    stable(world)
    world.contract(columns=[*COLUMNS[:2], COLUMNS[2] | {"is_stable": True}, COLUMNS[3]])
    world.ingest("2026-01-01", table(factor=0))
    assert world.ingest("2026-01-02", table())["status"] == "loaded"
    assert world.ingest("2026-01-03", table(factor=0) + "\n")["status"] == "loaded"


def test_a_factor_of_its_own_for_each_key_is_a_change_too_when_none_is_spared(world: World) -> None:
    """Half of the sites by one factor, the others each by a near one, none as it was."""
    stable(world)
    world.ingest("2026-01-01", table())
    factors = [0.83 if i % 2 else 0.7 + i / 200 for i in range(40)]
    content = HEADER + "".join(f"s{i},2026-01-01,{(10 + i) * f:g},gpu\n" for i, f in enumerate(factors))
    assert "meaning_change" in world.ingest("2026-01-02", content)["reason"]


def test_an_accepted_change_starts_the_comparison_anew(world: World) -> None:
    stable(world)
    old, new = table(), table(factor=1 / 1.2)
    world.ingest("2026-01-01", old)
    assert world.ingest("2026-01-02", new)["status"] == "rejected"
    later = world.ingest("2026-01-03", new + "s40,2026-01-01,41,gpu\n")
    assert later["status"] == "rejected", "the old one is the measure"
    change = {"column": POWER, "known_from": "2026-01-02", "note": "facility power became IT power"}
    world.contract(accepted_changes=[change])
    assert [report["status"] for report in world.load() if report["resource"] == "table"] == ["loaded"] * 3
    assert [row for row in drift(world) if row[0] == "meaning_change"] == [
        ("meaning_change", POWER, 1.0, pytest.approx(1 / 1.2, rel=1e-4), False)
    ]
    ((message,),) = world.rows("SELECT message FROM raw.drift WHERE check_name = 'meaning_change'")
    assert message.endswith("accepted: facility power became IT power")
    assert world.ingest("2026-01-04", old + "\n")["status"] == "rejected", "accepted once, not for ever"


@pytest.mark.parametrize("day", ["2026-01-01", "2026-01-03"])
def test_an_acceptance_of_another_day_accepts_nothing(world: World, day: str) -> None:
    stable(world, accepted_changes=[{"column": POWER, "known_from": day, "note": "looked at by me"}])
    world.ingest("2026-01-01", table())
    assert world.ingest("2026-01-02", table(factor=1.2))["status"] == "rejected"


def test_partial_vintages_are_never_compared(world: World) -> None:
    stable(world)
    world.ingest("2026-01-01", table())
    assert world.ingest("2026-01-02", table(12, factor=1000), vintage_scope="partial")["status"] == "loaded"
    assert world.ingest("2026-01-03", table(41))["status"] == "loaded"
    assert drift(world) == []
    assert world.rows("SELECT compared_known_from::DATE::VARCHAR FROM raw.loads WHERE resource = 'table' "
                      "ORDER BY known_from") == [(None,), (None,), ("2026-01-01",)]  # fmt: skip


VINTAGES = [
    ("2026-01-01", table()),
    ("2026-01-02", table(60)),
    ("2026-01-03", table(60, factor=1.2)),  # refused after its predecessor, fine after the first one's absence
    ("2026-01-04", table(60, kind="")),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_a_backfill_in_any_order_ends_in_the_same_drift(world: World, order: tuple[int, ...]) -> None:
    for index in order:
        stable(world)
        world.bundle(*VINTAGES[index])
        world.fetch()
        world.load()
    assert world.load() == []
    state = world.raw_state()
    settings().raw_db.unlink()
    world.load()
    assert world.raw_state() == state
    assert world.rows("SELECT status FROM raw.loads WHERE resource = 'table' ORDER BY known_from") == [
        ("loaded",), ("loaded",), ("rejected",), ("loaded",)
    ]  # fmt: skip
    assert {row[0] for row in drift(world)} == {"row_count", "keys_new", "meaning_change", "column_vanished"}


def test_only_what_a_late_vintage_changes_is_judged_again(world: World) -> None:
    stable(world)
    for index in (0, 3):
        world.bundle(*VINTAGES[index])
    for day in range(10, 20):
        world.bundle(f"2026-01-{day}", table(60 + day))
    world.fetch()
    world.load()
    world.bundle(*VINTAGES[1])
    world.fetch()
    assert [f"{report['known_from']:.10}" for report in world.load()] == ["2026-01-02", "2026-01-04"]


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from([0.001, 0.8, 1.0, 1.2, 1000]), st.integers(5, 60)), min_size=2, max_size=5
    ),
    data=st.data(),
)
def test_any_history_loaded_at_once_or_piece_by_piece_is_the_same(
    moves: list[tuple[float, int]], data: st.DataObject, home: Path, monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    root = tmp_path_factory.mktemp("history")
    monkeypatch.setenv("GIGAWATCH_HOME", str(root / "home"))
    world = World(root)
    for index in data.draw(st.permutations(range(len(moves)))):
        factor, n = moves[index]
        stable(world)
        world.bundle(f"2026-01-{index + 1:02}", table(n, factor=factor))
        world.fetch()
        world.load()
    state = world.raw_state()
    settings().raw_db.unlink()
    world.load()
    assert world.raw_state() == state


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real Epoch downloads are not here")
def test_the_real_change_of_epochs_power_column_is_caught(world: World) -> None:
    """On 2026-07-07 `Current power (MW)` turned from facility to IT power; nothing in the file said so."""
    vintages = sorted(path.name for path in SAMPLES.iterdir() if (path / "data_centers.csv").is_file())
    columns = [
        {"name": "Name", "aliases": ["Title"], "required": True, "not_null": True},
        {"name": "Current power (MW)", "type": "double", "required": True, "min": 0, "max": 20000, "is_stable": True},
    ]
    world.contract(columns=columns, key=["Name"], rejects=[], min_rows=10, max_row_loss_pct=50)
    statuses = {}
    for vintage in vintages:
        content = (SAMPLES / vintage / "data_centers.csv").read_bytes()
        with (SAMPLES / vintage / "data_centers.csv").open(encoding="utf-8-sig", newline="") as file:
            assert "Current power (MW)" in next(csv.reader(file))
        report = world.ingest(vintage[1:], content)
        statuses[vintage] = (report["status"], report["reason"])
    assert [statuses[v][0] for v in vintages if v <= "v2026-05-23"] == ["loaded"] * 4
    assert statuses["v2026-07-07"][0] == "rejected"
    assert "meaning_change:Current power (MW)" in statuses["v2026-07-07"][1]
    assert " are 0.8312 times those of the content known from 2026-05-23, 0 are unchanged" in statuses["v2026-07-07"][1]
    assert all(statuses[v][0] == "rejected" for v in vintages if v > "v2026-07-07"), "until somebody accepts it"
    change = {"column": "Current power (MW)", "known_from": "2026-07-07", "note": "facility power became IT power"}
    world.contract(accepted_changes=[change])
    world.load()
    assert world.rows("SELECT DISTINCT status FROM raw.loads WHERE resource = 'table'") == [("loaded",)]
