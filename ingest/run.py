"""What the ingest DAGs call: which sources a domain has, fetch one, load a domain.

Nothing heavy is imported at module level: DuckDB, Arrow and httpx come with the first fetch or load.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ingest import IngestError, contracts
from ingest.archive import Archive, Fetch
from ingest.contracts import DOMAINS, SOURCES, Resource, Source
from settings import settings

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

    Returns {source, domain, mode, records} with `records` = fetch records as archived (dicts), among them those that
    were skipped (no key, robots). All resources are tried; then FetchFailed names those that failed. A failed or
    skipped attempt is recorded in the archive too.
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
        from ingest.fetch import Round, in_words

        with tempfile.TemporaryDirectory(prefix="gigawatch-") as folder:
            turn = Round(contract, archive, now, Path(folder))
            live = [fetch for resource in resources if resource.is_live for fetch in turn.fetch(resource)]
        if failed := [record for record in live if record.outcome == "failed"]:
            raise FetchFailed(
                f"{len(failed)} of {len(live)} fetches of {source} ({domain}) failed; "
                "the last good bytes stay in use:\n" + "\n".join(in_words(failed))
            )
        records += live
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
        sha256, size = archive.put(
            source.source, resource.resource, [content], is_packed=resource.at_rest == "gzip"
        )
        sidecar = bundled.sidecar
        records.append(
            archive.record(
                Fetch(
                    source=source.source,
                    resource=resource.resource,
                    part=sidecar.part,
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
