"""Pictures from tiny published files: whole, the same bytes twice, other bytes for other figures, none for none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve import ablation
from serve.pictures import scores, style, tco
from serve.pictures.__main__ import PICTURES, draw, main
from serve.pictures.capacity import main_clouds
from serve.pictures.volumes import most_changed

LEVELS = ("p05", "p50", "p95")


def _levels(name: str, unit: str) -> str:
    """Three quantile columns around the SQL expression `unit`."""
    return ", ".join(
        f"{factor} * ({unit}) as {name}_{level}" for level, factor in zip(LEVELS, (0.5, 1, 2), strict=True)
    )


def _write_published(path: Path) -> None:
    volume_measures = ("package_units", "rack_units", "installed_chip_units")
    columns = [_levels(f"{prefix}{name}", "n") for name in volume_measures
               for prefix in ("", "low_scenario_", "high_scenario_")]  # fmt: skip
    columns += [_levels(f"{name}_cumulative", "n * quarter") for name in volume_measures]
    quarters = (
        "(select range as quarter, (date '2025-01-01' + to_months(3 * range::integer))::date as day from range(8))"
    )
    with duckdb.connect(str(path)) as con:
        con.execute(
            f"""
            create schema marts;
            create table marts.trainium_volumes_quarterly as
            select sku_id, sku_level, generation, aws_name, industry_codename, day as quarter_start_date,
                date '2026-03-01' as as_of_date, {", ".join(columns)}
            from (values ('a', 'sku', 'Trainium2', 'Server A', null, 1000), ('b', 'sku', 'Trainium3', null, null, 2000),
                ('all:Trainium2', 'generation', 'Trainium2', null, null, 1000),
                ('all:Trainium3', 'generation', 'Trainium3', null, null, 2000),
                ('all:Trainium', 'family', 'all', null, null, 3000)
            ) as s (sku_id, sku_level, generation, aws_name, industry_codename, n), {quarters};

            create table marts.supplier_exposure as select '2059' as ticker, 'Slides Ltd' as supplier;

            create table marts.lab_capacity_quarterly as
            select if(cloud = 'all', 'lab', 'lab_cloud') as level, lab, cloud as cloud_provider,
                lab = 'Unassigned' as is_unassigned, day as quarter_start_date, date '2026-03-01' as as_of_date,
                {_levels("it_capacity_mw", "mw * quarter")}, mw * quarter as it_capacity_mw_mean,
                1.2 * mw * quarter as energised_it_capacity_mw_mean, mw as under_construction_it_capacity_mw_mean,
                {_levels("untracked_it_capacity_mw", "rest")}, rest as untracked_it_capacity_mw_mean,
                {_levels("total_it_capacity_mw", "mw * quarter + coalesce(rest, 0)")}
            from (values ('Lab', 'all', 300, 50), ('Lab', 'AWS', 200, 50), ('Lab', 'Azure', 100, null),
                ('Unassigned', 'all', 80, null), ('Unassigned', 'AWS', 80, null)
            ) as s (lab, cloud, mw, rest), {quarters};

            create table marts.campus_capacity_quarterly as
            select 'c' as campus_id, 'Campus' as campus_name, 900.0 as facility_capacity_mw_stated;

            create table marts.campus_timeline as
            select 'c' as campus_id, building_id, stage, seen::date as seen_date,
                first_printed::date as first_planned_date, printed::date as planned_date,
                low::date as date_p05, middle::date as date_p50, null::date as date_p95,
                date '2026-03-01' as as_of_date
            from (values
                ('c-1', 'operational', '2019-05-01', null, null, null, null),
                ('c-2', 'operational', '2025-05-01', '2025-02-01', null, null, null),
                ('c-3', 'operational', null, '2026-02-01', '2026-09-01', '2026-08-01', '2027-01-01'),
                ('c-4', 'roofed', '2025-09-01', null, null, null, null),
                (null, 'operational', '2025-05-01', null, null, null, null)
            ) as s (building_id, stage, seen, first_printed, printed, low, middle);

            create table marts.forecast_accuracy as
            select engine, 'target' as target, 'actual' as target_kind, 'out_of_sample' as score_basis,
                false as is_point_forecast, forecaster,
                range::varchar as subject, '2025Q1' as period, date '2025-01-01' as forecast_as_of,
                'root' as actual_root_id, range::double as actual_value, date '2026-03-01' as as_of_date,
                null::varchar as score_flag, null::double as censored_at_value,
                2.0 as forecast_value_p05, 4.0 as forecast_value_p10, 20.0 as forecast_value_p50,
                36.0 as forecast_value_p90, 38.0 as forecast_value_p95
            from range(40), (values ('volumes'), ('capacity')) as e (engine),
                (values ('gigawatch'), ('rival')) as f (forecaster);

            create table marts.tco_by_system as
            select system_id, system_name, buyer_class, assumption_vintage, component, component_kind, is_bound
                as is_derived_bound, {_levels("usd_per_chip_hour", "usd")}, usd as usd_per_chip_hour_mean,
                date '2026-03-01' as as_of_date
            from (values ('gb200-nvl72', 'GB200 NVL72', false), ('trn2-ultraserver', 'Trn2 UltraServer (two)', true))
                as s (system_id, system_name, is_bound),
                (values ('hyperscaler', 'v2025'), ('hyperscaler', 'v2026'), ('renter', 'v2026'))
                    as b (buyer_class, assumption_vintage),
                (values ('server', 'capital', 1.0), ('storage', 'capital', 0.1), ('software', 'capital', 0.2),
                    ('electricity', 'operating', 0.3), ('internet', 'operating', 0.4), ('total', 'total', 2.0)
                ) as c (component, component_kind, usd);

            create table marts.tco_pairwise as
            select unnest(['gb200-nvl72', 'trn2-ultraserver', 'gaudi3']) as system_id;

            create table marts.tco_metrics as
            select system_id, system_name, vendor, 'hyperscaler' as buyer_class, assumption_vintage, is_derived_bound,
                {_levels("tco_usd_per_chip_hour", "usd")}, {_levels("usd_per_tb_per_s_hour", "usd / 8")},
                {_levels("usd_per_effective_pflop_hour", "usd * per_pflop")}, date '2026-03-01' as as_of_date
            from (values ('gb200-nvl72', 'GB200 NVL72', 'Nvidia', false, 2.0, 1.1),
                ('trn2-ultraserver', 'Trn2 UltraServer (two)', 'AWS', true, 0.6, 5.0),
                ('gaudi3', 'Gaudi3', 'Intel', false, 1.0, null), ('other', 'Another box', 'Maker', false, 1.0, 1.0)
            ) as s (system_id, system_name, vendor, is_derived_bound, usd, per_pflop),
                (values ('v2025'), ('v2026')) as v (assumption_vintage);

            create table marts.tco_sensitivity as
            select system_id, system_name, is_derived_bound, 'hyperscaler' as buyer_class, assumption_vintage, metric,
                input_name, input_unit, input_low_value, input_high_value, change_at_low_pct, change_at_high_pct,
                abs(change_at_high_pct - change_at_low_pct) as swing_pct, swing_pct_rank, 2.0 as metric_at_mid_value,
                date '2026-03-01' as as_of_date
            from (values ('gb200-nvl72', 'GB200 NVL72', false), ('trn2-ultraserver', 'Trn2 UltraServer (two)', true))
                as s (system_id, system_name, is_derived_bound),
                (values ('tco_usd_per_chip_hour'), ('usd_per_effective_pflop_hour')) as m (metric),
                (values ('v2025'), ('v2026')) as v (assumption_vintage),
                (values ('capex', 'USD/chip', 40000.0, 60000.0, -10.0, 12.0, 1),
                    ('life_years', 'years', 5, 6.5, 9, -4, 2),
                    ('mfu_share', 'share', 0.3, 0.45, 5, -3, 3),
                    ('pue_ratio', 'ratio', 1.08, 1.2, 0, 0, 4)
                ) as i (input_name, input_unit, input_low_value, input_high_value, change_at_low_pct,
                    change_at_high_pct, swing_pct_rank);
            """
        )


def _write_studies(folder: Path) -> None:
    shown = [("Trainium2", "package_units"), ("Trainium2", "installed_chip_units"), ("Trainium3", "package_units"),
             ("Trainium3", "installed_chip_units")]  # fmt: skip
    lines = ["as_of_date,variant,generation,measure,units_p05,units_p50,units_p95"]
    for variant, factor in (("all", 1), ("without 2059", 2)):
        lines += [f"2026-03-01,{variant},{g},{m},{10000 * factor},{20000 * factor},{40000 * factor}" for g, m in shown]
    (folder / "ablation_volumes.csv").write_text("\n".join(lines) + "\n")
    (folder / "beliefs_volumes.csv").write_text(
        "as_of_date,belief,prior_sd_p05,prior_sd_p50,prior_sd_p95\n"
        "2026-03-01,2059/content_usd_per_rack,-0.5,0.1,0.7\n2026-03-01,cowos/aws_share_ceiling,0.1,1.0,2.1\n"
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "gigawatch.duckdb"
    _write_published(path)
    _write_studies(path.parent)
    return path


@pytest.fixture
def changed(published: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy at tmp_path/gigawatch.duckdb, open for changes."""
    (tmp_path / "gigawatch.duckdb").write_bytes(published.read_bytes())
    with duckdb.connect(str(tmp_path / "gigawatch.duckdb")) as con:
        yield con


