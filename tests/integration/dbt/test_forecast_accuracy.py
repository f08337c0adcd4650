"""The back-test on the bundled evidence: it can be made again, and an as-of build scores what was known by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import run
from ingest.contracts import DOMAINS
from serve import backtest
from serve.build import run_dbt
from settings import settings

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[3]
NEEDED = {"evidence", "epoch_chips", "epoch_data_centers", "forecasts_volumes", "forecasts_capacity"}
NEEDED |= {"tpex_monthly_revenue", "twse_monthly_revenue"}
# The day before Amazon's count became known, the day it was, and the day of the bundle.
BEFORE, ON, TODAY = "2026-02-04", "2026-02-05", "2026-11-22"
Con = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose raw store holds the bundled rows that volumes and their scores rest on."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIGAWATCH_HOME", str(home))
        for domain in DOMAINS:
            for source in NEEDED & set(run.sources_in(domain)):
                run.fetch_source(source, domain)
            run.load_domain(domain)
        yield home


def build(home: Path, as_of: str, raw: Path | None = None) -> Path:
    """The scores as of a day, with their tests, in a warehouse of their own."""
    place = home / f"{(raw or Path('raw')).stem}-{as_of}"
    place.mkdir()
    warehouse = place / "warehouse.duckdb"
    done = run_dbt(
        "build", "--select", "+forecast_scoreboard", "--exclude-resource-type", "unit_test", "--indirect-selection",
        "buildable", as_of=as_of, warehouse=warehouse, raw_db=raw or settings().raw_db, target=place / "target",
        logs=place,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return warehouse


@pytest.fixture(scope="module")
def scores(home: Path) -> Iterator[Callable[[str], Con]]:
    """as_of -> its warehouse, built once."""
    open_builds: dict[str, Con] = {}

    def of(as_of: str) -> Con:
        if as_of not in open_builds:
            open_builds[as_of] = duckdb.connect(str(build(home, as_of)), read_only=True)
        return open_builds[as_of]

    yield of
    for con in open_builds.values():
        con.close()


def one(con: Con, sql: str) -> Any:
    return con.execute(sql).fetchone()


@pytest.mark.parametrize(("engine", "day"), [("volumes", "2025-10-15"), ("capacity", "2026-01-21")])
def test_a_day_can_be_made_again(home: Path, tmp_path: Path, engine: str, day: str) -> None:
    """Rivals to the last digit. Ours within Monte Carlo error: other processors round matrix products otherwise."""
    made = {tuple(row[name] for name in backtest.KEY): row for row in backtest.forecasts_of(engine, day, tmp_path)}
    stored = [row for row in backtest.read(backtest.sample_file(engine)) if row["forecast_as_of"] == day]
    assert set(made) == {tuple(row[name] for name in backtest.KEY) for row in stored}, "run python -m serve.backtest"
    for row in stored:
        again = made[tuple(row[name] for name in backtest.KEY)]
        if not row["forecaster"].startswith("gigawatch"):
            assert again == {**row, "made_on": ""}
            continue
        width = float(row["p95"]) - float(row["p05"])
        for level in ("p05", "p25", "p50", "p75", "p95"):
            assert float(again[level]) == pytest.approx(float(row[level]), abs=0.2 * width + 1), (row, level)


def test_the_score_before_the_outcome_is_open(scores: Callable[[str], Con]) -> None:
    landed = """from marts.forecast_accuracy
        where target = 'landed_chips_stated' and period = '2025Q4' and subject = 'Trainium2'"""
    assert one(scores(BEFORE), f"select count(*) > 0, bool_and(score_basis = 'open') {landed}") == (True, True)
    known = "select count(*) > 0, min(actual_value), max(actual_value), min(actual_known_from)::varchar"
    assert one(scores(ON), f"{known} {landed} and score_basis = 'out_of_sample'") == (True, 1.4e6, 1.4e6, ON)


@pytest.mark.parametrize("as_of", [BEFORE, ON, TODAY])
def test_nothing_known_later_is_in_a_build(scores: Callable[[str], Con], as_of: str) -> None:
    last_forecast, last_outcome = one(
        scores(as_of),
        "select max(forecast_as_of)::varchar, max(actual_known_from)::varchar from marts.forecast_accuracy",
    )
    assert last_forecast <= as_of
    assert last_outcome <= as_of
    assert one(
        scores(as_of),
        """select count(*) from marts.forecast_accuracy
           where score_basis = 'out_of_sample' and actual_known_from <= forecast_as_of""",
    ) == (0,)


def test_a_score_stays_what_it_was(scores: Callable[[str], Con]) -> None:
    """A later build adds scores; those of outcomes that nobody has revised do not change."""
    query = """
        select target, subject, period, forecaster, forecast_as_of, round(crps_value, 3) from marts.forecast_accuracy
        where score_basis = 'out_of_sample' and target = 'landed_chips_stated' order by all
    """
    assert set(scores(ON).execute(query).fetchall()) <= set(scores(TODAY).execute(query).fetchall())


def test_an_early_build_holds_no_forecast_and_does_not_fail(scores: Callable[[str], Con]) -> None:
    assert one(scores("2020-01-01"), "select count(*) from marts.forecast_accuracy") == (0,)
    assert one(scores("2020-01-01"), "select count(*) from marts.forecast_scoreboard") == (0,)


def test_reconstructions_say_so(scores: Callable[[str], Con]) -> None:
    assert one(
        scores(TODAY), "select bool_and(is_reconstructed = (made_on > forecast_as_of)) from marts.forecast_accuracy"
    ) == (True,)


def test_the_board_is_the_mean_of_the_rows(scores: Callable[[str], Con]) -> None:
    rows = (
        scores(TODAY)
        .execute(
            """select forecaster, avg(crps_pct), avg(error_pct), avg(is_inside_p05_p95::int), count(*)
           from marts.forecast_accuracy where target = 'supplier_revenue' and score_basis = 'out_of_sample'
           group by all order by all"""
        )
        .fetchall()
    )
    board = (
        scores(TODAY)
        .execute(
            """select forecaster, crps_pct_mean, error_pct_mean, inside_p05_p95_share, n_forecasts
           from marts.forecast_scoreboard where target = 'supplier_revenue' and score_basis = 'out_of_sample'
           and subject = '(all)' and horizon = '(all)' and forecast_day = '(all)' order by all"""
        )
        .fetchall()
    )
    assert len(rows) == 4
    for expected, found in zip(rows, board, strict=True):
        assert found == pytest.approx(expected) if None not in expected else found[:3] == pytest.approx(expected[:3])


def test_the_ratio_compares_equal_questions(scores: Callable[[str], Con]) -> None:
    """Rivals answered more questions than we did: only those in common count for the ratio."""
    ratio, by_hand, n_common, n = one(
        scores(TODAY),
        """select board.crps_ratio_to_gigawatch,
                  (select avg(rival.crps_pct) / avg(ours.crps_pct)
                   from marts.forecast_accuracy as rival
                   inner join marts.forecast_accuracy as ours using (target, subject, period, forecast_as_of)
                   where rival.forecaster = 'last_value' and ours.forecaster = 'gigawatch'
                     and rival.score_basis = 'out_of_sample'),
                  board.n_in_common, board.n_forecasts
           from marts.forecast_scoreboard as board
           where board.forecaster = 'last_value' and board.subject = '(all)' and board.horizon = '(all)'
             and board.forecast_day = '(all)'""",
    )
    assert ratio == pytest.approx(by_hand)
    assert n_common <= n


def test_the_table_of_the_docs_shows_losses_and_wins(scores: Callable[[str], Con]) -> None:
    lines = backtest.table(scores(TODAY), "volumes").splitlines()
    assert len({line.count("|") for line in lines}) == 1
    shown = {tuple(cell.strip() for cell in line.split("|")[1:5]) for line in lines[2:]}
    for forecaster in ("gigawatch", "last_analyst", "amazon_line", "epoch"):
        assert ("landed_chips_stated", "out of sample", "(all)", forecaster) in shown


def test_one_changed_outcome_moves_exactly_its_scores(home: Path, scores: Callable[[str], Con]) -> None:
    """Accton's December 2025 a tenth higher: its scores move, those of forecasts of other months and suppliers do not.

    The forecasts are on file, so they cannot have been helped by the change.
    """
    raw = home / "changed.duckdb"
    raw.write_bytes(settings().raw_db.read_bytes())
    with duckdb.connect(str(raw)) as con:
        con.execute(
            """update changed.raw.evidence__supplier_monthly_revenue
               set revenue_twd_thousand = (revenue_twd_thousand::bigint * 11 // 10)::varchar
               where ticker = '2345' and revenue_month = '2025-12'"""
        )
    query = """
        select subject, period, forecaster, forecast_as_of, actual_value, round(crps_value, 6)
        from marts.forecast_accuracy where target = 'supplier_revenue' and score_basis = 'out_of_sample'
    """
    before = set(scores(TODAY).execute(query).fetchall())
    with duckdb.connect(str(build(home, TODAY, raw)), read_only=True) as con:
        after = set(con.execute(query).fetchall())
    moved = {row[:2] for row in before ^ after}
    assert moved == {("2345", "2025-12")}


# --- capacity


def test_every_capacity_question_has_one_answer_per_forecaster(scores: Callable[[str], Con]) -> None:
    assert one(
        scores(TODAY),
        """select count(*) from (
               select forecast_as_of, target, subject, period, forecaster from marts.forecast_accuracy
               where engine = 'capacity' group by all having count(*) > 1)""",
    ) == (0,)


def test_only_sites_of_the_vintage_are_scored_and_their_number_is_shown(scores: Callable[[str], Con]) -> None:
    con = scores(TODAY)
    assert one(
        con,
        """select count(*) from marts.forecast_accuracy as scored
           where target = 'site_facility_mw' and not exists (
               select 1 from staging.stg_epoch_data_centers__timeline_vintages as held
               where held.campus_id = scored.subject and held.vintage_date = scored.forecast_as_of)""",
    ) == (0,)
    sites = con.execute(
        """select forecast_day, n_subjects from marts.forecast_scoreboard
           where target = 'site_facility_mw' and forecaster = 'epoch_as_printed' and score_basis = 'out_of_sample'
               and sample = 'all' and forecast_day <> '(all)' order by forecast_day"""
    ).fetchall()
    assert sites[0] == ("2025-11-12", 13)
    assert sites[-1][1] > 5 * sites[0][1], "what the source holds has grown"


def test_an_outcome_is_the_newest_vintages_level(scores: Callable[[str], Con]) -> None:
    """Counted again from the raw vintages, without the model's SQL."""
    query = "select actual_value from marts.forecast_accuracy where target = 'site_facility_mw' and period = '2026Q2'"
    for site in ("anthropic-amazon-new-carlisle", "colossus-2", "meta-hyperion"):
        found = {row[0] for row in scores(TODAY).execute(f"{query} and subject = ?", [site]).fetchall()}
        level = one(
            scores(TODAY),
            f"""select arg_max(facility_capacity_mw, observed_date)
                from staging.stg_epoch_data_centers__timelines
                where campus_id = '{site}' and observed_date <= '2026-06-30' and observed_date <= vintage_date""",
        )
        assert found == set(level), site


def test_the_total_is_that_of_its_sites(scores: Callable[[str], Con]) -> None:
    total, sites = one(
        scores(TODAY),
        """select
               any_value(actual_value) filter (where target = 'all_sites_facility_mw'),
               sum(actual_value) filter (where target = 'site_facility_mw')
           from marts.forecast_accuracy
           where forecast_as_of = '2025-11-12' and period = '2026Q1' and forecaster = 'epoch_as_printed'""",
    )
    assert total == pytest.approx(sites)


def test_what_has_not_happened_is_counted_and_not_scored_as_if_it_had(scores: Callable[[str], Con]) -> None:
    censored, scored, to_date = one(
        scores(TODAY),
        """select count(*), count(crps_value), count(crps_to_date_value) from marts.forecast_accuracy
           where score_basis = 'censored'""",
    )
    assert censored > 100
    assert (scored, to_date) == (0, censored)
    on_board = one(
        scores(TODAY),
        """select sum(n_censored) from marts.forecast_scoreboard
           where sample = 'all' and subject = '(all)' and horizon = '(all)' and forecast_day = '(all)'""",
    )
    assert on_board == (censored,)


def test_percent_are_kept_from_dates_and_empty_sites(scores: Callable[[str], Con]) -> None:
    assert one(
        scores(TODAY),
        """select count(*) from marts.forecast_accuracy
           where error_pct is not null and (unit = 'days' or actual_value = 0)""",
    ) == (0,)
    assert one(
        scores(TODAY),
        """select count(*) > 0, count(crps_pct_mean), bool_and(crps_value_mean is not null or n_forecasts = 0)
           from marts.forecast_scoreboard where target in ('site_facility_mw', 'step_date')""",
    ) == (True, 0, True)


def test_a_level_taken_back_is_open_again(scores: Callable[[str], Con]) -> None:
    """Helios: 30 June 2026 went by unchanged, was printed as past from July on, and moved to 30 August in September."""
    query = """select distinct score_basis, actual_value, score_flag from marts.forecast_accuracy
        where target = 'step_date' and subject = 'coreweave-helios' and period = '1 building'
            and forecast_as_of = '2026-05-23'"""
    june, august = 2372.0, 2433.0  # days after 2020-01-01
    assert one(scores("2026-08-03"), query) == ("out_of_sample", june, "unconfirmed")
    basis, actual, _ = one(scores(TODAY), query)
    assert (basis, actual) == ("out_of_sample", august)


def test_the_capacity_table_shows_every_rival(scores: Callable[[str], Con]) -> None:
    text = backtest.table(scores(TODAY), "capacity")
    for forecaster in ("gigawatch", "epoch_as_printed", "epoch_plus_90_days"):
        for target in ("site_facility_mw", "all_sites_facility_mw", "step_date"):
            assert f"| {target} | all | {forecaster} |" in text
    assert "| 2025-11-12 |" in text


def later(home: Path, name: str, *statements: str) -> Path:
    """A copy of the raw store with something changed in it."""
    raw = home / f"{name}.duckdb"
    raw.write_bytes(settings().raw_db.read_bytes())
    with duckdb.connect(str(raw)) as con:
        for statement in statements:
            con.execute(statement.replace("{raw}", f"{name}.raw"))
    return raw


def capacity_on(day: str, raw: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, ...]]:
    """What is forecast on a day from a raw store."""
    home = place / raw.stem
    (home / "raw").mkdir(parents=True)
    (home / "raw" / "raw.duckdb").write_bytes(raw.read_bytes())
    monkeypatch.setenv("GIGAWATCH_HOME", str(home))
    return {tuple(row.values()) for row in backtest.forecasts_of("capacity", day, home)}


