"""Draw every picture of docs/img from the published file.

    python -m serve.pictures                   # all of them, into docs/img
    python -m serve.pictures capacity_labs     # these only
    python -m serve.pictures --into FOLDER

A picture whose figures the file does not hold is named and left as it is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
from matplotlib.figure import Figure

from serve.pictures import capacity, scores, style, tco, volumes
from settings import settings

# Name of the file in docs/img, without .svg -> what draws it from the published file and the folder of saved studies.
PICTURES: dict[str, Callable[[duckdb.DuckDBPyConnection, Path], Figure | None]] = {
    "volumes_generations": volumes.generations,
    "volumes_skus": volumes.skus,
    "volumes_stages": volumes.stages,
    "volumes_beliefs": volumes.beliefs,
    "volumes_signals": volumes.signals,
    "volumes_calibration": scores.calibration("volumes"),
    "capacity_labs": capacity.labs,
    "capacity_lab_clouds": capacity.lab_clouds,
    "capacity_campuses": capacity.campuses,
    "capacity_calibration": scores.calibration("capacity"),
    "tco_waterfall": tco.waterfall,
    "tco_rankings": tco.rankings,
    "tco_tornado": tco.tornado,
}


def draw(database: Path, studies: Path, folder: Path, names: Iterable[str] = PICTURES) -> dict[str, Path | None]:
    """Write the pictures named and return the file of each, None where the figures for it are not known."""
    written: dict[str, Path | None] = {}
    with duckdb.connect(str(database), read_only=True) as con, style.house():
        for name in names:
            figure = PICTURES[name](con, studies)
            path = folder / f"{name}.svg"
            if figure is not None:
                style.write(figure, path)
            written[name] = path if figure is not None else None
    return written


def main(argv: list[str] | None = None) -> int:
    """Draw; exit status 1 with a hint when nothing is published yet."""
    parser = argparse.ArgumentParser(description="Draw the pictures of docs/img from the published file.")
    parser.add_argument("names", nargs="*", metavar="PICTURE", help="only these: " + ", ".join(PICTURES))
    parser.add_argument("--into", type=Path, default=settings().repo / "docs" / "img", metavar="FOLDER")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.names) - set(PICTURES)):
        parser.error(f"no such picture: {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    database = settings().serving_db
    if not database.exists():
        print(f"No published file at {database}: run `make run` first.", file=sys.stderr)
        return 1
    written = draw(database, settings().repo / "docs" / "methods", options.into, options.names or PICTURES)
    for name, path in written.items():
        print(f"wrote {path} ({path.stat().st_size // 1024} kB)" if path else f"left {name}: its figures are not known")
    return 0


if __name__ == "__main__":
    sys.exit(main())
