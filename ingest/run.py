"""What the ingest DAGs call: which sources a domain has, fetch one, load a domain.

Nothing heavy is imported at module level: DuckDB, Arrow and httpx come with the first fetch or load.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ingest import IngestError, contracts
from ingest.archive import Archive, Fetch
from ingest.contracts import DOMAINS, SOURCES, Resource, Source
from settings import Settings, settings

Mode = Literal["bundled", "live"]


class FetchFailed(IngestError):
    """Some resources of a source could not be fetched; the others were, and the last good bytes stay in use."""


class RawStoreBusy(IngestError):
    """Another process is writing the raw store."""


def sources_in(domain: str, sources: Path = SOURCES) -> list[str]:
    """Codes of the sources that have a resource in `domain`, evidence first. Raises IngestError."""
    return [source.source for source in contracts.load_all(sources) if source.in_domain(_domain(domain))]


def fetch_source(source: str, domain: str, mode: str = "bundled", sources: Path = SOURCES) -> dict[str, Any]:
    """Archive every resource of a source in a domain: its bundled bytes, and in mode 'live' what the network gives.

    Returns {source, domain, mode, records} with `records` = fetch records as archived (dicts). All resources are
    tried; then FetchFailed names those that failed. A failed attempt is recorded in the archive too.
    """
    if mode not in ("bundled", "live"):
        raise IngestError(f"mode is {mode!r}; it must be 'bundled' or 'live'")
    contract = contracts.load_source(source, sources)
    resources = contract.in_domain(_domain(domain))
    if not resources:
        raise IngestError(f"source {source!r} has no resource in domain {domain!r}; see sources_in({domain!r})")
    now = settings()
    archive = Archive(now.archive_dir)
    records = [fetch for resource in resources for fetch in _archive_bundled(archive, contract, resource)]
    if mode == "live":
        records += [_fetch_live(archive, contract, resource, now) for resource in resources if resource.path]
    if failed := [record for record in records if record.outcome == "failed"]:
        raise FetchFailed(
            f"{len(failed)} of {len(resources)} resources of {source} ({domain}) could not be fetched; "
            "the last good bytes stay in use:\n"
            + "\n".join(f"  {record.resource} from {record.url}: {record.error}" for record in failed)
        )
    return {
        "source": source,
        "domain": domain,
        "mode": mode,
        "records": [record.model_dump(mode="json") for record in records],
    }


def load_domain(domain: str, sources: Path = SOURCES) -> list[dict[str, Any]]:
    """Load into raw.duckdb what the archive holds for a domain and raw lacks; evidence first.

    Returns the load reports of `ingest.load.load_source`, JSON-ready. Raises RawStoreBusy when another process
    writes, LoadFailed when archived bytes are damaged or a contract is wrong (the rest is loaded before).
    """
    import duckdb

    from ingest import load

    now = settings()
    try:
        con = load.connect(now)
    except duckdb.Error as error:
        raise RawStoreBusy(
            f"{now.raw_db} cannot be opened for writing ({error}). If another load or a reader holds it, let that end "
            "(in Airflow: use the pool warehouse_writer). If it is damaged, delete it: the archive rebuilds it"
        ) from error
    with con:
        reports = load.load_domain(con, now, _domain(domain), sources)
    return [
        {key: value.isoformat() if isinstance(value, datetime) else value for key, value in report.items()}
        for report in reports
    ]


def _domain(domain: str) -> str:
    if domain not in DOMAINS:
        raise IngestError(f"domain is {domain!r}; it must be one of {', '.join(DOMAINS)}")
    return domain


def _archive_bundled(archive: Archive, source: Source, resource: Resource) -> list[Fetch]:
    records = []
    for bundled in contracts.bundled_files(source, resource):
        content = bundled.path.read_bytes()
        sha256, size = archive.put(source.source, resource.resource, [content])
        sidecar = bundled.sidecar
        records.append(
            archive.record(
                Fetch(
                    source=source.source,
                    resource=resource.resource,
                    url=sidecar.url,
                    attempted_at=sidecar.retrieved_at,
                    outcome="fetched",
                    sha256=sha256,
                    bytes=size,
                    known_from=sidecar.known_from,
                    known_from_basis=sidecar.known_from_basis,
                    vintage_kind=sidecar.vintage_kind,
                    vintage_scope=sidecar.vintage_scope,
                )
            )
        )
    return records


def _fetch_live(archive: Archive, source: Source, resource: Resource, now: Settings) -> Fetch:
    """Fetch one resource over HTTP and archive it; a failure is archived as a failed attempt and returned."""
    from ingest import http

    url = now.base_url(source.source, source.base_url or "") + (resource.path or "")
    last = archive.last_live(source.source, resource.resource)
    if last is not None and last.url != url:
        last = None  # validators of another address mean nothing here
    attempted_at = datetime.now(UTC)
    attempt: dict[str, Any] = {
        "source": source.source, "resource": resource.resource, "url": url, "attempted_at": attempted_at,
        "vintage_kind": "live",
    }  # fmt: skip
    try:
        answer = http.get(
            url,
            lambda chunks: archive.put(source.source, resource.resource, chunks),
            user_agent=now.user_agent,
            headers=resource.request_headers,
            etag=last.etag if last else None,
            last_modified=last.last_modified if last else None,
        )
    except (http.FetchError, OSError) as error:
        status = error.status if isinstance(error, http.FetchError) else None
        return archive.record(Fetch(**attempt, outcome="failed", http_status=status, error=str(error)))
    attempt |= {"http_status": answer.status, "known_from": attempted_at, "known_from_basis": "retrieval"}
    if answer.saved is not None:
        sha256, size = answer.saved
        attempt |= {
            "sha256": sha256, "bytes": size, "etag": answer.etag, "last_modified": answer.last_modified,
            "media_type": answer.media_type,
        }  # fmt: skip
    elif last is not None:  # 304: the last bytes still hold
        attempt |= last.model_dump(include={"sha256", "bytes", "etag", "last_modified", "media_type"})
    else:
        error_text = "the server answered 304 (not modified) to a request that was not conditional"
        return archive.record(Fetch(**attempt, outcome="failed", error=error_text))
    return archive.record(Fetch(**attempt, outcome="fetched"))


def main() -> None:
    """`python -m ingest.run [fetch|load] [--mode live]`: the whole ingest without Airflow, for developers."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m ingest.run", description="Fetch and load all domains.")
    parser.add_argument("step", nargs="?", choices=("fetch", "load"), help="only this step (default: both)")
    parser.add_argument("--mode", choices=("bundled", "live"), default="bundled")
    arguments = parser.parse_args()
    failures = []
    for domain in DOMAINS:
        for source in sources_in(domain) if arguments.step != "load" else []:
            try:
                print(f"fetched {len(fetch_source(source, domain, arguments.mode)['records'])} of {source} ({domain})")
            except FetchFailed as error:  # the last good bytes are loaded all the same
                failures.append(str(error))
        for report in load_domain(domain) if arguments.step != "fetch" else []:
            print("{status} {source}.{resource}: {rows_loaded} of {rows_in} rows; {reason}".format(**report))
    if failures:
        raise SystemExit("\n".join(failures))


if __name__ == "__main__":
    main()
