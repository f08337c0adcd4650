"""Print what each family of evidence moves: the volumes engine again with one family left out, or alone.

    python -m serve.ablation                 # as of the warehouse's own date
    python -m serve.ablation --markdown      # the table of docs/methods/volumes.md
    python -m serve.ablation --save FOLDER   # also the two small files that serve/pictures.py draws from

Runs one dbt model on a copy of the built warehouse; the warehouse itself stays as it is. Takes some minutes.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from serve.build import run_dbt
from settings import settings

MODEL = "int_volumes__ablation"
VARIANTS_FILE = "ablation_volumes.csv"
BELIEFS_FILE = "beliefs_volumes.csv"

Row = tuple[str, str, str, float, float, float]


class AblationFailed(Exception):
    """dbt could not run the variants."""


def rows_of(warehouse: Path, as_of: str) -> list[Row]:
    """Build the ablation in the file `warehouse` and return (variant, generation, measure, p05, p50, p95) in order.

    Raises AblationFailed with dbt's last words.
    """
    done = run_dbt(
        "run", "--select", "int_volumes__negative_control", MODEL, as_of=as_of, warehouse=warehouse,
        raw_db=settings().raw_db, target=warehouse.parent / "target", logs=warehouse.parent,
        variables={"is_ablation": True},
    )  # fmt: skip
    if done.returncode != 0:
        raise AblationFailed("dbt failed:\n" + "\n".join(done.stdout.splitlines()[-25:]))
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(
            f"select variant, generation, measure, p05, p50, p95 from intermediate.{MODEL} "
            "order by position, generation, measure desc"
        ).fetchall()


def beliefs_of(warehouse: Path) -> list[tuple[str, float, float, float]]:
    """Return (belief, p05, p50, p95) of each uncertain number of the built engine, in prior standard deviations.

    The prior is 0 with a 90% range of -1.645 to 1.645 for every belief. Steps of the random walks and the levels that
    a supplier's own base window places are left out: they are no statements about the world.
    """
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(
            "select latent, quantile_cont(score, 0.05), quantile_cont(score, 0.5), quantile_cont(score, 0.95) "
            "from intermediate.int_volumes__posterior where split_part(latent, '/', 1) not in ('walk', 'base') "
            "group by latent order by latent"
        ).fetchall()


def save(folder: Path, as_of: str, rows: list[Row], beliefs: list[tuple[str, float, float, float]]) -> None:
    """Write the variants (units) and the beliefs (prior standard deviations) as CSV, each row with its as-of date."""
    levels = ["p05", "p50", "p95"]
    names = ["as_of_date", "variant", "generation", "measure", *(f"units_{level}" for level in levels)]
    _write(folder / VARIANTS_FILE, names, ([as_of, *row[:3], *(round(unit) for unit in row[3:])] for row in rows))
    names = ["as_of_date", "belief", *(f"prior_sd_{level}" for level in levels)]
    _write(folder / BELIEFS_FILE, names, ([as_of, name, *(f"{s:.3f}" for s in scores)] for name, *scores in beliefs))


def _write(path: Path, names: list[str], rows: Iterable[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def table(rows: list[Row], is_markdown: bool = False) -> str:
    """One line per variant: thousands, p05 / p50 / p95 of each figure."""
    figures: dict[str, list[str]] = {}
    heads: list[str] = []
    for variant, generation, measure, *levels in rows:
        words = "packages" if measure == "package_units" else "installed"
        head = f"{generation} {words} through {'2025' if generation == 'Trainium2' else '2026'}"
        heads += [head] if head not in heads else []
        figures.setdefault(variant, []).append(" / ".join(f"{level / 1000:,.0f}" for level in levels))
    lines = [["evidence used", *heads], *([variant, *cells] for variant, cells in figures.items())]
    if is_markdown:
        rows_of_text = ["| " + " | ".join(line) + " |" for line in lines]
        return "\n".join([rows_of_text[0], "|" + "---|" * len(lines[0]), *rows_of_text[1:]])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = (" ".join(cell.ljust(width + 1) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)


def main(argv: list[str] | None = None) -> int:
    """Print the table; exit status 1 when there is no warehouse or dbt fails."""
    parser = argparse.ArgumentParser(description="What each family of evidence moves in the volumes engine.")
    parser.add_argument("--markdown", action="store_true", help="as a Markdown table")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="also write the files of the pictures there")
    options = parser.parse_args(argv)
    warehouse = settings().warehouse_db
    if not warehouse.exists():
        print(f"{warehouse} does not exist: `make run` builds it.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="gigawatch_ablation_") as place:
        copy = Path(place) / warehouse.name
        shutil.copy(warehouse, copy)
        with duckdb.connect(str(copy), read_only=True) as con:
            (as_of,) = con.execute("select max(as_of_date) from marts.trainium_volumes_quarterly").fetchone() or (None,)
        try:
            rows = rows_of(copy, str(as_of))
            beliefs = beliefs_of(copy)
        except AblationFailed as failed:
            print(failed, file=sys.stderr)
            return 1
    if options.save:
        save(options.save, str(as_of), rows, beliefs)
    print(f"As of {as_of}, thousands, p05 / p50 / p95\n")
    print(table(rows, options.markdown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
