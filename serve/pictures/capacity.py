"""Pictures of docs/methods/capacity.md: SQL on the published file in, a figure out; None where nothing is known."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from serve.pictures import style

Connection = duckdb.DuckDBPyConnection

N_LABS = 12
N_STACKED_LABS = 6
N_CLOUDS = 10
N_CAMPUSES = 25
# The Gantt looks back so many calendar years; what is older stands at its left edge.
GANTT_YEARS_BACK = 2
_LANE_PER_MARK = 0.22
_DATES = ["seen_date", "first_planned_date", "planned_date", "date_p05", "date_p50", "date_p95"]
_OTHER = "other clouds"
_UNTRACKED: dict[str, Any] = {"facecolor": "white", "edgecolor": style.GREY, "hatch": "////"}


def labs(con: Connection, _: Path) -> Figure | None:
    """IT capacity of each lab: operational with its band, with what is being built, and with the untracked rest."""
    frame = con.sql(
        "select * from marts.lab_capacity_quarterly where level = 'lab' order by lab, quarter_start_date"
    ).df()
    if frame.empty:
        return None
    last = frame[frame["quarter_start_date"] == frame["quarter_start_date"].max()]
    order = last.sort_values(["is_unassigned", "it_capacity_mw_mean"], ascending=[True, False])["lab"].tolist()
    shown = [lab for lab in order if lab != "Unassigned"][: N_LABS - 1] + [lab for lab in order if lab == "Unassigned"]
    figure, axes = style.canvas(11, 2.0 * -(-len(shown) // 4) + 0.9, -(-len(shown) // 4), 4)
    as_of = _as_of(frame)
    for number, (axis, lab) in enumerate(zip(axes.flat, shown, strict=False)):
        rows = frame[frame["lab"] == lab]
        x = style.years(rows["quarter_start_date"], 3)
        style.fan(axis, x, *(rows[f"it_capacity_mw_{level}"] / 1e3 for level in ("p05", "p50", "p95")), style.BLUE)
        # Means: the median of a sum is not the sum of medians.
        begun = rows["energised_it_capacity_mw_mean"] + rows["under_construction_it_capacity_mw_mean"]
        axis.plot(x, begun / 1e3, color=style.GREEN, linestyle="--", linewidth=1.2)
        # Unknown (no published total) is a gap, not zero.
        low, middle, high = (rows[f"total_it_capacity_mw_{level}"] / 1e3 for level in ("p05", "p50", "p95"))
        has_residual = rows["untracked_it_capacity_mw_p50"].notna()
        if has_residual.any():
            style.fan(axis, x, *(values.where(has_residual) for values in (low, middle, high)), style.ORANGE)
        _years_of(axis, frame)
        style.mark_as_of(axis, as_of, is_named=number == 0)
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.set_title("No known tenant" if lab == "Unassigned" else lab)
        axis.set_ylabel("IT GW" if number % 4 == 0 else "")
    style.no_panel(axes.flat[len(shown) :])
    handles = [
        Line2D([], [], color=style.BLUE, label="operational, tracked"),
        Line2D([], [], color=style.GREEN, linestyle="--", label="and under construction (mean)"),
        Line2D([], [], color=style.ORANGE, label="operational with the untracked rest"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=3)
    source = "marts.lab_capacity_quarterly (quarter ends; line: median, band: p05-p95)"
    return style.finish(figure, "IT capacity by lab", source, as_of)


def lab_clouds(con: Connection, _: Path) -> Figure | None:
    """Mean IT capacity of the largest labs stacked by the cloud that runs it; means add up, percentiles do not."""
    frame = con.sql(
        """
        select lab, cloud_provider, quarter_start_date, as_of_date, it_capacity_mw_mean as tracked_mw,
            coalesce(untracked_it_capacity_mw_mean, 0) as untracked_mw
        from marts.lab_capacity_quarterly
        where level = 'lab_cloud' and not is_unassigned
        """
    ).df()
    if frame.empty:
        return None
    newest = frame[frame["quarter_start_date"] == frame["quarter_start_date"].max()]
    lab_names = newest.groupby("lab")["tracked_mw"].sum().sort_values(ascending=False).index[:N_STACKED_LABS]
    frame = frame[frame["lab"].isin(lab_names)]
    clouds = main_clouds(newest[newest["lab"].isin(lab_names)], N_CLOUDS)
    frame["cloud"] = frame["cloud_provider"].where(frame["cloud_provider"].isin(clouds), _OTHER)
    colours = {**dict(zip(clouds, style.STACK, strict=False)), _OTHER: style.LIGHT}
    figure, axes = style.canvas(11, 6.2, 2, 3)
    as_of = _as_of(frame)
    for number, (axis, lab) in enumerate(zip(axes.flat, lab_names, strict=False)):
        rows = frame[frame["lab"] == lab]
        tracked = _wide(rows, "tracked_mw", list(colours)) / 1e3
        untracked = rows.groupby("quarter_start_date")["untracked_mw"].sum() / 1e3
        x = style.years(tracked.index.to_series(), 3)
        axis.stackplot(x, tracked.to_numpy().T, colors=list(colours.values()), linewidth=0)
        top = tracked.sum(axis=1)
        if untracked.max() > 0:
            axis.fill_between(x, top, top + untracked, **_UNTRACKED, linewidth=0)
        _years_of(axis, frame)
        style.mark_as_of(axis, as_of, is_named=number == 0)
        axis.set_ylim(bottom=0)
        axis.set_title(lab)
        axis.set_ylabel("IT GW, mean" if number % 3 == 0 else "")
    style.no_panel(axes.flat[len(lab_names) :])
    handles = [Patch(color=colour, label=cloud) for cloud, colour in colours.items()]
    if frame["untracked_mw"].max() > 0:
        handles.append(Patch(**_UNTRACKED, label="untracked rest"))
    figure.legend(handles=handles, loc="outside right upper")
    source = "marts.lab_capacity_quarterly (operational at quarter ends, means of the draws)"
    return style.finish(figure, "Where the labs' IT capacity stands", source, as_of)


def campuses(con: Connection, _: Path) -> Figure | None:
    """For the largest campuses, when buildings were seen operational, and when the rest is printed and modelled."""
    frame = con.sql(
        f"""
        with largest as (
            select campus_id, any_value(campus_name) as campus_name, max(facility_capacity_mw_stated) as facility_mw
            from marts.campus_capacity_quarterly
            group by campus_id
            order by facility_mw desc nulls last, campus_id
            limit {N_CAMPUSES}
        ),

        -- Buildings of one campus with the same dates, seen and printed, are one mark; its modelled dates are of the
        -- middle building. No modelled p95 means later than the horizon, and so counts as late.
        marks as (
            select
                l.campus_id, l.campus_name, l.facility_mw, t.seen_date, t.first_planned_date, t.planned_date,
                {", ".join(_middle(level) for level in ("date_p05", "date_p50", "date_p95"))},
                max(t.as_of_date) as as_of_date, count(*) as n_buildings
            from marts.campus_timeline as t
            inner join largest as l using (campus_id)
            where t.stage = 'operational' and t.building_id is not null
                and coalesce(t.seen_date, t.planned_date, t.date_p05) is not null
            group by all
        )

        from marks
        order by facility_mw desc, campus_id, coalesce(seen_date, date_p50, planned_date) nulls last,
            planned_date, first_planned_date, n_buildings
        """
    ).df()
    if frame.empty:
        return None
    as_of = _as_of(frame)
    names = frame.drop_duplicates("campus_id")[["campus_id", "campus_name", "facility_mw"]]
    # A lane is as high as its marks need, so that many dates of one campus stay apart.
    n_marks = frame.groupby("campus_id").size().reindex(names["campus_id"])
    edges = np.concatenate([[0.0], np.cumsum(np.maximum(1.0, _LANE_PER_MARK * n_marks.to_numpy()))])
    middles = (edges[:-1] + edges[1:]) / 2
    figure, axes = style.canvas(11, 0.33 * edges[-1] + 1.5)
    axis = axes[0, 0]
    first_year, last_year = as_of.year - GANTT_YEARS_BACK, max(_last_year(frame), as_of.year + 2)
    earliest = pd.Timestamp(first_year, 1, 1)
    frame[_DATES] = frame[_DATES].apply(pd.to_datetime).clip(lower=earliest)
    for lane, campus_id in enumerate(names["campus_id"]):
        _campus_lane(axis, edges[lane], edges[lane + 1], frame[frame["campus_id"] == campus_id], last_year + 1.0)
        if lane % 2:
            axis.axhspan(edges[lane], edges[lane + 1], color="#f5f7f9", zorder=0)
    labels = [f"{row.campus_name}  {row.facility_mw / 1e3:.1f} GW" for row in names.itertuples()]
    axis.set_yticks(middles, labels)
    axis.set_ylim(edges[-1], 0)
    axis.grid(visible=False, axis="y")
    style.year_axis(axis, first_year, last_year)
    style.mark_as_of(axis, as_of)
    handles = [
        Line2D([], [], marker="o", linestyle="", color=style.GREEN, label="seen operational (larger: more buildings)"),
        Line2D([], [], color=style.BLUE, linewidth=4, alpha=0.35, label="modelled, p05-p95"),
        Line2D([], [], marker="|", markersize=8, linestyle="", color=style.BLUE, label="modelled, median"),
        Line2D(
            [], [], marker="D", markersize=4.5, linestyle="", mfc="white", color=style.ORANGE, label="newest printed"
        ),
        Line2D([], [], marker="x", markersize=4.5, color=style.ORANGE, label="first printed, and the slip since"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=3)
    edges_mean = "left edge: earlier, bars to the right edge: p95 beyond the horizon"
    source = f"marts.campus_timeline, stage operational ({edges_mean}; GW: largest facility power printed)"
    return style.finish(figure, "Buildings of the largest campuses", source, as_of)


def main_clouds(rows: pd.DataFrame, n: int) -> list[str]:
    """The `n` clouds that get a colour: the largest one of each lab first, then the others by their largest cell."""
    is_first = rows["tracked_mw"] == rows.groupby("lab")["tracked_mw"].transform("max")
    sizes = rows.assign(is_first=is_first).groupby("cloud_provider")[["is_first", "tracked_mw"]].max().reset_index()
    order = sizes.sort_values(["is_first", "tracked_mw", "cloud_provider"], ascending=[False, False, True])
    return order["cloud_provider"].head(n).tolist()


# ------------------------------------------------------------------------------------------------------------- helpers


def _middle(column: str) -> str:
    return f"nullif(quantile_disc(coalesce(t.{column}, 'infinity'::date), 0.5), 'infinity'::date) as {column}"


def _campus_lane(axis: Axes, top: float, bottom: float, rows: pd.DataFrame, right_edge: float) -> None:
    """One campus: its groups of buildings from the top to the bottom of the lane, by date."""
    places = np.linspace(top, bottom, len(rows) + 2)[1:-1]
    for y, row in zip(places, rows.itertuples(), strict=True):
        if pd.notna(row.seen_date):
            size = 10 + 7 * float(row.n_buildings)
            axis.scatter(
                _year(row.seen_date), y, s=size, color=style.GREEN, linewidth=0, alpha=0.85, zorder=3, clip_on=False
            )
        elif pd.notna(row.date_p05):
            # No p95: in more than one draw of twenty it does not happen within the horizon.
            high = _year(row.date_p95) if pd.notna(row.date_p95) else right_edge
            axis.hlines(y, _year(row.date_p05), high, color=style.BLUE, linewidth=3, alpha=0.35, zorder=2)
            if pd.notna(row.date_p50):
                axis.plot(_year(row.date_p50), y, "|", color=style.BLUE, markersize=6, markeredgewidth=1.4, zorder=3)
        if pd.notna(row.planned_date) and pd.isna(row.seen_date):
            axis.plot(_year(row.planned_date), y, "D", color=style.ORANGE, markerfacecolor="white", markersize=3.4,
                      markeredgewidth=1, zorder=4)  # fmt: skip
        if pd.notna(row.first_planned_date):
            now = next((day for day in (row.seen_date, row.planned_date) if pd.notna(day)), row.first_planned_date)
            if row.first_planned_date != now:
                axis.hlines(y, *sorted((_year(row.first_planned_date), _year(now))), color=style.ORANGE, linewidth=0.8)
                axis.plot(_year(row.first_planned_date), y, "x", color=style.ORANGE, markersize=3.6, zorder=4)


def _year(day: object) -> float:
    return style.year(pd.Timestamp(day).date())  # type: ignore[arg-type]


def _last_year(frame: pd.DataFrame) -> int:
    return int(max(pd.to_datetime(frame[column]).max().year for column in _DATES if frame[column].notna().any()))


def _wide(rows: pd.DataFrame, column: str, clouds: list[str]) -> pd.DataFrame:
    table = rows.pivot_table(index="quarter_start_date", columns="cloud", values=column, aggfunc="sum", fill_value=0.0)
    return table.reindex(columns=clouds, fill_value=0.0)


def _as_of(frame: pd.DataFrame) -> date:
    return pd.Timestamp(frame["as_of_date"].max()).date()


def _years_of(axis: Axes, frame: pd.DataFrame) -> None:
    quarters = pd.to_datetime(frame["quarter_start_date"])
    style.year_axis(axis, quarters.min().year, quarters.max().year, every=2)
