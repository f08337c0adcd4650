"""A small home in the shape the layers leave behind: raw store, build file, reports of the stages, its own suites."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

import expectations.validate
import serve.publish

CAMPUSES = [("abilene", "Abilene", 1200.0, "v1"), ("new_carlisle", "New Carlisle", 910.0, "v1")]


def _write_build(path: Path, campuses: list[tuple[Any, ...]] = CAMPUSES, extra_sql: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute(
            """create schema staging; create schema marts; create schema draws;
            create table marts.campuses (campus_id varchar, campus_name varchar, it_capacity_mw double,
                                         methodology_version varchar);
            comment on table marts.campuses is 'One row per campus; it''s a stock.';
            comment on column marts.campuses.it_capacity_mw is 'IT power, MW. NULL = unknown. Not additive over time.';
            create table marts.rental_prices (provider varchar, price_usd_per_hour double, is_redistributable boolean);
            insert into marts.rental_prices values ('open', 2.5, true), ('closed', 1.9, false), ('unstated', 3.0, null);
            create table draws.campuses as
              select 'abilene' as campus_id, range::bigint as draw_id, 1200.0::double + range as it_capacity_mw
              from range(50);
            """
        )
        con.executemany("insert into marts.campuses values (?, ?, ?, ?)", campuses)
        if extra_sql:
            con.execute(extra_sql)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "data"
    monkeypatch.setenv("GIGAWATCH_HOME", str(home))
    monkeypatch.delenv("GIGAWATCH_KEEP_RELEASES", raising=False)
    (home / "raw").mkdir(parents=True)
    with duckdb.connect(str(home / "raw" / "raw.duckdb")) as con:
        con.execute(
            """create schema raw.raw;
            create table raw.raw.sources (source varchar, resource varchar, domain varchar, title varchar,
              publisher varchar, landing_page varchar, url varchar, licence varchar,
              licence_url varchar, is_redistributable boolean,
              attribution varchar, cadence varchar, freshness_sla_days integer);
            insert into raw.raw.sources values
              ('epoch', 'timelines', 'construction', 'Timelines', 'Epoch AI', 'https://epoch.ai', 'https://epoch.ai/x.csv',
               'CC BY 4.0', 'https://creativecommons.org/licenses/by/4.0/', true, 'Epoch AI', 'weekly', 14);
            create table raw.raw.fetches (source varchar, resource varchar, domain varchar, attempted_at timestamp,
              outcome varchar, sha256 varchar, known_from timestamp, vintage_kind varchar);
            insert into raw.raw.fetches values
              ('epoch', 'timelines', 'construction', '2026-09-25', 'fetched', 'aa', '2026-09-24', 'bundled');
            create table raw.raw.loads (load_id bigint, source varchar, resource varchar, sha256 varchar,
              retrieved_at timestamp, rows_in bigint);
            insert into raw.raw.loads values (7, 'epoch', 'timelines', 'aa', '2026-09-25', 2);
            create table raw.raw.epoch__timelines ("Data center" varchar, _known_from timestamp);
            insert into raw.raw.epoch__timelines values ('Abilene', '2026-09-24 06:00:00'), ('Memphis', '2025-11-12');
            """
        )
    reports = home / "reports" / "validation"
    reports.mkdir(parents=True)
    result = {
        "stage": "marts",
        "table_name": "marts.campuses",
        "check_number": 0,
        "expectation": "ExpectTableRowCountToBeBetween",
        "column_name": None,
        "arguments_json": "{}",
        "severity": "fail",
        "reason": "there are campuses",
        "is_successful": True,
        "unexpected_count": 0,
        "observed_value": "2",
    }
    ledger = result | {"stage": "raw", "table_name": "raw.fetches"}
    for name, document in {
        "marts": {"domain": None, "results": [result]},
        "raw_pricing": {"domain": "pricing", "results": [ledger]},
        "raw_shipments": {"domain": "shipments", "results": [ledger]},
    }.items():
        (reports / f"{name}.json").write_text(json.dumps(document | {"is_successful": True, "n_failed": 0}))
    suites = tmp_path / "suites" / "published"
    suites.mkdir(parents=True)
    (suites / "campuses.yml").write_text(
        """
        table: marts.campuses
        expectations:
          - expect: ExpectColumnValuesToBeBetween
            kwargs: {column: it_capacity_mw, min_value: 0, max_value: 5000}
            severity: fail
            reason: no campus on earth draws more than 5 GW
        """
    )
    monkeypatch.setattr(expectations.validate, "SUITES", tmp_path / "suites")
    macros = tmp_path / "macros"
    macros.mkdir()
    (macros / "capacity.sql").write_text(
        "create or replace macro capacity_interval(campus := 'abilene') as table\n"
        "  select quantile_cont(t.it_capacity_mw, 0.5) as it_capacity_mw_p50 from draws.campuses as t\n"
        "  where t.campus_id = campus;"
    )
    monkeypatch.setattr(serve.publish, "MACROS", macros)
    _write_build(home / "warehouse" / "build.duckdb")
    return home


@pytest.fixture
def build_file() -> Callable[..., None]:
    """Write a build file: build_file(path, campuses=(id, name, MW, version), extra_sql='')."""
    return _write_build


@pytest.fixture
def plan_for(home: Path) -> Callable[..., dict[str, Any]]:
    def plan(number: int, as_of: str = "2026-10-02", is_as_of_build: bool = False) -> dict[str, Any]:
        fingerprint = f"{number:064d}"
        return {
            "as_of": as_of,
            "is_as_of_build": is_as_of_build,
            "fingerprint": fingerprint,
            "skip": False,
            "reason": "test",
            "release_id": f"{as_of}-r{number:09d}",
            "home": str(home / "asof" / as_of if is_as_of_build else home),
        }

    return plan


@pytest.fixture
def without_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without great-expectations, for tests about files and renames (a check costs a second each time)."""
    monkeypatch.setattr(serve.publish, "validate", lambda *_, **__: {"domain": None, "results": []})