def _bytes(database: Path, studies: Path, folder: Path, name: str) -> bytes:
    path = draw(database, studies, folder, [name])[name]
    assert path is not None
    return path.read_bytes()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_whole_and_twice_the_same(published: Path, tmp_path: Path, name: str) -> None:
    first = _bytes(published, published.parent, tmp_path, name)
    text = first.decode()
    ElementTree.fromstring(text)
    assert "as of 2026-03-01" in text, "every picture says of which day it is"
    assert not re.search(r"<dc:date>|\.\d{3}", text), "no date of drawing, no spurious decimals"
    assert _bytes(published, published.parent, tmp_path, name) == first
    assert list(tmp_path.glob("*.tmp")) == []


CHANGES = {
    "volumes_generations": "update marts.trainium_volumes_quarterly set high_scenario_package_units_p50 = 1900",
    "volumes_skus": "update marts.trainium_volumes_quarterly set package_units_p50 = 1100 where sku_id = 'b'",
    "volumes_stages": "update marts.trainium_volumes_quarterly set rack_units_cumulative_p95 = 99000",
    "volumes_signals": "update marts.supplier_exposure set supplier = 'Rails Ltd'",
    "volumes_beliefs": "update marts.supplier_exposure set supplier = 'Rails Ltd'",
    "volumes_calibration": "update marts.forecast_accuracy set actual_value = 3 where subject = '0'",
    "capacity_labs": "update marts.lab_capacity_quarterly set under_construction_it_capacity_mw_mean = 7",
    "capacity_lab_clouds": "update marts.lab_capacity_quarterly set it_capacity_mw_mean = 9 where level = 'lab_cloud'",
    "capacity_campuses": "update marts.campus_timeline set planned_date = date '2026-12-01' where building_id = 'c-3'",
    "capacity_calibration": "update marts.forecast_accuracy set actual_value = 3 where subject = '0'",
    "tco_waterfall": "update marts.tco_by_system set usd_per_chip_hour_p95 = 3 where component = 'total'",
    "tco_rankings": "update marts.tco_metrics set is_derived_bound = true where system_id = 'gb200-nvl72'",
    "tco_tornado": "update marts.tco_sensitivity set change_at_high_pct = 8 where input_name = 'capex'",
}


