-- Capacity of one lab at a quarter's end, over all its clouds, with the interval of the joint draws.
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
        quantile_cont(keys.facility_mw, 0.95) as facility_capacity_mw_p95
    from (
        select
            wanted.lab,
            wanted.calendar_quarter,
            all_draws.draw_id,
            coalesce(sum(d.it_capacity_mw), 0) as it_mw,
            coalesce(sum(d.facility_capacity_mw), 0) as facility_mw
        from (
            select distinct m.lab, m.calendar_quarter, m.quarter_start_date
            from marts.lab_capacity_quarterly as m
            where m.level = 'lab' and m.lab = lab_name and m.calendar_quarter = quarter_name
        ) as wanted
        cross join (select distinct x.draw_id from draws.lab_capacity_quarterly as x) as all_draws
        -- A lab and quarter without rows is zero in every draw.
        left join draws.lab_capacity_quarterly as d
            on d.lab = wanted.lab
            and d.quarter_start_date = wanted.quarter_start_date
            and d.draw_id = all_draws.draw_id
        group by all
    ) as keys
    having count(*) > 0;

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
