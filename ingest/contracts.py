"""The contract of a source: `ingest/sources/<code>/source.yml` as checked models, and its bundled bytes."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ingest import IngestError

SOURCES = Path(__file__).parent / "sources"
DOMAINS = ("shipments", "construction", "pricing")
EVIDENCE = "evidence"

Domain = Literal["shipments", "construction", "pricing"]
VintageKind = Literal["live", "bundled", "git_backfill", "reconstructed"]
VintageScope = Literal["full", "partial"]


class ContractError(IngestError):
    """A source.yml, a sidecar or a rule in them is wrong: a mistake in the repository, not in the data."""


def safe_name(name: str) -> str:
    """Return `name` if it can be a folder, a table and an environment variable; else raise ValueError.

    Everything that becomes a path or an identifier passes here, so that a name can never walk out of the archive.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"{name!r} is not a valid name: use lower-case letters, digits and _ only")
    return name


def to_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a moment without a zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Name = Annotated[str, AfterValidator(safe_name)]
Utc = Annotated[datetime, AfterValidator(to_utc)]


class Strict(BaseModel):
    """Base of the models: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Licence(Strict):
    name: str
    url: str | None = None
    redistributable: bool
    attribution: str = ""


class ApiKey(Strict):
    """How a key travels: as a query parameter or as a header. Its value is in GIGAWATCH_KEY_<SOURCE>, nowhere else."""

    param: str | None = None
    header: str | None = None
    register_at: str

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.param is None) == (self.header is None):
            raise ValueError("api_key: give either param or header")
        return self


class Column(Strict):
    """One column as the wire names it, and what its text must cast to.

    `aliases` are other names the source has given the same column; the rows arrive under `name`.
    `max_ratio` bounds how far the median may move (up or down) from one content to the next, `is_stable` says that
    the column means the same for ever: most of its values moving by one and the same factor is a change of meaning.
    """

    name: str = Field(min_length=1)
    aliases: list[str] = []
    type: Literal["varchar", "double", "bigint", "date", "month", "boolean", "timestamp"] = "varchar"
    required: bool = False
    not_null: bool = False
    min: float | None = None
    max: float | None = None
    allowed: list[str] | None = None
    max_ratio: float | None = Field(default=None, gt=1)
    is_stable: bool = False

    @model_validator(mode="after")
    def _bounds_need_numbers(self) -> Self:
        if (self.max_ratio is not None or self.is_stable) and self.type not in ("double", "bigint"):
            raise ValueError(f"column {self.name!r}: max_ratio and is_stable need type double or bigint")
        if self.name.startswith("_"):
            raise ValueError(f"column {self.name!r}: names that start with _ belong to the loader")
        if (self.min is not None or self.max is not None) and self.type not in ("double", "bigint"):
            raise ValueError(f"column {self.name!r}: min and max need type double or bigint, not {self.type}")
        return self


class Reject(Strict):
    """A row rule: SQL that is true for a row that must go to quarantine."""

    rule: Name
    when: str
    message: str


class KnownFromColumn(Strict):
    """Each row carries its own date of knowledge in this column."""

    column: str


class AcceptedChange(Strict):
    """A jump or a change of meaning somebody has looked at: from `known_from` on, `column` is compared anew."""

    column: str
    known_from: date
    note: str = Field(min_length=10)


class Resource(Strict):
    """One table of a source.

    How its bytes come: a `path` (with {placeholders} for the part), or the connector's `requests` (`has_requests`), or
    files a person puts into the `inbox` (a glob below the source's inbox folder). A resource may come in `parts`
    (name -> parameters: a company, a state, a region), each fetched, judged and superseded by itself. `member` is the
    glob of the file to read when the bytes are a zip. `at_rest: gzip` compresses big text in the archive.
    How they become rows: `format` csv, parquet, or the connector's own `custom` (bytes -> Arrow) or `relation`
    (file -> SQL that DuckDB streams).
    """

    resource: Name
    domain: Domain
    path: str | None = None
    has_requests: bool = False
    inbox: str | None = None
    parts: dict[Name, dict[str, str]] = {}
    request_headers: dict[str, str] = {}
    bundled: str | None = None
    member: str | None = None
    at_rest: Literal["plain", "gzip"] = "plain"
    format: Literal["csv", "parquet", "custom", "relation"] = "csv"
    freshness_sla_days: int = Field(ge=1)
    known_from: Literal["file"] | KnownFromColumn = "file"
    key: list[str] = []
    min_rows: int = Field(default=1, ge=0)
    max_row_loss_pct: float | None = Field(default=None, ge=0, le=100)
    columns: list[Column] = Field(min_length=1)
    rejects: list[Reject] = []
    accepted_changes: list[AcceptedChange] = []

    @property
    def is_live(self) -> bool:
        """Whether live mode asks anybody for this resource."""
        return self.path is not None or self.has_requests or self.inbox is not None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"{self.resource}: path must start with / (the host comes from base_url)")
        if (self.path is not None) + self.has_requests + (self.inbox is not None) > 1:
            raise ValueError(f"{self.resource}: path, has_requests and inbox exclude each other")
        if not self.is_live and self.bundled is None:
            raise ValueError(f"{self.resource}: give path, has_requests or inbox (live), a bundled glob, or both")
        if self.inbox is not None and (self.inbox.startswith("/") or ".." in Path(self.inbox).parts):
            raise ValueError(f"{self.resource}: inbox must be a glob inside the inbox folder of the source")
        if self.bundled is not None and (self.bundled.startswith("/") or ".." in Path(self.bundled).parts):
            raise ValueError(f"{self.resource}: bundled must be a glob inside the source folder")
        types = {column.name: column.type for column in self.columns}
        names_and_aliases = [name for column in self.columns for name in (column.name, *column.aliases)]
        if len({name.lower() for name in names_and_aliases}) < len(names_and_aliases):
            raise ValueError(f"{self.resource}: two columns have the same name (SQL ignores case)")
        if unknown := [name for name in self.key if name not in types]:
            raise ValueError(f"{self.resource}: key names {unknown}, which are not among its columns")
        if isinstance(self.known_from, KnownFromColumn) and types.get(self.known_from.column) != "date":
            raise ValueError(f"{self.resource}: known_from column {self.known_from.column!r} must be a date column")
        names = [reject.rule for reject in self.rejects]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.resource}: two rejects have the same rule name")
        if unknown := [change.column for change in self.accepted_changes if change.column not in types]:
            raise ValueError(f"{self.resource}: accepted_changes names {unknown}, which are not among its columns")
        return self


class Source(Strict):
    """A publisher's feed. `hosts` names further addresses of it (their base URL), `min_interval_s` is the least time
    between two requests to one host, over all processes of this machine. A source whose `robots` is 'forbidden' is
    off until the operator sets GIGAWATCH_ALLOW_<SOURCE>=1; one with an `api_key` is skipped while the key is missing.
    """

    source: Name
    title: str
    publisher: str
    landing_page: str | None = None
    base_url: str | None = None
    licence: Licence
    cadence: str
    robots: Literal["allowed", "silent", "forbidden", "not applicable"]
    hosts: dict[Name, str] = {}
    min_interval_s: float = Field(default=0.2, ge=0)
    api_key: ApiKey | None = None
    resources: list[Resource] = Field(min_length=1)
    folder: Path = Field(exclude=True)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [resource.resource for resource in self.resources]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.source}: two resources have the same name")
        if self.base_url is None and any(resource.path or resource.has_requests for resource in self.resources):
            raise ValueError(f"{self.source}: a resource is fetched from the network, so base_url is needed")
        return self

    def in_domain(self, domain: str) -> list[Resource]:
        """The resources of this source that the ingest of `domain` handles."""
        return [resource for resource in self.resources if resource.domain == domain]

    def contract_hash(self, resource: Resource, part: str = "") -> str:
        """Hash of all that decides how bytes become rows: the rules, and the source's own parser and mapping."""
        rules = resource.model_dump_json(
            include={"format", "member", "known_from", "key", "min_rows", "max_row_loss_pct", "columns", "rejects",
                     "accepted_changes"}
        )  # fmt: skip
        files = [self.folder / "connector.py"] if resource.format in ("custom", "relation") else []
        files += sorted(self.folder.glob(f"vendors/{part}.yml")) if part else []
        return hashlib.sha256(rules.encode() + b"".join(file.read_bytes() for file in files)).hexdigest()


def connector(source: Source) -> ModuleType:
    """The source's own code, `connector.py`. Raises ContractError when it cannot be imported."""
    try:
        spec = importlib.util.spec_from_file_location(f"connector_{source.source}", source.folder / "connector.py")
        assert spec is not None and spec.loader is not None  # a .py path always has a loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except Exception as error:
        raise ContractError(f"{source.source}: its connector.py cannot be imported: {error!r}") from error
    return module


class Sidecar(Strict):
    """`<file>.meta.json` beside each bundled file: when and how these bytes were had."""

    retrieved_at: Utc
    known_from: Utc
    known_from_basis: str
    vintage_kind: VintageKind
    vintage_scope: VintageScope = "full"
    part: str = ""
    url: str | None = None
    note: str = ""


class Bundled(Strict):
    """One bundled file and its sidecar."""

    path: Path
    sidecar: Sidecar


def _explain(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'document'}: {fault['msg']}" for fault in error.errors()
    )