@pytest.mark.parametrize("name", PICTURES)
def test_another_figure_is_another_picture(
    published: Path, tmp_path: Path, changed: duckdb.DuckDBPyConnection, name: str
) -> None:
    before = _bytes(published, published.parent, tmp_path, name)
    changed.execute(CHANGES[name])
    changed.close()
    assert _bytes(tmp_path / "gigawatch.duckdb", published.parent, tmp_path, name) != before


def test_what_is_not_known_is_not_drawn(tmp_path: Path, changed: duckdb.DuckDBPyConnection) -> None:
    for (table,) in changed.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall():
        changed.execute(f"delete from marts.{table}")
    changed.close()
    old = tmp_path / "volumes_skus.svg"
    old.write_text("the last good picture")
    assert set(draw(tmp_path / "gigawatch.duckdb", tmp_path, tmp_path).values()) == {None}
    assert old.read_text() == "the last good picture"


def test_the_text_names_suppliers_and_systems(published: Path, tmp_path: Path) -> None:
    signals = _bytes(published, published.parent, tmp_path, "volumes_signals").decode()
    assert "without Slides Ltd" in signals and "2059" not in signals
    beliefs = _bytes(published, published.parent, tmp_path, "volumes_beliefs").decode()
    assert "Slides Ltd: content USD per rack" in beliefs and "CoWoS: AWS share ceiling" in beliefs
    systems = _bytes(published, published.parent, tmp_path, "volumes_skus").decode()
    assert "Server A" in systems and "code B" in systems


