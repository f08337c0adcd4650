{#
    The date each vintage prints for a building to run (the n-th to open when n are counted), and for a campus to pass
    1 GW of facility power: the first that was printed as a forecast, and the newest. The newest is the date of a past row
    once the vintage is later; it may be withdrawn, then it is NULL.
#}
with vintages as (

    select *
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }}

),

reached as (

    select
        building_order.campus_id,
        building_order.building_number,
        'operational' as stage,
        vintages.vintage_date,
        min(vintages.observed_date) as reached_date
    from {{ ref('int_capacity__building_order') }} as building_order
    inner join vintages
        on vintages.campus_id = building_order.campus_id
        and vintages.buildings_operational >= building_order.opening_rank
    group by building_order.campus_id, building_order.building_number, vintages.vintage_date

    union all

    select
        campus_id,
        null::bigint as building_number,
        'passes_1_gw_facility' as stage,
        vintage_date,
        min(observed_date) as reached_date
    from vintages
    where facility_capacity_mw >= 1000
    group by campus_id, vintage_date

),

first_forecasts as (

    select
        campus_id,
        building_number,
        stage,
        min(vintage_date) as first_planned_vintage_date,
        arg_min(reached_date, vintage_date) as first_planned_date
    from reached
    where reached_date > vintage_date
    group by campus_id, building_number, stage

),

valid_vintages as (

    select
        campus_id,
        max(vintage_date) as vintage_date
    from {{ ref('stg_epoch_data_centers__timelines') }}
    group by campus_id

),

keys as (

    select distinct
        campus_id,
        building_number,
        stage
    from reached

)

select
    keys.campus_id,
    keys.building_number,
    keys.stage,
    first_forecasts.first_planned_vintage_date,
    first_forecasts.first_planned_date,
    newest.reached_date as planned_date,
    newest.reached_date > newest.vintage_date as is_planned,
    valid_vintages.vintage_date,
    coalesce(newest.vintage_date, first_forecasts.first_planned_vintage_date) as known_from
from keys
left join valid_vintages
    on valid_vintages.campus_id = keys.campus_id
left join reached as newest
    on newest.campus_id = keys.campus_id
    and newest.building_number is not distinct from keys.building_number
    and newest.stage = keys.stage
    and newest.vintage_date = valid_vintages.vintage_date
left join first_forecasts
    on first_forecasts.campus_id = keys.campus_id
    and first_forecasts.building_number is not distinct from keys.building_number
    and first_forecasts.stage = keys.stage
-- Printed in a vintage that was replaced, and never as a forecast: nothing is left to show.
where newest.reached_date is not null or first_forecasts.first_planned_date is not null
