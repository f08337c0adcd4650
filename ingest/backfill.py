"""Archive dated copies of a resource: what a source said on past days, known from those days.

    python -m ingest.backfill epoch_data_centers data_center_timelines --folder ~/epoch --partial 2026-02-14
    python -m ingest.backfill skypilot_catalog aws_vms --repo skypilot-org/skypilot-catalog \
        --path catalogs/v8/aws/vms.csv --since 2026-01-01

A folder holds one file per date, the date in the name of the file or of a folder above it. A repository is walked by
the commits of one path (GitHub's API; GIGAWATCH_KEY_GITHUB raises its limits), the last commit of each day (UTC).
What is archived already is left alone, so a broken-off backfill is simply started again. The next load brings it in.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ingest import IngestError, contracts, http
from ingest.archive import Archive, Fetch
from ingest.contracts import SOURCES, Resource, Source, VintageKind
from settings import Settings, settings

CHUNK = 1 << 20
PER_PAGE = 100
MAX_PAGES = 1000
SECONDS_BETWEEN_REQUESTS = 0.2


class BackfillError(IngestError):
    """Nothing can be back-filled from what was given."""


@dataclass(frozen=True)
class Copy:
    """One dated copy: when it became known and how we know that, where it is, and how to get its bytes in chunks."""

    known_from: datetime
    basis: str
    url: str
    chunks: Callable[[], Iterable[bytes]]


def copies_in_folder(folder: Path, name: str) -> list[Copy]:
    """The files below `folder` whose name fits the glob `name`, each dated by its path; oldest first.

    Raises BackfillError when there is none, when one has no date in its path, or when two have the same.
    """
    found: dict[date, Path] = {}
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder).as_posix()
        if not path.is_file() or not fnmatch.fnmatch(path.name, name):
            continue
        dates = re.findall(r"\d{4}-\d{2}-\d{2}", below)
        if not dates:
            raise BackfillError(f"{path}: no date such as 2026-01-03 in its name or in a folder above it")
        try:
            day = date.fromisoformat(dates[-1])
        except ValueError:
            raise BackfillError(f"{path}: {dates[-1]} is not a date") from None
        if day in found:
            raise BackfillError(f"{path} and {found[day]} are both of {day}; keep one of them, or narrow --file")
        found[day] = path
    if not found:
        raise BackfillError(f"{folder}: no file {name!r} in it; name it with --file")
    return [
        Copy(datetime.combine(day, time(), UTC), "date of the copy", path.as_posix(), partial(_read, path))
        for day, path in sorted(found.items())
    ]


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def copies_in_repository(
    repository: str, path: str, since: date | None, until: date | None, now: Settings
) -> list[Copy]:
    """The last commit of each day that touched `path` in a GitHub repository (owner/name); oldest first.

    Raises FetchError, and BackfillError when the answer is not a list of commits or there is none.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise BackfillError(f"{repository!r} is not a repository such as skypilot-org/skypilot-catalog")
    api = now.base_url("github_api", "https://api.github.com")
    raw = now.base_url("github_raw", "https://raw.githubusercontent.com")
    query = {"path": path, "per_page": str(PER_PAGE)}
    if since:
        query["since"] = f"{since}T00:00:00Z"
    if until:
        query["until"] = f"{until}T23:59:59Z"
    key = now.api_key("github")
    headers = {"Accept": "application/vnd.github+json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    last_of_day: dict[date, tuple[datetime, str]] = {}
    for page in range(1, MAX_PAGES + 1):
        body = _ask(f"{api}/repos/{repository}/commits", now, query | {"page": str(page)}, headers)
        try:
            commits = [
                (datetime.fromisoformat(commit["commit"]["committer"]["date"]).astimezone(UTC), str(commit["sha"]))
                for commit in json.loads(body)
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise BackfillError(f"{repository}: the answer is not a list of commits ({error!r})") from error
        for moment, sha in commits:
            last_of_day[moment.date()] = max(last_of_day.get(moment.date(), (moment, sha)), (moment, sha))
        if len(commits) < PER_PAGE:
            break
    if not last_of_day:
        raise BackfillError(f"{repository}: no commit touches {path} in that time")
    copies = []
    for moment, sha in sorted(last_of_day.values()):
        url = f"{raw}/{repository}/{sha}/{path}"
        copies.append(Copy(moment, "commit date", url, partial(_one_chunk, url, now)))
    return copies


def _one_chunk(url: str, now: Settings) -> list[bytes]:
    return [_ask(url, now, {}, {})]


def _ask(url: str, now: Settings, params: dict[str, str], headers: dict[str, str]) -> bytes:
    answer = http.ask(
        url,
        b"".join,
        user_agent=now.user_agent,
        params=params,
        headers=headers,
        before_each=lambda target: http.wait_turn(now.turns_dir, target, SECONDS_BETWEEN_REQUESTS),
    )
    assert answer.saved is not None  # nothing conditional was asked
    return answer.saved


def backfill(
    source: Source,
    resource: Resource,
    copies: Iterable[Copy],
    kind: VintageKind,
    incomplete: Iterable[date] = (),
    part: str = "",
) -> Iterator[tuple[Copy, bool]]:
    """Archive the copies with their dates; yields each with whether it was new.

    `incomplete` are the dates of copies that hold only part of what the source then showed: what they lack has not
    vanished. Raises BackfillError for a date in the future or of no copy, and what reading a copy raises.
    """
    archive = Archive(settings().archive_dir)
    known = {(f.part, f.known_from, f.url) for f in archive.fetches(source.source, resource.resource)}
    copies, incomplete = list(copies), set(incomplete)
    if part not in (resource.parts or {"": {}}):
        raise BackfillError(f"part {part!r} is not among the parts of {source.source}.{resource.resource}")
    if missing := incomplete - {copy.known_from.date() for copy in copies}:
        raise BackfillError(f"--partial names days of which there is no copy: {', '.join(map(str, sorted(missing)))}")
    if future := [copy for copy in copies if copy.known_from > datetime.now(UTC)]:
        raise BackfillError(f"{future[0].url} is dated {future[0].known_from:%Y-%m-%d}, which is still to come")
    for copy in copies:
        if (part, copy.known_from, copy.url) in known:
            yield copy, False
            continue
        sha256, size = archive.put(
            source.source, resource.resource, copy.chunks(), is_packed=resource.at_rest == "gzip"
        )
        archive.record(
            Fetch(
                source=source.source,
                resource=resource.resource,
                part=part,
                url=copy.url,
                attempted_at=datetime.now(UTC),
                outcome="fetched",
                sha256=sha256,
                bytes=size,
                known_from=copy.known_from,
                known_from_basis=copy.basis,
                vintage_kind=kind,
                vintage_scope="partial" if copy.known_from.date() in incomplete else "full",
            )
        )
        yield copy, True


def main(argv: list[str] | None = None, sources: Path = SOURCES) -> int:
    """Read the command line, archive, show progress; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ingest.backfill", description="Archive dated copies of a feed.")
    parser.add_argument("source")
    parser.add_argument("resource")
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--folder", type=Path, help="folder of dated files")
    origin.add_argument("--repo", help="GitHub repository, owner/name")
    parser.add_argument("--file", help="in a folder: glob of the file name (default: that of the live path)")
    parser.add_argument("--path", help="in a repository: path of the file")
    parser.add_argument("--since", type=date.fromisoformat, help="in a repository: first day")
    parser.add_argument("--until", type=date.fromisoformat, help="in a repository: last day")
    parser.add_argument("--part", default="", help="which part of the resource these are")
    parser.add_argument("--partial", type=date.fromisoformat, action="append", default=[], metavar="YYYY-MM-DD",
                        help="this copy holds only part of what the source showed (may be repeated)")
    parser.add_argument("--kind", choices=("git_backfill", "reconstructed"), default="git_backfill",
                        help="reconstructed: rebuilt from figures, not the publisher's own bytes")
    options = parser.parse_args(argv)
    try:
        source = contracts.load_source(options.source, sources)
        resource = next((r for r in source.resources if r.resource == options.resource), None)
        if resource is None:
            raise BackfillError(
                f"{options.source} has no resource {options.resource!r}; it has "
                + ", ".join(r.resource for r in source.resources)
            )
        copies = _copies(options, resource)
        archived = backfill(source, resource, copies, options.kind, options.partial, options.part)
        done = list(_shown(archived, len(copies)))
    except IngestError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{sum(done)} of {len(done)} copies archived, the others were there; the next refresh loads them")
    return 0


def _copies(options: argparse.Namespace, resource: Resource) -> list[Copy]:
    if options.folder:
        name = options.file or PurePosixPath(resource.path or resource.bundled or "").name
        return copies_in_folder(options.folder, name)
    if not options.path:
        raise BackfillError("--repo needs --path: which file of the repository?")
    return copies_in_repository(options.repo, options.path, options.since, options.until, settings())


def _shown(copies: Iterable[tuple[Any, bool]], total: int) -> Iterator[bool]:
    for number, (copy, is_new) in enumerate(copies, start=1):
        print(f"{number}/{total}  {copy.known_from:%Y-%m-%d}  {'archived' if is_new else 'was there'}", flush=True)
        yield is_new


if __name__ == "__main__":
    sys.exit(main())