def load_source(code: str, sources: Path = SOURCES) -> Source:
    """Read and check the contract of one source.

    Raises ContractError that names the file and each fault.
    """
    try:
        file = sources / safe_name(code) / "source.yml"
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise ValueError("it must be a mapping")
        contract = Source.model_validate({**document, "folder": file.parent})
        if contract.source != code:
            raise ValueError(f"it says source: {contract.source}, but its folder is {code}")
        needs_code = any(
            resource.has_requests or resource.format in ("custom", "relation") for resource in contract.resources
        )
        if needs_code and not (file.parent / "connector.py").is_file():
            raise ValueError("has_requests and the formats custom and relation need a connector.py beside it")
    except FileNotFoundError:
        known = ", ".join(sorted(path.parent.name for path in sources.glob("*/source.yml")))
        raise ContractError(f"no source {code!r}: {sources / code}/source.yml is missing (known: {known})") from None
    except ValidationError as error:
        raise ContractError(f"{file}: {_explain(error)}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ContractError(f"source {code!r}: source.yml is wrong: {error}") from None
    return contract


def load_all(sources: Path = SOURCES) -> list[Source]:
    """All contracts, evidence first, the others by name. Raises ContractError."""
    codes = {path.parent.name for path in sources.glob("*/source.yml")}
    return [load_source(code, sources) for code in sorted(codes, key=lambda code: (code != EVIDENCE, code))]


def bundled_files(source: Source, resource: Resource) -> list[Bundled]:
    """The bundled files of a resource with their sidecars, oldest knowledge first.

    Raises ContractError when a file lacks its sidecar, when its part is unknown, or when two files of a part claim the
    same date and retrieval (it would be undefined which of them is the later).
    """
    if resource.bundled is None:
        return []
    found: dict[tuple[datetime, datetime, str], Bundled] = {}
    for path in sorted(source.folder.glob(resource.bundled)):
        if path.name.endswith(".meta.json"):
            continue
        meta = path.with_name(path.name + ".meta.json")
        try:
            sidecar = Sidecar.model_validate(json.loads(meta.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise ContractError(f"{path}: its sidecar {meta.name} is missing; write when and how it was had") from None
        except ValidationError as error:
            raise ContractError(f"{meta}: {_explain(error)}") from None
        except ValueError as error:
            raise ContractError(f"{meta}: not readable as JSON: {error}") from None
        if sidecar.part not in (resource.parts or {"": {}}) and resource.inbox is None:
            raise ContractError(f"{meta}: part {sidecar.part!r} is not among the parts of {resource.resource}")
        moment = (sidecar.known_from, sidecar.retrieved_at, sidecar.part)
        if moment in found:
            raise ContractError(
                f"{path} and {found[moment].path} have equal known_from and retrieved_at; make one of them later"
            )
        found[moment] = Bundled(path=path, sidecar=sidecar)
    if not found:
        raise ContractError(f"{source.source}.{resource.resource}: no file matches bundled: {resource.bundled}")
    return [found[moment] for moment in sorted(found)]
