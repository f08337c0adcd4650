"""What must never be in the repository, and what must agree in it."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ingest import contracts

REPO = Path(__file__).resolve().parents[2]
MAX_BYTES = 3_000_000
BINARY = {".png", ".jpg", ".gif", ".ico", ".xlsx", ".parquet", ".duckdb", ".gz", ".zip"}
# Written in pieces, so that this file does not find itself.
INDEX_HOSTS = re.compile("python" + r"hosted\.|pypi" + r"\.org|/opt/" + r"(pypi|wheels)|registry" + r"\.npmjs")
MACHINE_PATHS = re.compile("/(work|root|home|Users)/" + "[A-Za-z0-9_.]|/tmp/" + "gw")
SECRETS = {
    "private key": re.compile("-----BEGIN " + r"[A-Z ]*PRIVATE KEY"),
    "cloud key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "token": re.compile(r"\b(ghp|gho|ghs|github_pat|xox[abp]|sk-ant|hf)[-_][A-Za-z0-9_-]{16,}"),
    "credentials in a URL": re.compile(r"[a-z]+://[^/\s:@{}$<>]+:[^/\s:@{}$<>]+@"),
}
# Paths inside containers and of the installation the reader has are not paths of this machine.
ALLOWED_PATHS = {"docker-compose.yml", "deploy"}


def repo_files() -> list[Path]:
    """Every file that is or would be committed."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPO, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return sorted({REPO / name for name in names if name and (REPO / name).is_file()})


def texts() -> Iterator[tuple[str, str]]:
    for path in repo_files():
        if path.suffix not in BINARY:
            yield str(path.relative_to(REPO)), path.read_text(encoding="utf-8", errors="replace")


def lines_with(pattern: re.Pattern[str], text: str) -> list[str]:
    return [f"{number}: {line[:160]}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


def test_the_listing_sees_the_repository() -> None:
    names = {str(path.relative_to(REPO)) for path in repo_files()}
    assert {"Makefile", "settings.py", "requirements.lock", "dags/build_warehouse.py"} <= names


def test_no_package_index_is_named() -> None:
    found = {name: hits for name, text in texts() if (hits := lines_with(INDEX_HOSTS, text))}
    assert found == {}


def test_no_path_of_one_machine() -> None:
    found = {
        name: hits for name, text in texts()
        if name.partition("/")[0] not in ALLOWED_PATHS and (hits := lines_with(MACHINE_PATHS, text))
    }  # fmt: skip
    assert found == {}


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret(kind: str) -> None:
    found = {name: hits for name, text in texts() if (hits := lines_with(SECRETS[kind], text))}
    assert found == {}


def test_no_large_file() -> None:
    assert [str(path.relative_to(REPO)) for path in repo_files() if path.stat().st_size > MAX_BYTES] == []


def test_dbt_folder_does_not_shadow_dbt() -> None:
    assert not (REPO / "dbt" / "__init__.py").exists()


def test_no_dag_file_that_dbt_takes_for_a_plugin() -> None:
    assert [path.name for path in (REPO / "dags").glob("dbt_*.py")] == []


def test_only_tests_read_shared_material() -> None:
    pattern = re.compile("shared/" + r"(facts|samples|methods)")
    found = {
        name: hits for name, text in texts()
        if name.endswith((".py", ".sql", ".yml", ".yaml")) and not name.startswith("tests/")
        and (hits := lines_with(pattern, text))
    }  # fmt: skip
    assert found == {}


# ------------------------------------------------------------------------------------------------------------ the lock


LOCKS = ["requirements.lock", "deploy/airflow/requirements.lock"]


def locked(lock: str) -> dict[str, dict[str, Any]]:
    """name -> version and number of hashes, of every pin in a lock file."""
    pins: dict[str, dict[str, Any]] = {}
    name = ""
    for line in (REPO / lock).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(\[[^]]*\])?==([^\s;]+)", line):
            name = canonicalize_name(match[1])
            pins[name] = {"version": match[3], "hashes": 0}
        pins.get(name, {"hashes": 0})["hashes"] += line.count("--hash=sha256:")
    return pins


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_hashed(lock: str) -> None:
    pins = locked(lock)
    assert len(pins) > 100
    assert [name for name, pin in pins.items() if pin["hashes"] == 0] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_has_pins_only(lock: str) -> None:
    lines = (REPO / lock).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("-")] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_is_in_step_with_pyproject(lock: str) -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = locked(lock)
    extra = project["optional-dependencies"]["cluster"] if lock.startswith("deploy") else []
    for line in project["dependencies"] + extra:
        wanted = Requirement(line)
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin, f"{wanted.name} is in pyproject.toml but not in {lock}: compile it again"
        assert wanted.specifier.contains(pin["version"], prereleases=True), f"{line}: {lock} has {pin['version']}"


