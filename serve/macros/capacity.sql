-- Capacity of one lab at a quarter's end, over all its clouds, with the interval of the joint draws: what runs in listed
-- campuses (it, facility), what is energised (running included), and where a total of the lab has been published what it
-- uses beyond the listed campuses (untracked) and altogether (total); NULL where none has.
-- select * from lab_capacity('Anthropic', '2026Q2')   A lab that is in no draw gives no row.
create or replace macro lab_capacity(lab_name, quarter_name) as table
    select
        any_value(keys.lab) as lab,
        any_value(keys.calendar_quarter) as calendar_quarter,
        quantile_cont(keys.it_mw, 0.05) as it_capacity_mw_p05,
        quantile_cont(keys.it_mw, 0.5) as it_capacity_mw_p50,
        quantile_cont(keys.it_mw, 0.95) as it_capacity_mw_p95,
        quantile_cont(keys.facility_mw, 0.05) as facility_capacity_mw_p05,
        quantile_cont(keys.facility_mw, 0.5) as facility_capacity_mw_p50,
        quantile_cont(keys.facility_mw, 0.95) as facility_capacity_mw_p95,
        quantile_cont(keys.energised_mw, 0.05) as energised_it_capacity_mw_p05,
        quantile_cont(keys.energised_mw, 0.5) as energised_it_capacity_mw_p50,
        quantile_cont(keys.energised_mw, 0.95) as energised_it_capacity_mw_p95,
        quantile_cont(keys.untracked_mw, 0.05) as untracked_it_capacity_mw_p05,
        quantile_cont(keys.untracked_mw, 0.5) as untracked_it_capacity_mw_p50,
        quantile_cont(keys.untracked_mw, 0.95) as untracked_it_capacity_mw_p95,
        quantile_cont(keys.it_mw + keys.untracked_mw, 0.05) as total_it_capacity_mw_p05,
        quantile_cont(keys.it_mw + keys.untracked_mw, 0.5) as total_it_capacity_mw_p50,
        quantile_cont(keys.it_mw + keys.untracked_mw, 0.95) as total_it_capacity_mw_p95
    from (
        select
            wanted.lab,
            wanted.calendar_quarter,
            all_draws.draw_id,
            coalesce(sum(d.it_capacity_mw), 0) as it_mw,
            coalesce(sum(d.facility_capacity_mw), 0) as facility_mw,
            coalesce(sum(d.energised_it_capacity_mw), 0) as energised_mw,
            -- The mart knows whether the lab's whole is: one cloud's part alone is no total.
            case when wanted.is_total_known then coalesce(sum(d.untracked_it_capacity_mw), 0) end as untracked_mw
        from (
            select distinct
                m.lab,
                m.calendar_quarter,
                m.quarter_start_date,
                m.untracked_it_capacity_mw_mean is not null as is_total_known
            from marts.lab_capacity_quarterly as m
            where m.level = 'lab' and m.lab = lab_name and m.calendar_quarter = quarter_name
        ) as wanted
        cross join (select distinct x.draw_id from draws.lab_capacity_quarterly as x) as all_draws
        -- A lab and quarter without rows is zero in every draw.
        left join draws.lab_capacity_quarterly as d
            on d.lab = wanted.lab
            and d.quarter_start_date = wanted.quarter_start_date
            and d.draw_id = all_draws.draw_id
        group by wanted.lab, wanted.calendar_quarter, all_draws.draw_id, wanted.is_total_known
    ) as keys
    having count(*) > 0;

