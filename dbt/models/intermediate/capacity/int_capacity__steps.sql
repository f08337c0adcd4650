with printed as (

    select
        campus_id,
        observed_date,
        buildings_operational,
        it_capacity_mw,
        facility_capacity_mw,
        is_projection,
        vintage_date,
        known_from
    from {{ ref('stg_epoch_data_centers__timelines') }}
    -- A dated row without figures says nothing about capacity; int_capacity__flags names it.
    where facility_capacity_mw is not null

),

-- The other looks at the site around each row: the image before it and a later one that shows the same.
looks as (

    select
        *,
        lag(observed_date) over by_date as previous_observed_date,
        lead(case when not is_projection then observed_date end) over by_date as confirmed_date,
        max(buildings_operational) over (by_date rows unbounded preceding) as buildings_so_far,
        bool_or(not is_projection) over (partition by campus_id) as is_started
    from printed
    window by_date as (partition by campus_id order by observed_date)

),

changed as (

    select *
    from looks
    window by_date as (partition by campus_id order by observed_date)
    qualify previous_observed_date is null
        or lag(buildings_so_far) over by_date is distinct from buildings_so_far
        or lag(it_capacity_mw) over by_date is distinct from it_capacity_mw
        or lag(facility_capacity_mw) over by_date is distinct from facility_capacity_mw

),

with_previous as (

    select
        *,
        row_number() over by_date as step_number,
        coalesce(lag(buildings_so_far) over by_date, 0) as previous_buildings,
        coalesce(lag(it_capacity_mw) over by_date, 0) as previous_it_capacity_mw,
        coalesce(lag(facility_capacity_mw) over by_date, 0) as previous_facility_capacity_mw
    from changed
    window by_date as (partition by campus_id order by observed_date)

),

-- The PUE of the last row whose IT figure was really updated, for rows that raise the facility figure alone.
with_pue as (

    select
        *,
        it_capacity_mw > 0
        and it_capacity_mw = previous_it_capacity_mw
        and facility_capacity_mw > previous_facility_capacity_mw as is_it_left_behind,
        last_value(
            case
                when it_capacity_mw > 0 and it_capacity_mw <> previous_it_capacity_mw
                    then facility_capacity_mw / it_capacity_mw
            end ignore nulls
        ) over (partition by campus_id order by observed_date) as campus_facility_per_it_ratio
    from with_previous

),

modelled as (

    select
        *,
        case
            when is_it_left_behind then facility_capacity_mw / campus_facility_per_it_ratio
            else it_capacity_mw
        end as modelled_it_capacity_mw
    from with_pue

),

earlier_projections as (

    select distinct
        vintages.campus_id,
        vintages.observed_date,
        vintages.vintage_date
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }} as vintages
    where vintages.is_projection

)

select
    modelled.campus_id,
    modelled.step_number,
    modelled.observed_date,
    modelled.previous_observed_date,
    modelled.confirmed_date,
    modelled.is_projection,
    modelled.is_started,
    case
        when modelled.is_projection then 'projected'
        -- A printed forecast date that has passed unchanged is no sighting until a later row repeats the level.
        when earlier_projections.campus_id is null then 'observed'
        when modelled.confirmed_date is null then 'unconfirmed'
        else 'confirmed_later'
    end as date_basis,
    modelled.buildings_operational,
    coalesce(modelled.buildings_so_far, 0) as buildings_so_far,
    modelled.previous_buildings,
    modelled.it_capacity_mw,
    modelled.facility_capacity_mw,
    modelled.it_capacity_mw - modelled.previous_it_capacity_mw as it_increment_mw_stated,
    modelled.facility_capacity_mw - modelled.previous_facility_capacity_mw as facility_increment_mw,
    modelled.modelled_it_capacity_mw
    - coalesce(
        lag(modelled.modelled_it_capacity_mw) over (partition by modelled.campus_id order by modelled.observed_date), 0
    ) as it_increment_mw,
    -- What the engine's median comes to: the printed figure where there is a usable one.
    coalesce(modelled.modelled_it_capacity_mw, modelled.facility_capacity_mw / (1 + overhead.value))
        as it_capacity_mw_modelled,
    case
        when modelled.it_capacity_mw is null then 'estimated_from_pue'
        when modelled.is_it_left_behind then 'estimated_from_campus_pue'
        else 'stated_by_source'
    end as it_capacity_basis,
    modelled.vintage_date,
    modelled.known_from
from modelled
left join {{ ref('stg_assumptions') }} as overhead
    on overhead.engine = 'capacity'
    and overhead.subject = 'pue'
    and overhead.parameter = 'overhead_share'
left join (
    select
        campus_id,
        observed_date,
        min(vintage_date) as vintage_date
    from earlier_projections
    group by campus_id, observed_date
) as earlier_projections
    on earlier_projections.campus_id = modelled.campus_id
    and earlier_projections.observed_date = modelled.observed_date
    and earlier_projections.vintage_date < modelled.vintage_date
