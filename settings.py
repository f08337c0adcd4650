"""Where things are: one environment variable, GIGAWATCH_HOME, and every path derived from it.

`settings()` reads the environment each time it is called, so a test or a task that changes it is obeyed.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

REPO = Path(__file__).resolve().parent


class Settings(BaseSettings):
    """Paths and limits of one installation (or, after `for_as_of`, of one as-of build of it)."""

    model_config = SettingsConfigDict(env_prefix="GIGAWATCH_", env_ignore_empty=True, frozen=True)

    home: Path = REPO / "data"
    user_agent: str = "gigawatch/0.1 (open AI-accelerator data pipeline; set GIGAWATCH_USER_AGENT to add your contact)"
    keep_releases: int = Field(default=5, ge=1)
    duckdb_threads: int = Field(default=1, ge=1)

    # Archive and raw are shared by all builds: an as-of build only has its own warehouse, serving and reports.
    _shared_home: Path = PrivateAttr()

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    def model_post_init(self, context: Any, /) -> None:
        self._shared_home = self.home

    def for_as_of(self, as_of: str) -> Settings:
        """The settings of the build as of that day (ISO date): own home, same archive and raw store.

        Raises ValueError when `as_of` is not an ISO date.
        """
        day = date.fromisoformat(as_of).isoformat()
        return self.model_copy(update={"home": self._shared_home / "asof" / day})

    def base_url(self, source: str, default: str) -> str:
        """Base URL of a source: GIGAWATCH_BASE_URL_<SOURCE> if set, else `default` (what its source.yml says)."""
        return (os.environ.get(f"GIGAWATCH_BASE_URL_{source.upper()}") or default).rstrip("/")

    def api_key(self, source: str) -> str | None:
        """The operator's key for a source: GIGAWATCH_KEY_<SOURCE>, None when there is none."""
        return os.environ.get(f"GIGAWATCH_KEY_{source.upper()}") or None

    def is_allowed(self, source: str) -> bool:
        """Whether the operator turned on a source whose robots.txt forbids it: GIGAWATCH_ALLOW_<SOURCE>=1."""
        return os.environ.get(f"GIGAWATCH_ALLOW_{source.upper()}") == "1"

    def inbox(self, source: str) -> str:
        """Where people drop files of a source: GIGAWATCH_INBOX_<SOURCE> (a folder, s3://...), else inbox/<source>."""
        return os.environ.get(f"GIGAWATCH_INBOX_{source.upper()}") or str(self._shared_home / "inbox" / source)

    @property
    def turns_dir(self) -> Path:
        """Where processes leave word of when they last asked which host."""
        return self._shared_home / "turns"

    @property
    def repo(self) -> Path:
        return REPO

    @property
    def archive_dir(self) -> Path:
        return self._shared_home / "archive"

    @property
    def raw_db(self) -> Path:
        return self._shared_home / "raw" / "raw.duckdb"

    @property
    def warehouse_db(self) -> Path:
        return self.home / "warehouse" / "build.duckdb"

    @property
    def serving_dir(self) -> Path:
        return self.home / "serving"

    @property
    def serving_db(self) -> Path:
        return self.serving_dir / "gigawatch.duckdb"

    @property
    def reports_dir(self) -> Path:
        return self.home / "reports"

    @property
    def airflow_home(self) -> Path:
        return self.home / "airflow"


def settings() -> Settings:
    """The settings of this process's environment, read now."""
    return Settings()