-- How far a lab's listed capacity is at a quarter's end: one row per stage with its share of the whole. The mean adds up over
-- stages, the quantiles do not; the share is taken draw by draw.
-- select * from lab_capacity_stages('OpenAI', '2026Q4')
create or replace macro lab_capacity_stages(lab_name, quarter_name) as table
    select
        by_stage.lab,
        by_stage.calendar_quarter,
        by_stage.stage_number,
        by_stage.stage,
        quantile_cont(by_stage.it_mw, 0.05) as it_capacity_mw_p05,
        quantile_cont(by_stage.it_mw, 0.5) as it_capacity_mw_p50,
        quantile_cont(by_stage.it_mw, 0.95) as it_capacity_mw_p95,
        avg(by_stage.it_mw) as it_capacity_mw_mean,
        avg(by_stage.it_mw) / nullif(avg(by_stage.all_it_mw), 0) as share
    from (
        select
            unnested.lab,
            unnested.calendar_quarter,
            unnested.draw_id,
            unnested.all_it_mw,
            unnest([1, 2, 3, 4]) as stage_number,
            unnest(['operational', 'energised_not_operational', 'under_construction', 'planned']) as stage,
            unnest([unnested.it_mw, unnested.energised_mw - unnested.it_mw, unnested.building_mw, unnested.planned_mw]) as it_mw
        from (
            select
                wanted.lab,
                wanted.calendar_quarter,
                all_draws.draw_id,
                coalesce(sum(d.it_capacity_mw), 0) as it_mw,
                coalesce(sum(d.energised_it_capacity_mw), 0) as energised_mw,
                coalesce(sum(d.under_construction_it_capacity_mw), 0) as building_mw,
                coalesce(sum(d.planned_it_capacity_mw), 0) as planned_mw,
                energised_mw + building_mw + planned_mw as all_it_mw
            from (
                select distinct m.lab, m.calendar_quarter, m.quarter_start_date
                from marts.lab_capacity_quarterly as m
                where m.level = 'lab' and m.lab = lab_name and m.calendar_quarter = quarter_name
            ) as wanted
            cross join (select distinct x.draw_id from draws.lab_capacity_quarterly as x) as all_draws
            left join draws.lab_capacity_quarterly as d
                on d.lab = wanted.lab
                and d.quarter_start_date = wanted.quarter_start_date
                and d.draw_id = all_draws.draw_id
            group by wanted.lab, wanted.calendar_quarter, all_draws.draw_id
        ) as unnested
    ) as by_stage
    group by all
    order by by_stage.stage_number;

-- What the timeline source prints, at any day, for the campuses that a lab is tied to on that day: each whole, with how sure the
-- tenant is and its share. No model: forecast dates of the source are taken at their word.
-- select * from lab_capacity_stated('Anthropic', '2025-07-31')   Sum the columns for the lab; IT is NULL where none is printed.
create or replace macro lab_capacity_stated(lab_name, stated_day) as table
    select
        t.lab,
        t.campus_id,
        any_value(t.campus_name) as campus_name,
        any_value(t.cloud_provider) as cloud_provider,
        any_value(t.confidence) as confidence,
        any_value(t.share_low) as share_low,
        any_value(t.share_high) as share_high,
        max(s.observed_date) as observed_date,
        arg_max_null(s.it_capacity_mw_stated, s.observed_date) as it_capacity_mw_stated,
        arg_max_null(s.facility_capacity_mw_stated, s.observed_date) as facility_capacity_mw_stated
    from marts.campus_tenancies as t
    inner join marts.campus_capacity_steps as s
        on s.campus_id = t.campus_id
        and s.observed_date <= stated_day::date
    where t.lab = lab_name
        and coalesce(t.valid_from, date '-infinity') <= stated_day::date
        and coalesce(t.valid_to, date 'infinity') >= stated_day::date
        and not t.is_unassigned
    group by t.lab, t.campus_id
    order by t.campus_id;

-- IT MW that one lab gains from one quarter's end to another's, with the interval of the joint draws: the difference of
-- two intervals would be too wide, because both quarters share most of their error.
-- select * from lab_capacity_growth('Anthropic', '2025Q4', '2026Q4')
create or replace macro lab_capacity_growth(lab_name, from_quarter, to_quarter) as table
    select
        any_value(gains.lab) as lab,
        from_quarter as from_calendar_quarter,
        to_quarter as to_calendar_quarter,
        quantile_cont(gains.it_mw, 0.05) as it_capacity_gain_mw_p05,
        quantile_cont(gains.it_mw, 0.5) as it_capacity_gain_mw_p50,
        quantile_cont(gains.it_mw, 0.95) as it_capacity_gain_mw_p95,
        avg((gains.it_mw > 0)::integer) as gain_probability_share
    from (
        select
            wanted.lab,
            all_draws.draw_id,
            coalesce(sum(case when wanted.calendar_quarter = to_quarter then d.it_capacity_mw else -d.it_capacity_mw end), 0)
                as it_mw
        from (
            select distinct m.lab, m.calendar_quarter, m.quarter_start_date
            from marts.lab_capacity_quarterly as m
            where m.level = 'lab' and m.lab = lab_name and m.calendar_quarter in (from_quarter, to_quarter)
        ) as wanted
        cross join (select distinct x.draw_id from draws.lab_capacity_quarterly as x) as all_draws
        left join draws.lab_capacity_quarterly as d
            on d.lab = wanted.lab
            and d.quarter_start_date = wanted.quarter_start_date
            and d.draw_id = all_draws.draw_id
        group by wanted.lab, all_draws.draw_id
        having count(distinct wanted.calendar_quarter) = 2
    ) as gains
    having count(*) > 0;
