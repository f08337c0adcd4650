"""What a content changed against the last good one before it: drift that is told, and jumps that are refused.

Row rules see one row at a time. They cannot see that a file has lost a column's values, that megawatts have become
kilowatts, or that a column of the same name now means something else, each row of it being plausible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from ingest.contracts import Column, Resource
from ingest.rules import Rejected, quoted, typed_key

ROW_COUNT_CHANGE = 0.2
NULL_SHARE_RISE = 0.2
KEY_SHARE = 0.1
MEDIAN_RATIO = 3.0
# Medians of different things, such as the first three filers of a month and all of the month before, compare with
# nothing: they are taken over common keys, and where there are hardly any, over enough values.
FEW_COMMON_KEYS = 3
ENOUGH_VALUES = 30
# A change of meaning multiplies the values of common keys by one factor that is not about 1: either most of them, or
# a good part of them while hardly any stays as it was. The second is what Epoch's change of facility to IT power looks
# like (2026-07-07): 14 of 33 sites by 1/1.2, the others by the factor of their own cooling, none unchanged. Growth has
# no such peak: each site has its own factor, and many have none.
MIN_COMMON_KEYS = 10
FACTOR_AWAY_FROM_ONE = 0.05
SAME_WITHIN = 0.02
MOST = 0.6
GOOD_PART, HARDLY_ANY = 1 / 3, 0.1


@dataclass(frozen=True)
class Good:
    """A loaded content to compare with: its load, its hash, and when it was last known to hold before the next one."""

    load_id: int
    sha256: str
    rows_loaded: int
    known_from: datetime


@dataclass(frozen=True)
class Drift:
    """One finding. Values are counts, shares of 0-1, medians, or (meaning_change) 1 and the common factor."""

    check_name: str
    column_name: str | None
    previous_value: float | None
    current_value: float | None
    message: str
    is_blocking: bool = False


class Refused(Rejected):
    """A content is refused for how it differs from the last good one; `findings` has all of the drift."""

    def __init__(self, rule: str, message: str, findings: list[Drift]) -> None:
        super().__init__(rule, message)
        self.findings = findings


def judge(
    con: duckdb.DuckDBPyConnection, table: str, resource: Resource, known_from: datetime, load_id: int, last: Good
) -> list[Drift]:
    """Compare two loads of one resource (or part), both in the raw table `table`.

    known_from: of the content under judgement. Raises Refused when one of the findings is blocking.
    """
    pair = _Pair(con, table, resource, known_from, load_id, last)
    findings = [*pair.rows_and_columns(), *pair.keys(), *pair.medians(), *pair.meanings()]
    if blocking := [finding for finding in findings if finding.is_blocking]:
        rule = f"{blocking[0].check_name}:{blocking[0].column_name}"
        raise Refused(rule, "; ".join(finding.message for finding in blocking), findings)
    return findings


@dataclass(frozen=True)
class _Pair:
    con: duckdb.DuckDBPyConnection
    table: str
    resource: Resource
    known_from: datetime
    load_id: int
    last: Good

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over `now` and `was`, the rows of the two loads."""
        return self.con.execute(
            f"WITH now AS (SELECT * FROM {self.table} WHERE _load_id = {self.load_id}), "
            f"was AS (SELECT * FROM {self.table} WHERE _load_id = {self.last.load_id}) {sql}"
        ).fetchall()

    @property
    def _since(self) -> str:
        return f"the content known from {self.last.known_from:%Y-%m-%d}"

    def _accepted(self, column: Column) -> str | None:
        """The note of the accepted change of a column that lies between the two contents, if any."""
        before, now = self.last.known_from.date(), self.known_from.date()
        for change in self.resource.accepted_changes:
            is_between = before < change.known_from <= now or before == change.known_from == now
            if change.column == column.name and is_between:
                return change.note
        return None

    def _how_to_accept(self, column: Column) -> str:
        return (
            "If the source means it, accept it in source.yml: under the resource "
            f"{self.resource.resource} add to accepted_changes: "
            f"{{column: {column.name!r}, known_from: {self.known_from:%Y-%m-%d}, note: why it is right}}"
        )

    def rows_and_columns(self) -> Iterator[Drift]:
        described = self.con.execute(f"DESCRIBE {self.table}").fetchall()
        names = [row[0] for row in described if not row[0].startswith("_")]
        counts = ", ".join(["count(*)", *(f"count({quoted(name)})" for name in names)])
        now, was = self._query(f"SELECT {counts} FROM now UNION ALL SELECT {counts} FROM was")
        if abs(now[0] - was[0]) > ROW_COUNT_CHANGE * was[0]:
            message = f"{now[0]} rows, {self._since} had {was[0]}"
            yield Drift("row_count", None, was[0], now[0], message)
        for name, n_now, n_was in zip(names, now[1:], was[1:], strict=True):
            if n_now and not n_was:
                yield Drift("column_new", name, 0, n_now, f"{name} has values, {self._since} had none")
            elif n_was and not n_now:
                yield Drift("column_vanished", name, n_was, 0, f"{name} has no values any more")
            elif now[0] and was[0] and (1 - n_now / now[0]) - (1 - n_was / was[0]) > NULL_SHARE_RISE:
                empty, before = 1 - n_now / now[0], 1 - n_was / was[0]
                message = f"{empty:.0%} of {name} is empty, in {self._since} it was {before:.0%}"
                yield Drift("null_share", name, before, empty, message)

    def keys(self) -> Iterator[Drift]:
        if not self.resource.key:
            return
        key = f"hash({', '.join(typed_key(self.resource))})"  # of 10^7 keys, not one in a thousand files confuses two
        ((n_now, n_was, common),) = self._query(
            f"SELECT (SELECT count(*) FROM now), (SELECT count(*) FROM was), "
            f"(SELECT count(*) FROM (SELECT {key} FROM now INTERSECT SELECT {key} FROM was))"
        )
        if n_was - common > KEY_SHARE * n_was:
            message = f"{n_was - common} of {n_was} keys of {self._since} are gone"
            yield Drift("keys_vanished", None, n_was, common, message)
        if n_now - common > KEY_SHARE * n_now:
            yield Drift("keys_new", None, common, n_now, f"{n_now - common} of {n_now} keys are new")

    def medians(self) -> Iterator[Drift]:
        for column in self.resource.columns:
            if column.type not in ("double", "bigint"):
                continue
            # One column at a time: a median holds all of its values in memory.
            value = f"try_cast({quoted(column.name)} AS DOUBLE)"
            both = f"median({value}), count({value})"
            (now, n_now), (was, n_was) = self._query(f"SELECT {both} FROM now UNION ALL SELECT {both} FROM was")
            if column.max_ratio is not None and self.resource.key:
                ((n, *common),) = self._query(
                    f", {self._common(column)} SELECT count(*), median(now), median(was) FROM common"
                )
                if n >= FEW_COMMON_KEYS:
                    now, was = common
                elif min(n_now, n_was) < ENOUGH_VALUES:
                    continue
            if not now or not was:  # no values, or a median of zero: no ratio
                continue
            ratio = now / was
            jump = max(ratio, 1 / ratio) if ratio > 0 else float("inf")
            told = f"the median of {column.name} is {now:g}, in {self._since} it was {was:g}"
            if column.max_ratio is not None and jump > column.max_ratio:
                limit = f"{told} (allowed: a factor of {column.max_ratio:g}); kilo and mega, or units, mixed up?"
                yield self._jump("magnitude", column, was, now, limit)
            elif jump > MEDIAN_RATIO:
                yield Drift("median", column.name, was, now, told)

    def _common(self, column: Column) -> str:
        """SQL of a table `common`: the value of a column now and before, per key that has one but zero in both."""
        key = typed_key(self.resource)
        keys = ", ".join(f"{expression} AS k{number}" for number, expression in enumerate(key))
        same = " AND ".join(f"a.k{number} IS NOT DISTINCT FROM b.k{number}" for number in range(len(key)))
        value = f"nullif(try_cast({quoted(column.name)} AS DOUBLE), 0) AS v"
        return (
            f"common AS (SELECT a.v AS now, b.v AS was FROM (SELECT {keys}, {value} FROM now) AS a "
            f"JOIN (SELECT {keys}, {value} FROM was) AS b ON {same} WHERE a.v IS NOT NULL AND b.v IS NOT NULL)"
        )

    def meanings(self) -> Iterator[Drift]:
        for column in self.resource.columns:
            if not column.is_stable or not self.resource.key:
                continue
            ((n, factor, n_same, n_unchanged),) = self._query(
                f", {self._common(column)}, ratios AS (SELECT now / was AS ratio FROM common), "
                "middle AS (SELECT median(ratio) AS factor FROM ratios) "
                "SELECT count(*), any_value(factor), "
                f"count(*) FILTER (WHERE abs(ratio / factor - 1) <= {SAME_WITHIN}), "
                f"count(*) FILTER (WHERE abs(ratio - 1) <= {SAME_WITHIN}) FROM ratios, middle"
            )
            if n < MIN_COMMON_KEYS or abs(factor - 1) <= FACTOR_AWAY_FROM_ONE:
                continue
            if not (n_same > MOST * n or (n_same > GOOD_PART * n and n_unchanged <= HARDLY_ANY * n)):
                continue
            message = (
                f"{n_same} of {n} values of {column.name} are {factor:.4g} times those of {self._since}, {n_unchanged} "
                "are unchanged: the column has changed what it means (another unit, basis or scope), not the world"
            )
            yield self._jump("meaning_change", column, 1, factor, message)

    def _jump(self, check: str, column: Column, was: float, now: float, message: str) -> Drift:
        if note := self._accepted(column):
            return Drift(check, column.name, was, now, f"{message}; accepted: {note}")
        return Drift(check, column.name, was, now, f"{message}. {self._how_to_accept(column)}", is_blocking=True)