def test_what_a_chip_hour_is_made_of(published: Path, tmp_path: Path) -> None:
    waterfall = _bytes(published, published.parent, tmp_path, "tco_waterfall").decode()
    assert "vintage v2026" in waterfall and "Trn2 UltraServer (derived bound)" in waterfall
    assert "GB200 NVL72 (derived bound)" not in waterfall and "back-end network" in waterfall
    rankings = _bytes(published, published.parent, tmp_path, "tco_rankings").decode()
    assert rankings.count("not known") == 1, "Gaudi3 has no MFU; it is named, not drawn at zero"
    assert "Another box" not in rankings, "one system per accelerator: those of the pairs"
    tornado = _bytes(published, published.parent, tmp_path, "tco_tornado").decode()
    assert "all-in capex, 40,000-60,000 USD/chip" in tornado and "MFU, 30-45%" in tornado
    assert "PUE" not in tornado, "what moves nothing has no bar"


@pytest.mark.parametrize("name", ["tco_waterfall", "tco_rankings", "tco_tornado"])
def test_cost_pictures_are_of_the_newest_vintage_of_hyperscalers(
    published: Path, tmp_path: Path, changed: duckdb.DuckDBPyConnection, name: str
) -> None:
    before = _bytes(published, published.parent, tmp_path, name)
    for mart in ("tco_by_system", "tco_metrics", "tco_sensitivity"):
        changed.execute(f"delete from marts.{mart} where assumption_vintage = 'v2025' or buyer_class = 'renter'")
    changed.close()
    assert _bytes(tmp_path / "gigawatch.duckdb", published.parent, tmp_path, name) == before


def test_the_command_says_what_it_wrote(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIGAWATCH_HOME", str(tmp_path))
    assert main(["volumes_skus", "--into", str(tmp_path)]) == 1
    assert "make run" in capsys.readouterr().err
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "gigawatch.duckdb").write_bytes(published.read_bytes())
    assert main(["volumes_skus", "--into", str(tmp_path)]) == 0
    assert f"wrote {tmp_path / 'volumes_skus.svg'}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["volumes_sku"])
    assert "no such picture: volumes_sku;" in capsys.readouterr().err


def test_what_the_ablation_saves_is_what_is_drawn(tmp_path: Path, published: Path) -> None:
    warehouse = tmp_path / "build.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute(
            """
            create schema intermediate;
            create table intermediate.int_volumes__posterior as
            select range::integer as draw_id, latent, (range - 50) / 100.0 + shift as score
            from range(101), (values ('cowos/aws_share_ceiling', 1.0), ('walk/Trainium2/01', 2.0), ('base/2059', 3.0))
                as l (latent, shift)
            """
        )
    beliefs = ablation.beliefs_of(warehouse)
    assert beliefs == [("cowos/aws_share_ceiling", *(pytest.approx(value) for value in (0.55, 1.0, 1.45)))]
    shown = [(g, m) for g in ("Trainium2", "Trainium3") for m in ("package_units", "installed_chip_units")]
    rows = [(variant, *figure, 1e4, 2e4, 3e4) for variant in ("all", "without, a comma") for figure in shown]
    ablation.save(tmp_path, "2026-03-01", rows, beliefs)
    assert "without, a comma" in _bytes(published, tmp_path, tmp_path, "volumes_signals").decode()
    assert "the 1 beliefs" in _bytes(published, tmp_path, tmp_path, "volumes_beliefs").decode()


# ---------------------------------------------------------------------------------------------------------- arithmetic


def _forecasts(rows: list[list[float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["actual_value", *scores.QUANTILES]).assign(censored_at_value=np.nan)


quantiles = st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5).map(sorted)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), quantiles), min_size=1, max_size=30))
def test_shares_below_rise_with_the_quantile(rows: list[tuple[float, list[float]]]) -> None:
    frame = _forecasts([[actual, *levels] for actual, levels in rows])
    shares = scores.shares_below(frame)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


