"""Planning a build and running dbt on a layer, on a raw file and a dbt project of two models."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

import settings as settings_module
from serve.build import BuildFailed, dbt_build, plan_build
from serve.publish import publish


def change_raw(home: Path, sql: str) -> None:
    with duckdb.connect(str(home / "raw" / "raw.duckdb")) as con:
        con.execute(sql)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two dbt models, the later of which reads the earlier and the as_of."""
    repo = tmp_path / "repo"
    files = {
        "dbt/dbt_project.yml": "name: little\nprofile: little\nmodels: {+materialized: table}\n",
        "dbt/profiles.yml": (
            "little:\n  target: local\n  outputs:\n    local:\n      type: duckdb\n      threads: 1\n"
            "      path: \"{{ env_var('GIGAWATCH_WAREHOUSE_DB') }}\"\n"
            "      attach: [{path: \"{{ env_var('GIGAWATCH_RAW_DB') }}\", alias: rawdb, read_only: true}]\n"
        ),
        "dbt/models/staging/sites.sql": 'select "Data center" as site from rawdb.raw.epoch__timelines',
        "dbt/models/marts/site_count.sql": (
            "select count(*) as n_sites, '{{ var('as_of') }}'::date as as_of_date from {{ ref('sites') }}"
        ),
        "dbt/models/marts/marts.yml": (
            "models:\n  - name: site_count\n    columns: [{name: n_sites, data_tests: [not_null]}]\n"
        ),
        "models/engine.py": "FACTOR = 1\n",
    }
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    monkeypatch.setattr(settings_module, "REPO", repo)
    return repo


def test_a_bundled_build_is_as_of_the_newest_knowledge(home, repo):
    plan = plan_build(None, "2026-11-23T07:00:00+00:00")
    assert plan["as_of"] == "2026-09-24"
    assert plan["release_id"] == f"2026-09-24-{plan['fingerprint'][:10]}"
    assert (plan["is_as_of_build"], plan["skip"], plan["home"]) == (False, False, str(home))


def test_a_live_build_is_as_of_the_day_it_was_due(home, repo):
    change_raw(home, "update raw.raw.fetches set vintage_kind = 'live'")
    assert plan_build(None, "2026-11-23T23:30:00-05:00")["as_of"] == "2026-11-24"
    assert plan_build(None, "2026-11-23T07:00:00")["as_of"] == "2026-11-23"


def test_an_explicit_as_of_has_its_own_home_and_is_never_skipped(home, repo):
    plan = plan_build("2026-01-03", None)
    assert plan["home"] == str(home / "asof" / "2026-01-03")
    assert (plan["is_as_of_build"], plan["skip"]) == (True, False)
    with pytest.raises(ValueError, match="isoformat"):
        plan_build("3 January", None)


def test_an_empty_raw_store_is_said_in_words(home, repo):
    change_raw(home, "delete from raw.raw.epoch__timelines")
    with pytest.raises(BuildFailed, match="raw tables hold no row"):
        plan_build(None, None)
    (home / "raw" / "raw.duckdb").unlink()
    with pytest.raises(BuildFailed, match="run the ingest DAGs first"):
        plan_build(None, None)


def test_raw_data_that_failed_its_checks_is_not_built_from(home, repo):
    report = {"stage": "raw", "domain": "pricing", "is_successful": False, "n_failed": 2, "results": []}
    (home / "reports" / "validation").mkdir(parents=True, exist_ok=True)
    (home / "reports" / "validation" / "raw_pricing.json").write_text(json.dumps(report))
    with pytest.raises(BuildFailed, match="raw data of pricing failed 2 expectation"):
        plan_build(None, None)


@pytest.mark.parametrize(
    "change",
    [
        "insert into raw.raw.fetches values ('epoch', 'timelines', '', '2026-10-01', 'failed', null, null, 'bundled')",
        "update raw.raw.loads set rows_in = 3",
        "update raw.raw.sources set freshness_sla_days = 15",
        "models/engine.py",
        "dbt/models/marts/site_count.sql",
    ],
)
def test_the_fingerprint_moves_with_data_and_code(home, repo, change):
    before = plan_build(None, None)["fingerprint"]
    if change.startswith(("insert", "update")):
        change_raw(home, change)
    else:
        (repo / change).write_text((repo / change).read_text() + "\n")
    assert plan_build(None, None)["fingerprint"] != before


def test_the_fingerprint_does_not_move_with_load_order_or_caches(home, repo):
    before = plan_build(None, None)["fingerprint"]
    change_raw(home, "update raw.raw.loads set load_id = 99")
    (repo / "models" / "__pycache__").mkdir()
    (repo / "models" / "__pycache__" / "engine.pyc").write_bytes(b"x")
    (repo / "dbt" / "target").mkdir()
    (repo / "dbt" / "target" / "manifest.json").write_text("{}")
    assert plan_build(None, None)["fingerprint"] == before


def test_nothing_new_is_skipped(home, repo, without_checks):
    publish(plan_build(None, None))
    plan = plan_build(None, None)
    assert plan["skip"] and plan["release_id"] in plan["reason"]
    assert not plan_build(plan["as_of"], None)["skip"]
    (home / "serving" / "gigawatch.duckdb").unlink()
    assert not plan_build(None, None)["skip"]


def test_layers_are_built_from_an_empty_file(home, repo):
    plan = plan_build(None, None)
    build = home / "warehouse" / "build.duckdb"  # the fixture's file: must be gone after the staging layer
    assert dbt_build("staging", plan)["nodes"] == {"success": 1}
    assert dbt_build("marts", plan)["nodes"] == {"success": 1, "pass": 1}
    with duckdb.connect(str(build), read_only=True) as con:
        assert con.execute("select n_sites, as_of_date::varchar from site_count").fetchall() == [(2, "2026-09-24")]
        assert con.execute("select count(*) from duckdb_tables() where schema_name = 'draws'").fetchone() == (0,)


def test_a_failing_node_is_named_with_its_message(home, repo):
    (repo / "dbt/models/staging/sites.sql").write_text("select nonsense from rawdb.raw.epoch__timelines")
    with pytest.raises(BuildFailed, match=r"(?s)layer staging.*model\.little\.sites.*nonsense") as failure:
        dbt_build("staging", plan_build(None, None))
    assert str(home / "reports" / "logs" / "dbt_staging.txt") in str(failure.value)


def test_a_project_that_does_not_parse_shows_what_dbt_said(home, repo):
    (repo / "dbt/models/staging/sites.sql").write_text("select * from {{ ref('missing') }}")
    with pytest.raises(BuildFailed, match=r"(?s)before the first model.*missing"):
        dbt_build("staging", plan_build(None, None))


def test_marts_need_the_staging_layer(home, repo):
    (home / "warehouse" / "build.duckdb").unlink()
    with pytest.raises(BuildFailed, match="build the staging layer first"):
        dbt_build("marts", plan_build(None, None))
