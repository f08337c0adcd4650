"""Published unit counts: what was said, and how well a draw explains it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import lgamma

import numpy as np
import pandas as pd

from models.volumes.assumptions import Beliefs, Floats
from models.volumes.flows import N_MONTHS, month_index

ALL_GENERATIONS = "all"


class LookAheadError(ValueError):
    """A row was passed that nobody could know at the build date."""


def check_known(frame: pd.DataFrame, name: str, as_of: date) -> None:
    """Raise LookAheadError when a row of `frame` has known_from later than `as_of` or none at all."""
    known_from = pd.to_datetime(frame["known_from"])
    late = frame[~(known_from < pd.Timestamp(as_of) + pd.Timedelta(days=1))]
    if not late.empty:
        raise LookAheadError(
            f"{len(late)} row(s) of {name} were not known on {as_of}; the first is {late.iloc[0].to_dict()}. "
            "Filter the frame in staging by known_from <= as_of."
        )


def normal_log_density(residual: Floats, sd: float | Floats) -> Floats:
    """Log density of a centred normal."""
    return np.asarray(-0.5 * (residual / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi)))


def student_log_density(residual: Floats, scale: float, degrees: float) -> Floats:
    """Log density of a centred Student-t."""
    constant = lgamma((degrees + 1) / 2) - lgamma(degrees / 2) - 0.5 * np.log(degrees * np.pi) - np.log(scale)
    return np.asarray(constant - (degrees + 1) / 2 * np.log1p((residual / scale) ** 2 / degrees))


def logs(units: Floats) -> Floats:
    """Logarithm in which no units at all is minus infinity, without a warning."""
    return np.log(units, out=np.full_like(units, -np.inf), where=units > 0)


def units_by(flows: Floats, position: Floats) -> Floats:
    """Cumulative flow per draw at a position in months after 2023-01-01, read between two month ends."""
    whole, n_months = max(int(position.min()), 0), min(int(position.max()) + 1, flows.shape[1])
    part_of_month = np.clip(position - np.arange(whole, n_months)[:, None], 0, 1)
    return np.asarray(flows[:, :whole].sum(axis=1) + (part_of_month * flows.T[whole:n_months]).sum(axis=0))


def months_completed(day: date) -> float:
    """Return the position of the end of `day` in months after 2023-01-01."""
    return month_index(day) + day.day / pd.Timestamp(day).days_in_month


@dataclass(frozen=True)
class Statement:
    """One published count. `weight` shares one vote among the statements of an independent root."""

    is_disclosure: bool
    generation: str
    first_month: int
    last_month: int
    end: float  # months after 2023-01-01
    log_units: float
    weight: float


def read_statements(frame: pd.DataFrame) -> list[Statement]:
    """Read published counts.

    `frame` has columns estimate_id, evidence_kind (disclosure | analyst_total), generation (or 'all'), period_start,
    period_end, value_units, root_id. Rows of one root share one vote, so a claim that is repeated weighs once.
    """
    found = []
    for _, root in frame.sort_values(["root_id", "estimate_id"]).groupby("root_id", sort=True):
        for row in root.to_dict("records"):
            start, end = (pd.Timestamp(str(row[f"period_{side}"])).date() for side in ("start", "end"))
            found.append(
                Statement(
                    row["evidence_kind"] == "disclosure",
                    str(row["generation"]),
                    max(month_index(start), 0),
                    min(month_index(end), N_MONTHS - 1),
                    months_completed(end),
                    float(np.log(float(row["value_units"]))),
                    1 / len(root),
                )
            )
    return found


def months_spoken_of(statements: Iterable[Statement]) -> int:
    """Return how many months from 2023-01 the disclosures can speak of, including the doubt about their date."""
    return max((min(s.last_month + 4, N_MONTHS) for s in statements if s.is_disclosure), default=0)


def statements_log_likelihood(
    statements: Iterable[Statement],
    packages: Mapping[str, Floats],
    racked: Mapping[str, Floats],
    installed: Mapping[str, Floats],
    beliefs: Beliefs,
) -> Floats:
    """Return the log-likelihood per draw of published unit counts.

    `packages`, `racked` and `installed` are chips per month of shape (draws, months) by generation. A disclosure counts
    chips up to its date. Two things about it are doubtful, and are mixtures: whether it speaks of one generation or of
    all, and how far 'landed' chips have come (installed most likely, in shipped racks, or only packaged). An analyst
    total counts packages made in its period, with a Student-t error in the log.
    """
    total = np.zeros(beliefs.n_draws)
    landed = {"installed": installed, "racked": racked, "packaged": packages}
    for statement in statements:
        if statement.is_disclosure:
            total += statement.weight * _disclosure(statement, landed, beliefs)
        else:
            total += statement.weight * _analyst_total(statement, packages, beliefs)
    return total


def _disclosure(statement: Statement, landed: Mapping[str, Mapping[str, Floats]], beliefs: Beliefs) -> Floats:
    position = statement.end + beliefs.draw("disclosure", "date_offset_months")
    sd = beliefs.value("disclosure", "log_sd")
    own = 0.0
    if statement.generation != ALL_GENERATIONS:
        own = beliefs.value("disclosure", "this_generation_probability")
    density = np.zeros(beliefs.n_draws)
    for stage, flows in landed.items():
        weight = beliefs.value("disclosure", f"means_{stage}_probability")
        units = {generation: units_by(monthly, position) for generation, monthly in flows.items()}
        everything: Floats = np.sum(list(units.values()), axis=0)
        for share, counted in ((own, units.get(statement.generation, everything)), (1 - own, everything)):
            if weight * share > 0:
                density += weight * share * np.exp(normal_log_density(statement.log_units - logs(counted), sd))
    return logs(density)


def _analyst_total(statement: Statement, packages: Mapping[str, Floats], beliefs: Beliefs) -> Floats:
    window = slice(statement.first_month, statement.last_month + 1)
    if statement.generation == ALL_GENERATIONS:
        units = np.sum([flows[:, window].sum(axis=1) for flows in packages.values()], axis=0)
    else:
        units = packages[statement.generation][:, window].sum(axis=1)
    return beliefs.value("analyst_total", "root_weight") * student_log_density(
        statement.log_units - logs(units),
        beliefs.value("analyst_total", "log_scale"),
        beliefs.value("analyst_total", "degrees_of_freedom"),
    )
