"""A contract as SQL: what type each column's text must have, which rows are held back, and who says no to a whole file.

All SQL here reads a relation whose columns are texts by their contracted names (of Parquet: values, already typed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.contracts import Column, KnownFromColumn, Resource


class Rejected(Exception):
    """A content breaks its contract as a whole."""

    def __init__(self, rule: str, message: str, rows_in: int = 0) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule, self.message, self.rows_in = rule, message, rows_in


@dataclass(frozen=True)
class Rule:
    """A row rule: `broken` is SQL that is true for a row to be held back."""

    rule: str
    column: str | None
    broken: str
    message: str


def quoted(identifier: str) -> str:
    """An SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str) -> str:
    """An SQL text."""
    return "'" + value.replace("'", "''") + "'"


def typed(column: Column) -> str:
    """SQL of a column's typed value; NULL where the text does not cast."""
    text = quoted(column.name)
    match column.type:
        case "varchar":
            return text
        case "date":
            return f"try_cast({text} AS DATE)"
        case "month":
            return f"try_cast({text} || '-01' AS DATE)"
        case kind:
            return f"try_cast({text} AS {kind.upper()})"


def raw_type(resource: Resource, column: Column) -> str:
    """The type of a column in raw: text, as the source wrote it; of Parquet, which has no text, the contracted type."""
    is_text = resource.format != "parquet" or column.type in ("varchar", "month")
    return "VARCHAR" if is_text else column.type.upper()


def typed_key(resource: Resource) -> list[str]:
    """SQL of the typed values of a resource's key."""
    columns = {column.name: column for column in resource.columns}
    return [typed(columns[name]) for name in resource.key]


def _of_another_type(column: Column, text: str, kind: str) -> str:
    """SQL that is true when a text is not of the column's type, stricter than try_cast where that is lenient.

    kind: the type the "text" has; where it is the contracted one, only infinities are left to find.
    """
    value = quoted(column.name)
    if kind == column.type.upper():
        return f"NOT isfinite({value})" if kind in ("DOUBLE", "DATE", "TIMESTAMP") else "false"
    match column.type:
        case "double":  # try_cast takes 'nan' and 'inf'
            strict = f" OR NOT isfinite({value})"
        case "bigint":  # try_cast rounds 11.5
            strict = f" OR try_cast({text} AS DOUBLE) <> trunc(try_cast({text} AS DOUBLE))"
        case "date":  # try_cast takes 2024/1/5, infinity and timestamps
            strict = f" OR {value}::VARCHAR <> {text}::VARCHAR OR NOT isfinite({value})"
        case "month":
            strict = f" OR {value}::VARCHAR <> {text} || '-01'"
        case _:
            strict = ""
    return f"({text} IS NOT NULL AND ({value} IS NULL{strict}))"


def known_from_sql(resource: Resource, known_from: str) -> str:
    """SQL of a row's moment of knowledge: its own date, or that of its content (`known_from`, an SQL expression)."""
    if isinstance(resource.known_from, KnownFromColumn):
        return f"try_cast({quoted(resource.known_from.column)} AS TIMESTAMP)"
    return known_from


def row_rules(resource: Resource, present: Mapping[str, str], known_from: str) -> tuple[list[Rule], str]:
    """The row rules of a resource in the order they are judged, and the select list they are judged on.

    present: the columns a content has, with their types; the others are NULL. The select list has _row, the typed
    columns by name, _known_from DATE, and each column's text as _text_<number>.
    """
    rules: list[Rule] = []
    projection = ["_row", f"{known_from_sql(resource, known_from)}::DATE AS _known_from"]
    dated_by = resource.known_from.column if isinstance(resource.known_from, KnownFromColumn) else None
    for number, column in enumerate(resource.columns):
        value, text = quoted(column.name), f"_text_{number}"
        if column.name not in present:
            kind = "DATE" if column.type == "month" else column.type.upper()
            projection.append(f"NULL::{kind} AS {value}")
            continue
        projection.append(f"{typed(column)} AS {value}")
        projection.append(f"{value} AS {text}")
        if column.not_null or column.name == dated_by:
            rules.append(Rule(f"not_null:{column.name}", column.name, f"{text} IS NULL", "a value is required"))
        if column.type != "varchar":
            broken = _of_another_type(column, text, present[column.name])
            rules.append(Rule(f"type:{column.name}", column.name, broken, f"not readable as {column.type}"))
        for bound, sign in (("min", "<"), ("max", ">")):
            if (limit := getattr(column, bound)) is not None:
                message = f"{'below' if bound == 'min' else 'above'} the contract's {bound} of {limit:g}"
                rules.append(Rule(f"{bound}:{column.name}", column.name, f"{value} {sign} {limit!r}", message))
        if column.allowed is not None:
            listed = ", ".join(literal(allowed) for allowed in column.allowed)
            message = f"not one of {', '.join(column.allowed)}"
            rules.append(Rule(f"allowed:{column.name}", column.name, f"{text}::VARCHAR NOT IN ({listed})", message))
    # Last, so that they only judge rows whose values are of their types: the first broken rule is the one kept.
    rules += [Rule(reject.rule, None, f"({reject.when})", reject.message) for reject in resource.rejects]
    return rules, ", ".join(projection)