def test_rows_known_later_change_nothing(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every vintage after the day doubled and 200 days later, and a deal of the day after: not a digit moves.

    The same rows known on the day do move it, so they are read at all.
    """
    day = "2026-01-03"
    timelines = "{raw}.epoch_data_centers__data_center_timelines"
    deal = """insert into {raw}.evidence__deals by name
        select * replace ('planted' as deal_id, 'goodnight' as campus_id, '2026-02' as start_period,
            date '%s' as _known_from, '%s' as known_from)
        from {raw}.evidence__deals limit 1"""
    doubled = f"""update {timelines} set "Power (MW)" = ("Power (MW)"::double * 2)::varchar,
        "Date" = ("Date"::date + 200)::varchar where _known_from::date %s"""
    plain = later(home, "plain")
    planted = later(home, "planted", doubled % f"> '{day}'", deal % (("2026-01-04",) * 2))
    known = later(home, "known", doubled % f"<= '{day}'", deal % (("2026-01-03",) * 2))
    before = capacity_on(day, plain, tmp_path, monkeypatch)
    assert capacity_on(day, planted, tmp_path, monkeypatch) == before
    moved = capacity_on(day, known, tmp_path, monkeypatch)
    assert moved != before
    assert any("company_target" in row and "goodnight" in row for row in moved - before)


def test_one_later_step_moves_exactly_its_scores(home: Path, scores: Callable[[str], Con]) -> None:
    """Colossus 2 reaches its levels of 2026 a month later in the newest vintage: its scores move, and the totals."""
    raw = later(
        home,
        "moved",
        """update {raw}.epoch_data_centers__data_center_timelines set "Date" = ("Date"::date + 31)::varchar
           where "Data center" like '%Colossus 2%' and _known_from::date >= '2026-09-24'
               and "Date" between '2026-01-01' and '2026-08-01'""",
    )
    query = """select target, subject, period, forecast_as_of, forecaster, actual_value, round(crps_value, 6),
        round(crps_to_date_value, 6) from marts.forecast_accuracy where score_basis <> 'open' and engine = 'capacity'"""
    before = set(scores(TODAY).execute(query).fetchall())
    with duckdb.connect(str(build(home, TODAY, raw)), read_only=True) as con:
        after = set(con.execute(query).fetchall())
    moved = {row[:2] for row in before ^ after}
    assert ("site_facility_mw", "colossus-2") in moved or ("step_date", "colossus-2") in moved
    assert {subject for _, subject in moved if not subject.startswith("sites of ")} == {"colossus-2"}
