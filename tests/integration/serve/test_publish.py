"""Publishing: what a release holds, and that readers keep the last good one whatever goes wrong."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

import serve.publish
from expectations.validate import ValidationFailed
from serve.publish import PublishFailed, current_release, publish, rollback

CAMPUSES = [("abilene", "Abilene", 1200.0, "v1"), ("new_carlisle", "New Carlisle", 910.0, "v1")]
REPO = Path(__file__).resolve().parents[3]


def query(home: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(home / "serving" / "gigawatch.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def leftovers(home: Path) -> list[Path]:
    return sorted((home / "serving").rglob(".*"))


def test_a_release_holds_marts_draws_checks_and_macros(home, plan_for):
    manifest = publish(plan_for(1))
    assert query(home, "from marts.campuses") == sorted(CAMPUSES)
    assert query(home, "select it_capacity_mw_p50 from capacity_interval()") == [(1224.5,)]
    assert query(home, "select stage, table_name from marts.validation_results order by all") == [
        ("marts", "marts.campuses"),
        ("published", "marts.campuses"),
        ("raw", "raw.fetches (pricing)"),
        ("raw", "raw.fetches (shipments)"),
    ]
    assert query(home, "select release_id, is_current from pit.releases") == [(manifest["release_id"], True)]
    assert leftovers(home) == []


def test_comments_survive(home, plan_for, without_checks):
    publish(plan_for(1))
    assert query(
        home, "select comment from duckdb_tables() where schema_name = 'marts' and table_name = 'campuses'"
    ) == [("One row per campus; it's a stock.",)]
    assert query(
        home, "select comment from duckdb_columns() where column_name = 'it_capacity_mw' and schema_name = 'marts'"
    ) == [("IT power, MW. NULL = unknown. Not additive over time.",)]
    assert query(
        home,
        """select count(*) from duckdb_columns() where comment is null
                          and (schema_name, table_name) in (('marts', 'validation_results'), ('pit', 'releases'))""",
    ) == [(0,)]


def test_the_manifest_describes_the_files(home, plan_for, without_checks):
    manifest = publish(plan_for(1))
    folder = home / "serving" / "releases" / manifest["release_id"]
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    entries = {(entry["schema"], entry["table"]): entry for entry in manifest["tables"]}
    assert set(entries) == {
        ("marts", "campuses"),
        ("marts", "rental_prices"),
        ("marts", "validation_results"),
        ("draws", "campuses"),
    }
    for entry in manifest["tables"]:
        content = (folder / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert entries["draws", "campuses"]["rows"] == 50
    assert (
        manifest["database"]["sha256"]
        == hashlib.sha256((home / "serving" / "gigawatch.duckdb").read_bytes()).hexdigest()
    )
    assert manifest["methodology_versions"] == {"marts.campuses": ["v1"]}
    assert manifest["sources"][0]["licence"] == "CC BY 4.0"


def test_restricted_rows_are_served_and_archived_but_not_exported(home, plan_for, without_checks):
    manifest = publish(plan_for(1))
    exported = home / "serving" / "releases" / manifest["release_id"] / "rental_prices.parquet"
    archived = home / "archive" / "releases" / manifest["release_id"] / "rental_prices.parquet"
    providers = "select provider from '{}' order by 1"
    assert duckdb.sql(providers.format(exported)).fetchall() == [("open",), ("unstated",)]
    assert duckdb.sql(providers.format(archived)).fetchall() == [("closed",), ("open",), ("unstated",)]
    assert query(home, "select count(*) from marts.rental_prices") == [(3,)]
    entry = next(entry for entry in manifest["tables"] if entry["table"] == "rental_prices")
    assert (entry["rows"], entry["rows_withheld"]) == (2, 1)


@pytest.mark.parametrize(
    "kind", ["hugeint", "ubigint", "decimal(38, 2)", "integer[]", "uuid", "interval", "timestamptz", "float"]
)
def test_a_type_that_bi_drivers_misread_is_refused_by_name(home, plan_for, without_checks, build_file, kind):
    publish(plan_for(1))
    build_file(home / "warehouse" / "build.duckdb", extra_sql=f"create table marts.leak (total_units {kind})")
    with pytest.raises(PublishFailed, match=r"marts\.leak\.total_units is"):
        publish(plan_for(2))
    assert current_release()["release_id"] == plan_for(1)["release_id"]
    assert leftovers(home) == []


def test_a_failing_check_leaves_the_last_release_in_place(home, plan_for, build_file):
    publish(plan_for(1))
    before = (home / "serving" / "gigawatch.duckdb").read_bytes()
    build_file(home / "warehouse" / "build.duckdb", [("new_carlisle", "New Carlisle", 91_000.0, "v1")])
    with pytest.raises(ValidationFailed, match=r"marts\.campuses.*it_capacity_mw.*91000.*"):
        publish(plan_for(2))
    assert (home / "serving" / "gigawatch.duckdb").read_bytes() == before
    assert [path.name for path in (home / "serving" / "releases").iterdir()] == [plan_for(1)["release_id"]]
    assert leftovers(home) == []
    build_file(home / "warehouse" / "build.duckdb", CAMPUSES[:1])
    publish(plan_for(3))
    assert query(home, "select count(*) from marts.campuses") == [(1,)]


def test_a_macro_that_does_not_bind_stops_the_release(home, plan_for, without_checks):
    (serve.publish.MACROS / "broken.sql").write_text(
        "create macro broken() as table select nothing from marts.campuses"
    )
    with pytest.raises(PublishFailed, match=r"broken\.sql.*nothing"):
        publish(plan_for(1))
    assert current_release() is None


def test_an_empty_build_is_refused(home, plan_for):
    (home / "warehouse" / "build.duckdb").unlink()
    with pytest.raises(PublishFailed, match="have not been built"):
        publish(plan_for(1))


@pytest.mark.parametrize("step", ["_swap", "_archive", "_put_folder"])
def test_a_process_killed_before_the_rename_leaves_the_last_release(home, plan_for, without_checks, step):
    publish(plan_for(1))
    script = (
        "import os, sys, json, pathlib, serve.publish as p\n"
        "plan, macros = json.loads(sys.argv[1])\n"
        "p.MACROS = pathlib.Path(macros)\n"
        "p.validate = lambda *_, **__: {'domain': None, 'results': []}\n"
        f"p.{step} = lambda *_: os._exit(9)\n"
        "p.publish(plan)\n"
    )
    arguments = json.dumps([plan_for(2), str(serve.publish.MACROS)])
    killed = subprocess.run(
        [sys.executable, "-c", script, arguments], check=False, cwd=REPO, capture_output=True, text=True
    )
    assert killed.returncode == 9, killed.stderr
    assert leftovers(home) != []
    assert current_release()["release_id"] == plan_for(1)["release_id"]
    publish(plan_for(3))
    assert current_release()["release_id"] == plan_for(3)["release_id"]
    assert leftovers(home) == []


def test_rollback_goes_one_back_and_by_name(home, plan_for, without_checks, build_file):
    for number in (1, 2, 3):
        build_file(home / "warehouse" / "build.duckdb", [("abilene", "Abilene", float(number), "v1")])
        publish(plan_for(number))
    assert rollback()["release_id"] == plan_for(2)["release_id"]
    assert query(home, "select it_capacity_mw from marts.campuses") == [(2.0,)]
    rollback()
    assert query(home, "select it_capacity_mw from marts.campuses") == [(1.0,)]
    with pytest.raises(PublishFailed, match="no release before"):
        rollback()
    rollback(plan_for(3)["release_id"])
    assert query(home, "select it_capacity_mw from marts.campuses") == [(3.0,)]
    with pytest.raises(PublishFailed, match=r"no release 'nonsense'.*Kept releases, newest first"):
        rollback("nonsense")
    assert leftovers(home) == []


def test_rollback_refuses_a_file_that_was_changed(home, plan_for, without_checks):
    for number in (1, 2):
        publish(plan_for(number))
    with (home / "serving" / "releases" / plan_for(1)["release_id"] / "gigawatch.duckdb").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(PublishFailed, match="sha256 differs"):
        rollback()
    assert current_release()["release_id"] == plan_for(2)["release_id"]


def test_old_releases_are_pruned_but_stay_in_the_archive(home, plan_for, without_checks, monkeypatch):
    monkeypatch.setenv("GIGAWATCH_KEEP_RELEASES", "2")
    for number in (1, 2, 3, 4):
        publish(plan_for(number))
    kept = sorted(path.name for path in (home / "serving" / "releases").iterdir())
    assert kept == [plan_for(3)["release_id"], plan_for(4)["release_id"]]
    archived = sorted(path.name for path in (home / "archive" / "releases").iterdir())
    assert archived == [plan_for(number)["release_id"] for number in (1, 2, 3, 4)]
    assert query(home, "select count(*), count(*) filter (where is_current) from pit.releases") == [(4, 1)]


def test_the_same_release_twice_is_equal_and_archived_once(home, plan_for, without_checks, caplog):
    first = publish(plan_for(1))
    archived = home / "archive" / "releases" / first["release_id"] / "manifest.json"
    written = archived.stat().st_mtime_ns
    second = publish(plan_for(1))
    assert [e["sha256"] for e in first["tables"]] == [e["sha256"] for e in second["tables"]]
    assert archived.stat().st_mtime_ns == written
    assert caplog.messages == []
    assert query(home, "select published_at from pit.releases") == [(datetime.fromisoformat(first["published_at"]),)]


def test_equal_inputs_with_other_figures_are_pointed_out(home, plan_for, build_file, without_checks, caplog):
    publish(plan_for(1))
    build_file(home / "warehouse" / "build.duckdb", CAMPUSES[:1])
    publish(plan_for(1))
    assert "with other figures in campuses" in caplog.text


def test_an_as_of_build_stays_in_its_own_home(home, plan_for, without_checks, build_file):
    publish(plan_for(1))
    served = (home / "serving" / "gigawatch.duckdb").stat().st_mtime_ns
    plan = plan_for(2, as_of="2026-01-03", is_as_of_build=True)
    own = Path(plan["home"])
    build_file(own / "warehouse" / "build.duckdb", CAMPUSES[:1])
    publish(plan)
    assert (own / "serving" / "gigawatch.duckdb").exists()
    assert (home / "serving" / "gigawatch.duckdb").stat().st_mtime_ns == served
    assert [path.name for path in (home / "archive" / "releases").iterdir()] == [plan_for(1)["release_id"]]
    assert [path.name for path in (home / "serving" / "releases").iterdir()] == [plan_for(1)["release_id"]]


def test_polling_readers_never_fail_during_publishes(home, plan_for, without_checks, build_file):
    """Four reader processes open, read and close while 20 releases are published; every read sees one whole release."""
    publish(plan_for(0))
    reader = (
        "import sys, time, duckdb\n"
        "reads = 0\n"
        "print('ready', flush=True)\n"
        "while not __import__('os').path.exists(sys.argv[2]):\n"
        "    with duckdb.connect(sys.argv[1], read_only=True) as con:\n"
        "        release, = con.execute('select release_id from pit.releases where is_current').fetchone()\n"
        "        values = con.execute('select distinct it_capacity_mw from marts.campuses').fetchall()\n"
        "        number = float(int(release[-9:]))\n"
        "        assert number == 0 or values == [(number,)], (release, values)\n"
        "    reads += 1\n"
        "    time.sleep(0.01)\n"
        "print(reads)\n"
    )
    stop = home / "stop"
    arguments = [sys.executable, "-c", reader, str(home / "serving" / "gigawatch.duckdb"), str(stop)]
    readers = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        for process in readers:
            assert process.stdout.readline() == "ready\n"
        for number in range(1, 21):
            build_file(
                home / "warehouse" / "build.duckdb", [("a", "A", float(number), "v1"), ("b", "B", float(number), "v1")]
            )
            publish(plan_for(number))
    finally:
        stop.touch()
    for process in readers:
        out, error = process.communicate(timeout=30)
        assert process.returncode == 0, error
        assert int(out) > 0
    assert current_release()["release_id"] == plan_for(20)["release_id"]


def test_an_open_connection_keeps_the_release_it_opened(home, plan_for, without_checks):
    publish(plan_for(1))
    held = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, duckdb\n"
            "con = duckdb.connect(sys.argv[1], read_only=True)\n"
            "q = 'select release_id from pit.releases where is_current'\n"
            "print(con.execute(q).fetchone()[0], flush=True)\n"
            "sys.stdin.readline()\n"
            "print(con.execute(q).fetchone()[0], flush=True)\n",
            str(home / "serving" / "gigawatch.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert held.stdout.readline().strip() == plan_for(1)["release_id"]
    publish(plan_for(2))
    out, _ = held.communicate("go\n", timeout=30)
    assert out.strip() == plan_for(1)["release_id"]
    assert current_release()["release_id"] == plan_for(2)["release_id"]


def test_the_command_line_rolls_back(home, plan_for, without_checks, capsys):
    for number in (1, 2):
        publish(plan_for(number))
    assert serve.publish.main(["rollback"]) == 0
    assert plan_for(1)["release_id"] in capsys.readouterr().out
    assert serve.publish.main(["rollback", "nonsense"]) == 1
    assert "Kept releases" in capsys.readouterr().err


def test_the_file_opens_in_duckdb_1_4_4(home, plan_for, without_checks, request):
    """BI tools carry older drivers: the served file, its comments and macros must work in 1.4.4 too."""
    publish(plan_for(1))
    environment = Path(request.config.cache.mkdir("duckdb_1_4_4"))
    python = environment / "bin" / "python"
    if not (environment / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        installed = subprocess.run(
            [
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "--retries",
                "1",
                "--timeout",
                "15",
                "duckdb==1.4.4",
            ],
            capture_output=True,
            text=True,
        )
        if installed.returncode != 0:
            pytest.skip(
                f"duckdb 1.4.4 could not be installed from the package index: {installed.stderr.strip()[-300:]}"
            )
        (environment / "ready").touch()
    script = (
        "import duckdb, sys\n"
        "con = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(duckdb.__version__, con.execute('select count(*) from marts.campuses').fetchone()[0],\n"
        "      con.execute('select it_capacity_mw_p50 from capacity_interval()').fetchone()[0],\n"
        "      con.execute('select count(*) from duckdb_columns() where comment is not null')"
        ".fetchone()[0] > 0)\n"
    )
    opened = subprocess.run(
        [str(python), "-c", script, str(home / "serving" / "gigawatch.duckdb")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert opened.stdout.split() == ["1.4.4", "2", "1224.5", "True"], opened.stderr
