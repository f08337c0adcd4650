-- Every level a vintage printed for a future date, with what the newest vintage known now says came of it.
with printed as (

    select
        campus_id,
        vintage_date,
        observed_date,
        is_projection,
        facility_capacity_mw,
        max(buildings_operational) over so_far as buildings_so_far,
        max(facility_capacity_mw) over so_far as facility_so_far_mw
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }}
    where facility_capacity_mw is not null
    window so_far as (
        partition by campus_id, vintage_date order by observed_date rows unbounded preceding
    )

),

-- A campus whose vintages count buildings is followed by that count, any other by its facility power.
campus_kinds as (

    select
        campus_id,
        case when max(buildings_so_far) > 0 then 'buildings' else 'facility_mw' end as level_kind
    from printed
    group by campus_id

),

reached as (

    select
        printed.campus_id,
        kinds.level_kind,
        printed.vintage_date,
        case kinds.level_kind when 'buildings' then printed.buildings_so_far else printed.facility_so_far_mw end as level,
        printed.observed_date,
        printed.is_projection
    from printed
    inner join campus_kinds as kinds
        on kinds.campus_id = printed.campus_id

),

projections as (

    select
        campus_id,
        level_kind,
        level,
        vintage_date,
        min(observed_date) as projected_date
    from reached
    where level > 0
    group by campus_id, level_kind, level, vintage_date
    having min(observed_date) > vintage_date

),

newest as (

    select
        campus_id,
        max(vintage_date) as newest_vintage_date
    from printed
    group by campus_id

),

-- The newest vintage's date for the same level: the first row that shows it or more (power to within 5%).
newest_dates as (

    select
        projections.campus_id,
        projections.level,
        projections.vintage_date,
        newest.newest_vintage_date,
        min(reached.observed_date) as newest_date
    from projections
    inner join newest
        on newest.campus_id = projections.campus_id
    left join reached
        on reached.campus_id = projections.campus_id
        and reached.vintage_date = newest.newest_vintage_date
        and reached.level >= projections.level * case projections.level_kind when 'buildings' then 1 else 0.95 end
    group by projections.campus_id, projections.level, projections.vintage_date, newest.newest_vintage_date

),

-- A past date that a vintage printed as a forecast was carried over, not seen: it was reached by the next past row, or
-- by the day of the newest vintage, which takes it for past.
with_looks as (

    select
        newest_dates.*,
        exists (
            select 1
            from reached as forecasts
            where forecasts.campus_id = newest_dates.campus_id
                and forecasts.observed_date = newest_dates.newest_date
                and forecasts.is_projection
        ) as is_carried_over,
        (
            select min(looks.observed_date)
            from reached as looks
            where looks.campus_id = newest_dates.campus_id
                and looks.vintage_date = newest_dates.newest_vintage_date
                and looks.observed_date > newest_dates.newest_date
                and not looks.is_projection
        ) as next_look_date
    from newest_dates

),

judged as (

    select
        projections.*,
        with_looks.newest_vintage_date,
        with_looks.newest_date,
        with_looks.is_carried_over,
        with_looks.next_look_date,
        case
            when with_looks.newest_date is null then 'dropped'
            -- The newest vintage dates it before the vintage that still expected it: buildings were counted anew.
            when with_looks.newest_date < projections.vintage_date then 'restated'
            when with_looks.newest_date > with_looks.newest_vintage_date then 'still_projected'
            else 'realised'
        end as outcome
    from projections
    inner join with_looks
        on with_looks.campus_id = projections.campus_id
        and with_looks.level = projections.level
        and with_looks.vintage_date = projections.vintage_date

)

select
    judged.campus_id,
    judged.level_kind,
    judged.level::double as level,
    judged.vintage_date,
    judged.projected_date,
    judged.projected_date - judged.vintage_date as lead_days,
    judged.outcome,
    case when judged.outcome = 'realised' then judged.newest_date end as outcome_date,
    -- Bounds of the date it was or will be reached. Printed dates are hardly ever too late, so a step still to come is
    -- taken to come no sooner than the newest printed date.
    case when judged.outcome in ('realised', 'still_projected') then judged.newest_date end as outcome_from_date,
    case
        when judged.outcome = 'realised' and judged.is_carried_over
            then coalesce(judged.next_look_date, judged.newest_vintage_date)
        when judged.outcome = 'realised' then judged.newest_date
    end as outcome_to_date,
    coalesce(families.design_family, 'other') as design_family,
    coalesce(campuses.operator, 'unknown') as operator,
    'epoch-ai-data-centers' as root_id,
    judged.newest_vintage_date,
    judged.newest_vintage_date as known_from
from judged
left join {{ ref('stg_evidence__campuses') }} as campuses
    on campuses.campus_id = judged.campus_id
left join (
    select
        campus_id,
        building_number,
        min(design_family) as design_family
    from {{ ref('int_capacity__building_steps') }}
    group by campus_id, building_number
) as families
    on families.campus_id = judged.campus_id
    and judged.level_kind = 'buildings'
    and families.building_number = judged.level