def test_containers_run_the_versions_of_the_desk() -> None:
    desk, containers = (locked(lock) for lock in LOCKS)
    assert {name: pin["version"] for name, pin in desk.items()}.items() <= {
        name: pin["version"] for name, pin in containers.items()
    }.items()


# ----------------------------------------------------------------------------------------------------- the compose file

ENVIRONMENT_ONLY = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET|CONN\b|BROKER|BACKEND")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((REPO / "docker-compose.yml").read_text(encoding="utf-8"))
    return document


def test_compose_has_the_services(compose: dict[str, Any]) -> None:
    airflow = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
    assert airflow | {"postgres", "redis", "superset"} <= set(compose["services"])


def test_compose_pins_its_images(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        image = service["image"]
        assert re.search(r":[0-9][\w.-]*$", image), f"{name}: {image} has no fixed tag"
    for dockerfile in (REPO / "deploy").rglob("Dockerfile"):
        assert re.search(r"^FROM \S+:\S*[0-9]+\.[0-9]+\.[0-9]+", dockerfile.read_text(), re.MULTILINE), dockerfile


def test_compose_checks_health_and_waits_for_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        if service.get("restart") == "no":
            continue  # one-time jobs end
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        for other, how in (service.get("depends_on") or {}).items():
            ends = services[other]["restart"] == "no"
            assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy"), (name, other)


def test_compose_has_no_secret_of_its_own(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in (service.get("environment") or {}).items():
            if SECRET_NAME.search(key):
                assert ENVIRONMENT_ONLY.search(str(value)), f"{name}.{key}: from the environment, without a default"
                assert ":-" not in str(value), f"{name}.{key}"


def test_compose_names_no_user_root(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert not str(service.get("user", "")).startswith(("0:", "root")), name
        if "airflow" in service["image"] or name == "superset":
            assert service.get("user"), f"{name}: say which user it runs as"


def test_compose_superset_only_reads_the_serving_folder(compose: dict[str, Any]) -> None:
    mounts = [mount for mount in compose["services"]["superset"]["volumes"] if "serving" in str(mount)]
    assert len(mounts) == 1
    # The directory, not the file: a mounted file would stay the old one after the rename of a publish.
    assert mounts[0].endswith("/serving:/serving:ro")


def test_compose_makes_the_pool(compose: dict[str, Any]) -> None:
    assert "pools set warehouse_writer 1" in str(compose["services"]["init"]["command"])


def test_compose_asks_for_nothing_that_env_example_lacks() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (REPO / "docker-compose.yml").read_text(encoding="utf-8")))
    offered = re.findall(r"^([A-Z_]+)=(.*)$", (REPO / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert asked <= {name for name, _ in offered}
    assert [name for name, value in offered if value and SECRET_NAME.search(name)] == [], "an example holds no secret"


# ------------------------------------------------------------------------------------------------------------ the verbs


def test_make_help_lists_every_verb() -> None:
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    explained = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert sorted(explained) == sorted(phony[1].split())
    verbs = {"run", "test", "up", "live", "replay", "backfill", "new-source", "sql", "help", "rollback", "asof", "docs"}
    assert verbs | {"lint", "bench"} <= set(explained)


def test_ci_runs_make_test() -> None:
    script = REPO / ".ci" / "run"
    assert script.read_text().rstrip().endswith("make test")
    assert script.stat().st_mode & 0o111


def test_no_debris_in_code() -> None:
    """No unfinished mark, no bare except, no error swallowed in silence."""
    drafts = {"ingest/new_source.py", "tests/unit/ingest/test_new_source.py", "docs/add-a-source.md"}
    for path in repo_files():
        if path.suffix not in (".py", ".sql", ".yml", ".md") and not path.name.endswith(".meta.json"):
            continue
        source = path.read_text(encoding="utf-8")
        where = path.relative_to(REPO)
        is_finished = not re.search(r"\b(TODO|FIX" + "ME|XXX)\\b", source)
        assert is_finished or path == Path(__file__) or where.as_posix() in drafts, f"{where} waits for somebody"
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{where}:{node.lineno} catches everything"
                silent = all(isinstance(part, ast.Pass) for part in node.body)
                assert not silent, f"{where}:{node.lineno} swallows an error"


def test_every_source_is_on_the_page_of_sources() -> None:
    page = (REPO / "docs" / "sources.md").read_text(encoding="utf-8")
    for source in contracts.load_all():
        (line,) = re.findall(rf"^\| `{source.source}` \|.*$", page, re.MULTILINE) or [""]
        if source.source == contracts.EVIDENCE:
            continue
        assert line, f"docs/sources.md lacks {source.source}"
        assert ("not exported" in line) == (not source.licence.redistributable), line
        assert (re.search(r"\| key,", line) is not None) == (source.api_key is not None), line
        assert source.robots in line, line
