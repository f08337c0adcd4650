"""Tenants' shares, what lies beyond the listed campuses, and the tables of labs: on campuses of known MW."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.capacity.labs import campus_draws, lab_draws, lab_rows
from models.capacity.quarters import MEASURES, QUARTERS
from models.capacity.tenancy import UNASSIGNED, allocate, campus_shares
from models.capacity.untracked import add_untracked, cloud_shares, published_it_mw, read_untracked_parameters, residual

SEED, N_DRAWS, N_QUARTERS = 7, 40, len(QUARTERS)
QUARTER_ENDS = QUARTERS.end_time.normalize().to_numpy().astype("datetime64[D]").astype(float)
PARAMETERS: Any = SimpleNamespace(
    tenancy_share={"confident": (0.9, 1.0), "likely": (0.6, 0.95), "speculative": (0.2, 0.7)}
)
FEW = settings(max_examples=10, deadline=None)


def campus(campus_id: str, mw: float, cloud_provider: str = "Cloud") -> Any:
    """Draws of one campus with two buildings; every measure is another multiple of the same noise."""
    noise = np.random.default_rng(len(campus_id) + int(mw)).uniform(0.5, 1.5, (2, N_QUARTERS, N_DRAWS))
    draws = {measure: mw * (i + 1) * noise for i, measure in enumerate(MEASURES)}
    return SimpleNamespace(campus_id=campus_id, cloud_provider=cloud_provider, draws=draws)


def tenancies(*rows: dict[str, Any]) -> pd.DataFrame:
    default = {"cloud_provider": None, "valid_from": None, "valid_to": None, "confidence": "likely",
               "share_low": 0.3, "share_high": 0.6}  # fmt: skip
    columns = ["tenancy_id", "campus_id", "lab", *default]
    frame = pd.DataFrame([default | row for row in rows], columns=columns)
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in ("valid_from", "valid_to")})


def tenant(lab: str, campus_id: str, **changes: Any) -> dict[str, Any]:
    return {"tenancy_id": f"{campus_id}:{lab}", "campus_id": campus_id, "lab": lab} | changes


def labs_of(campuses: list[Any], rows: pd.DataFrame) -> Any:
    return allocate(campuses, rows, PARAMETERS, QUARTER_ENDS, SEED, N_DRAWS)


def assumptions(**shares: tuple[float, float]) -> pd.DataFrame:
    """Rows of the residual; shares by cloud as lab__cloud=(low, high)."""
    rows = [
        ("published_total", "stated_log_sd", 0.1, None, None),
        ("published_total", "it_basis_share", 0.5, None, None),
        ("published_total", "log_change_per_year", -0.25, -0.75, 0.25),
        ("pue", "overhead_share", 0.25, 0.16, 0.39),
        *(("untracked", name.replace("__", "|"), sum(s) / 2, *s) for name, s in shares.items()),
    ]
    return pd.DataFrame(rows, columns=["subject", "parameter", "value", "low", "high"]).assign(engine="capacity")


def totals(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """(lab, cloud, date, MW) as published totals, IT power, without a stated error."""
    frame = pd.DataFrame(rows, columns=["lab", "cloud_provider", "observed_date", "capacity_mw"])
    frame["total_id"] = frame["lab"] + frame["cloud_provider"] + frame["observed_date"]
    frame["observed_date"] = pd.to_datetime(frame["observed_date"])
    return frame.assign(capacity_log_sd=np.nan, power_basis="it")


def beyond(labs: Any, published: pd.DataFrame | None, rows: pd.DataFrame | None = None) -> Any:
    return add_untracked(labs, published, assumptions() if rows is None else rows, QUARTER_ENDS, SEED, N_DRAWS)


def quarter(name: str) -> int:
    return QUARTERS.get_loc(pd.Period(name))


ranges = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@FEW
@given(
    shares=st.lists(ranges, min_size=1, max_size=4),
    places=st.lists(st.sampled_from("ab"), min_size=4, max_size=4),
    ends=st.lists(st.integers(0, 2000), min_size=4, max_size=4),
)
def test_labs_and_unassigned_are_the_campuses_in_every_draw_and_measure(shares, places, ends):
    start = pd.Timestamp("2023-01-01")
    rows = [
        tenant(f"L{i}", place, share_low=low, share_high=high, valid_to=start + pd.Timedelta(days=end))
        for i, ((low, high), place, end) in enumerate(zip(shares, places, ends, strict=False))
    ]
    campuses = [campus("a", 100), campus("b", 30, "Other")]
    labs = labs_of(campuses, tenancies(*rows))
    for measure in MEASURES:
        everything = sum(c.draws[measure].sum(axis=0) for c in campuses)
        assert np.allclose(sum(cell.mw[measure] for cell in labs.values()), everything, rtol=1e-12)
        assert all((cell.mw[measure] >= 0).all() for cell in labs.values())
    both = campus_shares(tenancies(*rows), PARAMETERS, QUARTER_ENDS, SEED, N_DRAWS)
    assert (both >= 0).all()
    assert (both.sum(axis=0) <= 1 + 1e-12).all()


def test_moving_a_tenant_moves_exactly_its_cells_and_quarters():
    campuses = [campus("a", 100), campus("b", 30, "Other"), campus("c", 50, "Third")]
    rows = [
        tenant("X", "a"),
        tenant("Y", "c", share_low=0.1, share_high=0.3),
        tenant("Z", "c", tenancy_id="z", valid_from="2025-01-01"),
    ]
    moved = [*rows[:2], rows[2] | {"campus_id": "b"}]
    before, after = (labs_of(campuses, tenancies(*r)) for r in (rows, moved))
    none = np.zeros((N_QUARTERS, N_DRAWS))
    changed = {
        key
        for key in {*before, *after}
        if not np.array_equal(*(labs[key].mw["it"] if key in labs else none for labs in (before, after)))
    }
    assert changed == {("Z", "Third"), ("Z", "Other"), (UNASSIGNED, "Third"), (UNASSIGNED, "Other")}
    untouched = slice(0, quarter("2025Q1"))
    for key in changed & set(before) & set(after):
        assert np.array_equal(before[key].mw["it"][untouched], after[key].mw["it"][untouched])
    share = after["Z", "Other"].mw["it"][-1] / campuses[1].draws["it"].sum(axis=0)[-1]
    assert share == pytest.approx(before["Z", "Third"].mw["it"][-1] / campuses[2].draws["it"].sum(axis=0)[-1])


def test_the_owner_is_named_where_nobody_is_known_to_be():
    labs = labs_of([campus("a", 100, "QTS (colo)")], tenancies())
    assert list(labs) == [(UNASSIGNED, "QTS (colo)")]


@FEW
@given(
    tracked_mw=st.floats(1, 2000),
    figures=st.lists(st.floats(1, 3000), min_size=1, max_size=3),
    part=st.none() | st.floats(1, 3000),
)
def test_tracked_and_untracked_are_the_published_whole_or_what_is_tracked_if_more(tracked_mw, figures, part):
    dates = ["2023-12-31", "2024-12-31", "2025-12-31"][: len(figures)]
    published = totals(*(("X", "all", d, mw) for d, mw in zip(dates, figures, strict=True)))
    if part is not None:
        published = pd.concat([published, totals(("X", "Cloud", dates[-1], part))], ignore_index=True)
    labs = beyond(labs_of([campus("a", tracked_mw)], tenancies(tenant("X", "a"))), published)
    tracked = labs["X", "Cloud"].mw["it"]
    rows = assumptions()
    whole = published[published["cloud_provider"] == "all"]
    drawn = published_it_mw(whole, "X", read_untracked_parameters(rows), SEED, N_DRAWS)
    cells = [cell.untracked_it_mw for (lab, _), cell in labs.items() if lab == "X" and cell.untracked_it_mw is not None]
    assert all((cell[~np.isnan(cell)] >= 0).all() for cell in cells)
    for i, day in enumerate(dates):
        q = quarter(f"{day[:4]}Q4")
        untracked = np.nansum([cell[q] for cell in cells], axis=0)
        at_least = np.maximum(drawn[i], tracked[q])
        if part is None or i < len(dates) - 1:
            assert np.allclose(tracked[q] + untracked, at_least)
        else:
            assert (tracked[q] + untracked >= at_least - 1e-9).all()
    assert np.isnan(labs["X", "unknown"].untracked_it_mw[: quarter("2023Q4")]).all(), "before the first total: unknown"
    assert labs["X", "unknown"].mw["it"].sum() == 0


def test_without_a_published_total_nothing_is_said():
    labs = labs_of([campus("a", 100)], tenancies(tenant("X", "a")))
    for published in (None, totals()):
        assert all(cell.untracked_it_mw is None for cell in beyond(labs, published).values())
    rows = lab_rows(labs)
    assert "untracked_it_capacity_mw_mean" not in rows or rows["untracked_it_capacity_mw_mean"].isna().all()


def test_a_published_total_moves_its_lab_alone():
    def untracked(mw: float) -> dict[Any, Any]:
        labs = labs_of([campus("a", 10), campus("b", 10)], tenancies(tenant("X", "a"), tenant("Y", "b")))
        published = totals(("X", "all", "2025-12-31", mw), ("Y", "all", "2025-12-31", 500.0))
        return {key: cell.untracked_it_mw for key, cell in beyond(labs, published).items()}

    small, large = untracked(400), untracked(800)
    q = quarter("2025Q4")
    assert (large["X", "unknown"][q] > small["X", "unknown"][q]).all()
    assert np.array_equal(small["Y", "unknown"], large["Y", "unknown"], equal_nan=True)
    assert small["Unassigned", "Cloud"] is None


def test_the_residual_goes_to_the_clouds_of_the_deals_and_the_rest_stays_unplaced():
    rows = assumptions(X__Azure=(0.4, 0.8), X__GCP=(0.3, 0.6))
    shares = cloud_shares("X", read_untracked_parameters(rows), SEED, N_DRAWS)
    assert list(shares) == ["Azure", "GCP", "unknown"]
    assert np.allclose(sum(shares.values()), 1)
    assert all((s >= 0).all() for s in shares.values())
    labs = beyond(
        labs_of([campus("a", 10)], tenancies(tenant("X", "a"))), totals(("X", "all", "2025-12-31", 900)), rows
    )
    parts = [labs["X", cloud].untracked_it_mw[quarter("2025Q4")] for cloud in shares]
    assert np.allclose(parts[0] / sum(parts), shares["Azure"])
    assert labs["X", "Cloud"].untracked_it_mw is None, "a cloud no deal names gets none, and no zero either"


def test_between_two_totals_growth_is_constant_and_after_the_last_one_the_residual_fades():
    days = QUARTER_ENDS[[quarter("2023Q4"), quarter("2025Q4")]]
    change = np.array([-0.25, 0.1])
    result = residual(
        np.array([[200.0, 200.0], [800.0, 800.0]]), days, np.full((N_QUARTERS, 2), 50.0), QUARTER_ENDS, change
    )
    assert np.isnan(result[: quarter("2023Q4")]).all()
    assert np.allclose(result[quarter("2023Q4")], 150)
    assert np.allclose(result[quarter("2024Q4")], 400 - 50, rtol=0.002), "the geometric mean, half way"
    assert np.allclose(result[quarter("2025Q4")], 750)
    assert np.allclose(result[quarter("2026Q4")], 750 * np.exp(change * 365 / 365.25))
    above = residual(np.array([[40.0, 40.0]]), days[:1], np.full((N_QUARTERS, 2), 50.0), QUARTER_ENDS, change)
    assert (above[quarter("2023Q4") :] == 0).all(), "listed campuses hold more than was published: nothing is left"


def test_compute_power_is_it_or_facility_power_and_facility_is_divided_by_a_pue():
    published = totals(*(("X", "all", f"202{i}-12-31", 1000.0) for i in (3, 4, 5)))
    published["capacity_log_sd"] = 1e-9
    published["power_basis"] = ["it", "facility", "compute_power"]
    it, facility, either = published_it_mw(published, "X", read_untracked_parameters(assumptions()), SEED, N_DRAWS)
    assert np.allclose(it, 1000)
    assert np.median(facility) == pytest.approx(800, rel=0.01)
    assert (facility < 1000).all()
    means_it = np.isclose(either, it)
    assert means_it.mean() == 0.5
    assert np.allclose(either[~means_it], facility[~means_it])
    with pytest.raises(ValueError, match="power_basis 'gross'"):
        published_it_mw(published.assign(power_basis="gross"), "X", read_untracked_parameters(assumptions()), SEED, 2)


def test_a_missing_assumption_is_named():
    rows = assumptions()
    with pytest.raises(KeyError, match="published_total/it_basis_share"):
        read_untracked_parameters(rows[rows["parameter"] != "it_basis_share"])


def test_tables_hold_what_the_cells_hold():
    rows = tenancies(tenant("X", "a", confidence="speculative"), tenant("Y", "b"))
    published = totals(("X", "all", "2025-12-31", 900), ("Y", "Cloud", "2025-12-31", 500))
    labs = beyond(labs_of([campus("a", 10), campus("b", 10)], rows), published)
    table = lab_rows(labs).set_index(["level", "lab", "cloud_provider", "quarter_start_date"]).sort_index()
    at = pd.Timestamp("2025-10-01")
    x = table.loc[("lab", "X", "all", at)]
    assert x["total_it_capacity_mw_mean"] == pytest.approx(
        x["it_capacity_mw_mean"] + x["untracked_it_capacity_mw_mean"]
    )
    assert x["speculative_share"] == pytest.approx(1)
    assert np.isnan(table.loc[("lab", "Y", "all", at), "total_it_capacity_mw_mean"]), "one cloud's part is no total"
    assert table.loc[("lab_cloud", "Y", "Cloud", at), "total_it_capacity_mw_p50"] > 0
    assert np.isnan(table.loc[("total", "all", "all", at), "untracked_it_capacity_mw_mean"]), "it would count twice"
    draws = lab_draws(labs, N_DRAWS)
    assert np.allclose(
        draws["it_capacity_mw"] + draws["untracked_it_capacity_mw"], draws["total_it_capacity_mw"], equal_nan=True
    )
    mean = draws[(draws["lab"] == "X") & (draws["quarter_start_date"] == at)].groupby("draw_id", observed=True)
    assert mean["untracked_it_capacity_mw"].sum().mean() == pytest.approx(x["untracked_it_capacity_mw_mean"])
    by_campus = campus_draws([campus("a", 10)], N_DRAWS)
    assert len(by_campus) == N_QUARTERS * N_DRAWS
    assert by_campus["it_capacity_mw"].to_numpy() == pytest.approx(campus("a", 10).draws["it"].sum(axis=0).ravel())
