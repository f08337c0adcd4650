"""One environment variable decides where everything is."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import REPO, settings


def test_paths_follow_the_environment_of_the_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        monkeypatch.setenv("GIGAWATCH_HOME", str(tmp_path / name))
        assert settings().serving_db == tmp_path / name / "serving" / "gigawatch.duckdb"
    monkeypatch.delenv("GIGAWATCH_HOME")
    assert settings().home == REPO / "data"


def test_an_as_of_build_shares_archive_and_raw(home: Path) -> None:
    build = settings().for_as_of("2026-01-03")
    assert build.home == home / "asof/2026-01-03"
    assert build.warehouse_db == build.home / "warehouse/build.duckdb"
    assert (build.archive_dir, build.raw_db) == (home / "archive", home / "raw/raw.duckdb")
    assert build.for_as_of("2026-02-01").home == home / "asof/2026-02-01"
    with pytest.raises(ValueError, match="Invalid isoformat"):
        settings().for_as_of("../elsewhere")


def test_a_base_url_can_be_overridden(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().base_url("tiny", "https://example.org/") == "https://example.org"
    monkeypatch.setenv("GIGAWATCH_BASE_URL_TINY", "http://127.0.0.1:1")
    assert settings().base_url("tiny", "https://example.org") == "http://127.0.0.1:1"


def test_bad_limits_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIGAWATCH_KEEP_RELEASES", "0")
    with pytest.raises(ValueError, match="keep_releases"):
        settings()