def test_an_outcome_on_the_quantile_counts_half() -> None:
    assert scores.shares_below(_forecasts([[0.0] * 6])) == [0.5] * 5


def test_what_has_not_happened_counts_up_to_the_day_it_is_known() -> None:
    came, open_still = [15.0, 10, 20, 30, 40, 50], [np.nan, 10, 20, 30, 40, 50]
    frame = _forecasts([came, open_still]).assign(censored_at_value=25.0)
    # p05 = 10: neither had come; p10 = 20: one of two; p50 and later lie behind day 25.
    assert scores.shares_below(frame)[:2] == [0.0, 0.5]
    assert np.isnan(scores.shares_below(frame)[2:]).all()
    assert np.isnan(scores.shares_below(frame, at_least=3)).all()


@given(st.floats(-3, 3), st.floats(0.05, 3))
def test_an_unmoved_belief_tells_nothing(shift: float, width: float) -> None:
    edge = 1.645
    frame = pd.DataFrame(
        [["same", -edge, 0, edge], ["moved", shift - width * edge, shift, shift + width * edge]],
        columns=["belief", "prior_sd_p05", "prior_sd_p50", "prior_sd_p95"],
    )
    gain = most_changed(frame, 2).set_index("belief")["gain"]
    assert gain["same"] == pytest.approx(0, abs=1e-12)
    assert gain["moved"] >= -1e-12
    assert most_changed(frame, 1)["belief"].tolist() == ["moved"] or gain["moved"] == pytest.approx(0, abs=1e-9)


parts = st.lists(
    st.tuples(st.sampled_from(["server", "storage", "software", "frontend_network"]), st.floats(0, 10)), max_size=4,
    unique_by=lambda part: part[0],
)  # fmt: skip


@given(parts, st.floats(0, 10), st.floats(0, 10))
def test_steps_end_at_the_total(capital: list[tuple[str, float]], power: float, hands: float) -> None:
    rows = [(name, "capital", usd) for name, usd in capital]
    rows += [("remote_hands", "operating", hands), ("electricity", "operating", power)]
    total = sum(usd for *_, usd in rows)
    frame = pd.DataFrame([*rows, ("total", "total", total)],
                         columns=["component", "component_kind", "usd_per_chip_hour_mean"])  # fmt: skip
    table = tco.steps(frame)
    assert table["usd"].sum() == pytest.approx(total)
    assert table["start"].iloc[0] == pytest.approx(0)
    ends = table["start"] + table["usd"]
    assert ends.iloc[:-1].tolist() == pytest.approx(table["start"].iloc[1:].tolist())
    assert ends.iloc[-1] == pytest.approx(total)
    assert table["kind"].tolist() == sorted(table["kind"]), "capital first"
    assert table.loc["other operating", "usd"] == hands


cells = st.lists(
    st.tuples(st.sampled_from("LMN"), st.sampled_from("abcdef"), st.floats(1, 1e4)),
    min_size=1, max_size=18, unique_by=lambda cell: cell[:2],
)  # fmt: skip


@given(cells, st.integers(3, 6))
def test_the_largest_cloud_of_each_lab_has_a_colour(rows: list[tuple[str, str, float]], n: int) -> None:
    frame = pd.DataFrame(rows, columns=["lab", "cloud_provider", "tracked_mw"])
    chosen = main_clouds(frame, n)
    assert len(chosen) == min(n, frame["cloud_provider"].nunique()) == len(set(chosen))
    for _, of_lab in frame.groupby("lab"):
        largest = of_lab[of_lab["tracked_mw"] == of_lab["tracked_mw"].max()]["cloud_provider"]
        assert set(largest) & set(chosen) or frame["tracked_mw"].duplicated().any()


def test_dates_as_years() -> None:
    days = pd.Series([pd.Timestamp("2025-01-01"), pd.Timestamp("2025-07-02")])
    assert style.years(days).tolist() == pytest.approx([2025, 2025.498], abs=0.001)
    assert style.years(days, shift_months=3)[0] == pytest.approx(2025.25)
    assert np.all(np.diff(style.years(pd.Series(pd.date_range("2023-12-25", "2024-01-05")))) > 0)
