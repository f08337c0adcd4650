"""Keeping our dated forecasts: what replaces what, what stays as it was, and that the file fits its contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import contracts
from serve import backtest

pytestmark = pytest.mark.slow

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


def row(forecaster: str, as_of: str, p50: str, made_on: str = "") -> dict[str, str]:
    return {"target": "supplier_revenue", "subject": "2345", "period": "2025-12", "forecaster": forecaster,
            "forecast_as_of": as_of, "made_on": made_on, "p50": p50}  # fmt: skip


def test_what_comes_out_as_it_was_keeps_the_day_it_was_made() -> None:
    stored = [row("a", "2025-10-15", "1", "2026-01-01"), row("b", "2025-10-15", "2", "2026-01-01")]
    made = [row("a", "2025-10-15", "1"), row("b", "2025-10-15", "3")]
    found = backtest.merged(stored, made, "2027-03-04")
    assert [(r["forecaster"], r["p50"], r["made_on"]) for r in found] == [
        ("a", "1", "2026-01-01"),
        ("b", "3", "2027-03-04"),
    ]
    assert backtest.merged(found, made, "2028-01-01") == found, "made again, nothing changes"


def test_a_day_is_replaced_as_a_whole_and_others_stay() -> None:
    stored = [row("gone", "2025-10-15", "1", "2026-01-01"), row("a", "2025-01-15", "9", "2026-01-01")]
    found = backtest.merged(stored, [row("a", "2025-10-15", "1")], "2027-03-04")
    assert [(r["forecaster"], r["forecast_as_of"]) for r in found] == [("a", "2025-01-15"), ("a", "2025-10-15")]


def test_what_is_written_is_read_again_and_its_sidecar_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "sample" / "forecasts.csv"
    assert backtest.read(file) == []
    rows = [row("a", "2025-10-15", "1234.5", "2027-03-04")]
    backtest.write(file, rows, NOW)
    assert backtest.read(file) == rows
    first = file.read_bytes()
    backtest.write(file, backtest.read(file), NOW)
    assert file.read_bytes() == first
    meta = json.loads((tmp_path / "sample" / "forecasts.csv.meta.json").read_text(encoding="utf-8"))
    sidecar = contracts.Sidecar.model_validate(meta)
    assert (sidecar.vintage_kind, sidecar.retrieved_at) == ("reconstructed", NOW)


@pytest.mark.parametrize("engine", backtest.ENGINES)
def test_the_bundled_rows_are_what_the_contract_says(engine: str) -> None:
    source = contracts.load_source(f"forecasts_{engine}")
    stored = backtest.read(backtest.sample_file(engine))
    assert list(stored[0]) == [column.name for column in source.resources[0].columns]
    assert {r["forecast_as_of"] for r in stored} == set(backtest.DATES[engine])
    keys = {tuple(r[name] for name in backtest.KEY) for r in stored}
    assert len(keys) == len(stored)
    assert source.resources[0].key == list(backtest.KEY)
    assert stored == backtest.merged(stored, [], "2099-01-01"), "sorted as the command leaves them"


def test_the_capacity_file_stays_small() -> None:
    assert backtest.sample_file("capacity").stat().st_size < 3_000_000


def test_numbers_are_written_short() -> None:
    assert [backtest._text(value) for value in (1.4e6, 25637.808, 0.0, True, 3, "x")] == [
        "1400000", "25637.808", "0", "true", "3", "x",
    ]  # fmt: skip


def test_without_a_raw_store_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIGAWATCH_HOME", str(tmp_path))
    assert backtest.main([]) == 1
    assert "make run" in capsys.readouterr().err


def test_nobody_forecasts_as_of_tomorrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIGAWATCH_HOME", str(tmp_path))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "raw.duckdb").touch()
    assert backtest.main(["2999-01-01"]) == 2
    assert "not come yet" in capsys.readouterr().err
