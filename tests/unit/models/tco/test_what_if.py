"""The centre case: equal to the engine with its ranges closed, and the what-if macro equal to both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tco import cost
from models.tco.centre import CENTRE_COSTS, recost, run_inputs
from models.tco.run import KEY, run
from tests.unit.models.tco.cases import AS_OF, GB200, SYSTEM, TRAINIUM2, assumptions_as_of

MACROS = Path(__file__).parents[4] / "serve" / "macros" / "tco.sql"
# What the macro calls an input, and the column of the centre it replaces.
ARGUMENTS = {
    "capex": "capex_usd_per_chip",
    "wacc": "wacc_ratio",
    "life_years": "life_years",
    "residual": "residual_share",
    "network": "backend_network_cost_ratio",
    "power_kw": "all_in_power_kw_per_chip",
    "electricity": "electricity_usd_per_kwh",
    "power_utilisation": "power_utilisation_ratio",
    "pue": "pue_ratio",
    "colo": "colo_usd_per_kw_month",
    "other_opex": "other_opex_usd_per_kw_month",
    "utilisation": "utilisation_share",
    "mfu": "mfu_share",
}


def centre() -> pd.DataFrame:
    rows = [{**SYSTEM, **chip, "assumption_vintage": v} for chip in ({}, GB200, TRAINIUM2) for v in ("v2025", "v2026")]
    return run_inputs({"systems": pd.DataFrame(rows), "assumptions": assumptions_as_of(AS_OF)}, AS_OF)


CENTRE = centre()


@pytest.fixture(scope="module")
def published() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.register("engine_inputs", CENTRE)
    connection.execute("create schema marts; create table marts.tco_inputs as select * from engine_inputs")
    connection.execute("create schema draws; create table draws.tco_by_system (system_id varchar, buyer_class varchar, "
                       "assumption_vintage varchar, draw_id int, capital_usd_per_chip_hour double, "
                       "operating_usd_per_chip_hour double)")  # fmt: skip
    connection.execute(MACROS.read_text(encoding="utf-8"))
    yield connection
    connection.close()


def what_if(connection: duckdb.DuckDBPyConnection, **arguments: object) -> pd.DataFrame:
    text = ", ".join(f"{name} := ${name}" for name in arguments)
    return connection.execute(f"from tco_what_if({text})", arguments).df().sort_values(KEY, ignore_index=True)


def test_the_centre_is_the_engine_without_ranges(frames: dict[str, pd.DataFrame]) -> None:
    closed = frames["assumptions"].assign(low=np.nan, high=np.nan, distribution="fixed")
    widths = closed["parameter"] == "relative_half_width_share"
    closed.loc[widths, "value"] = 0.0
    point = frames["systems"].assign(price_low_usd_per_chip=np.nan, price_high_usd_per_chip=np.nan)
    engine = run({**frames, "assumptions": closed, "systems": point}, AS_OF, 3, 2)
    for metric in CENTRE_COSTS:
        np.testing.assert_allclose(CENTRE[metric], engine[f"{metric}_p50"], rtol=1e-9)


def test_worked_examples() -> None:
    rows = CENTRE.set_index(KEY)
    h100 = rows.loc[("hgx-h100-8", "hyperscaler", "v2025")]
    assert h100["capital_usd_per_chip_hour"] == pytest.approx(1.01, abs=0.006)
    assert rows.loc[("gb200-nvl72", "hyperscaler", "v2026"), "tco_usd_per_chip_hour"] == pytest.approx(1.83, abs=0.03)


def test_a_published_facility_cost_stays_what_was_published() -> None:
    rows = CENTRE[CENTRE["buyer_class"] == "hyperscaler"]
    per_kw = rows["operating_usd_per_chip_hour"] * cost.HOURS_PER_MONTH / rows["all_in_power_kw_per_chip"]
    np.testing.assert_allclose(per_kw, 185.0, rtol=1e-9)
    assert (CENTRE[CENTRE["buyer_class"] != "hyperscaler"]["opex_scale_ratio"] == 1.0).all()


def test_without_arguments_the_macro_is_the_centre_of_the_newest_vintage(
    published: duckdb.DuckDBPyConnection,
) -> None:
    rows = what_if(published, sku=None, buyer=None)
    newest = CENTRE[CENTRE["assumption_vintage"] == "v2026"].reset_index(drop=True)
    assert rows[KEY].equals(newest[KEY])
    for metric in CENTRE_COSTS:
        np.testing.assert_allclose(rows[metric], newest[metric], rtol=1e-9)
    assert rows["tco_ratio_to_centre"].to_numpy() == pytest.approx(1.0, abs=1e-12)
    one = what_if(published, wacc=0.09)
    assert one[KEY].to_numpy().tolist() == [["gb200-nvl72", "hyperscaler", "v2026"]]


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "capex": st.floats(100, 5e5),
        "wacc": st.one_of(st.just(0.0), st.floats(0.001, 0.3)),
        "life_years": st.floats(0.5, 20),
        "residual": st.floats(0, 0.9),
        "network": st.floats(0, 2),
        "power_kw": st.floats(0.05, 10),
        "electricity": st.floats(0, 0.5),
        "power_utilisation": st.floats(0, 1),
        "pue": st.floats(1, 2.5),
        "colo": st.floats(0, 500),
        "other_opex": st.floats(0, 100),
        "utilisation": st.floats(0.05, 1),
        "mfu": st.floats(0.01, 1),
    },
)


@settings(deadline=None, max_examples=60)
@given(changes=CHANGES)
def test_the_macro_equals_the_engine(published: duckdb.DuckDBPyConnection, changes: dict[str, float]) -> None:
    changed = CENTRE.assign(**{ARGUMENTS[name]: value for name, value in changes.items()})
    engine = recost(changed)
    for vintage in ("v2025", "v2026"):
        rows = what_if(published, sku=None, buyer=None, vintage=vintage, **changes)
        chosen = (CENTRE["assumption_vintage"] == vintage).to_numpy()
        for metric in CENTRE_COSTS:
            np.testing.assert_allclose(rows[metric], engine[metric][chosen], rtol=1e-9, err_msg=metric)


def test_one_price_of_the_facility_replaces_its_parts(published: duckdb.DuckDBPyConnection) -> None:
    row = what_if(published, opex=200.0, electricity=9.0).iloc[0]
    assert row["operating_usd_per_chip_hour"] == pytest.approx(1.87 * 200 / 730, rel=1e-12)


@pytest.mark.parametrize(
    "argument",
    [{"wacc": 9}, {"wacc": -0.1}, {"life_years": 0}, {"pue": 0.9}, {"utilisation": 0}, {"mfu": 1.2}, {"capex": -1}],
)
def test_impossible_inputs_are_refused(published: duckdb.DuckDBPyConnection, argument: dict[str, float]) -> None:
    with pytest.raises(duckdb.Error, match=r"wacc|life|pue|utilisation|mfu|capex"):
        what_if(published, **argument)


def test_a_changed_assumption_moves_what_rests_on_it_only(
    frames: dict[str, pd.DataFrame], set_assumption: Callable[[str, str, float], pd.DataFrame]
) -> None:
    dearer = run_inputs({**frames, "assumptions": set_assumption("v2026/neocloud_giant", "wacc_ratio", 0.12)}, AS_OF)
    moved = ~np.isclose(dearer["tco_usd_per_chip_hour"], CENTRE["tco_usd_per_chip_hour"], rtol=1e-12)
    expected = (CENTRE["buyer_class"] == "neocloud_giant") & (CENTRE["assumption_vintage"] == "v2026")
    assert (moved == expected.to_numpy()).all()
    assert (dearer["tco_usd_per_chip_hour"] >= CENTRE["tco_usd_per_chip_hour"]).all()


def test_an_early_day_is_empty_and_typed() -> None:
    nothing = run_inputs(
        {"systems": pd.DataFrame([SYSTEM]).iloc[:0], "assumptions": assumptions_as_of(AS_OF)}, AS_OF
    )  # fmt: skip
    assert len(nothing) == 0
    assert list(nothing.columns) == list(CENTRE.columns)
    assert (nothing.dtypes[list(CENTRE_COSTS)] == "float64").all()
