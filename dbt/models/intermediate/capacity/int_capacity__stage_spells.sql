{#
    How long each building took from one stage to another, as bounds in days: at the least from the look that showed the
    first stage to the last that did not show the second, at the most from the last without the first to the first with
    the second. Where nobody looked before, the first stage is taken to begin when it was seen. Two stages first seen on
    one look tell nothing about the time between them and are left out.
#}
with stages as (

    select * from {{ ref('int_capacity__building_stages') }}

),

intervals as (

    select *
    from (values
        ('land_cleared', 'foundation'), ('foundation', 'structural'), ('structural', 'roofed'),
        ('roofed', 'cooling_installed'), ('cooling_installed', 'operational'), ('roofed', 'operational'),
        ('foundation', 'operational'), ('land_cleared', 'operational')
    ) as intervals (from_stage, to_stage)

),

building_spells as (

    select
        stages.building_id as subject_id,
        stages.operator,
        stages.design_family,
        intervals.from_stage || '_to_' || intervals.to_stage as interval_name,
        coalesce(stages.not_yet_date, stages.seen_date) as start_earliest_date,
        stages.seen_date as start_latest_date,
        coalesce(ends.not_yet_date, case when ends.seen_date is null then stages.last_look_date end) as end_earliest_date,
        ends.seen_date as end_latest_date,
        coalesce(ends.is_estimate, false) as is_estimate,
        greatest(stages.known_from, ends.known_from) as known_from
    from stages
    inner join intervals
        on intervals.from_stage = stages.stage
    inner join stages as ends
        on ends.building_id = stages.building_id
        and ends.stage = intervals.to_stage
    where stages.seen_date is not null
        and not stages.is_campus_level

),

campus_starts as (

    select
        campus_id,
        any_value(operator) as operator,
        any_value(design_family) as design_family,
        arg_min_null(not_yet_date, seen_date) as not_yet_date,
        min(seen_date) as seen_date,
        arg_min(known_from, seen_date) as known_from
    from stages
    where stage = 'land_cleared' and seen_date is not null
    group by campus_id

),

campus_looks as (

    select
        campus_id,
        observed_date,
        'first_building' as to_stage,
        buildings_operational >= 1 as is_reached,
        vintage_date
    from {{ ref('stg_epoch_data_centers__timelines') }}
    where not is_projection and buildings_operational is not null

    union all

    select
        campus_id,
        observed_date,
        '1_gw_facility' as to_stage,
        facility_capacity_mw >= 1000 as is_reached,
        vintage_date
    from {{ ref('stg_epoch_data_centers__timelines') }}
    where not is_projection and facility_capacity_mw is not null

),

campus_ends as (

    select
        campus_id,
        to_stage,
        any_value(first_reached_date) as seen_date,
        max(observed_date) filter (where observed_date < coalesce(first_reached_date, date '9999-12-31')) as not_yet_date,
        max(vintage_date) as known_from
    from (
        select
            *,
            min(case when is_reached then observed_date end) over (partition by campus_id, to_stage) as first_reached_date
        from campus_looks
    )
    group by campus_id, to_stage

),

campus_spells as (

    select
        starts.campus_id as subject_id,
        starts.operator,
        starts.design_family,
        'campus_land_cleared_to_' || ends.to_stage as interval_name,
        coalesce(starts.not_yet_date, starts.seen_date) as start_earliest_date,
        starts.seen_date as start_latest_date,
        ends.not_yet_date as end_earliest_date,
        ends.seen_date as end_latest_date,
        false as is_estimate,
        greatest(starts.known_from, ends.known_from) as known_from
    from campus_starts as starts
    inner join campus_ends as ends
        on ends.campus_id = starts.campus_id
    -- A site that never plans 1 GW is not on its way there.
    where ends.to_stage <> '1_gw_facility'
        or starts.campus_id in (
            select campus_id
            from {{ ref('stg_epoch_data_centers__timelines') }}
            where facility_capacity_mw >= 1000
        )

),

spells as (

    select * from building_spells
    union all
    select * from campus_spells

)

select
    subject_id,
    interval_name,
    operator,
    design_family,
    (end_earliest_date - start_latest_date)::double as shortest_days,
    (end_latest_date - start_earliest_date)::double as longest_days,
    is_estimate,
    known_from
from spells
where end_earliest_date >= start_latest_date
    and coalesce(end_latest_date > start_latest_date, true)
