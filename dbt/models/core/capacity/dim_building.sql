with steps as (

    select
        building_id,
        campus_id,
        building_number,
        case when building_number is null then 'campus_total' else 'counted_in_order' end as numbering_basis,
        arg_min(date_basis, step_number) as opening_date_basis,
        min(observed_date) as opening_date,
        -- In the order of the alphabet an estimate comes before 'stated_by_source': one estimated part marks the whole.
        min(it_capacity_basis) as it_capacity_basis,
        max(vintage_date) as vintage_date,
        max(known_from) as known_from
    from {{ ref('int_capacity__building_steps') }}
    group by building_id, campus_id, building_number

),

plans as (

    select
        building_id,
        campus_id,
        null::bigint as building_number,
        'campus_total' as numbering_basis,
        'planned' as opening_date_basis,
        null::date as opening_date,
        case
            when planned_it_capacity_mw is null then 'estimated_from_pue'
            else 'stated_by_source'
        end as it_capacity_basis,
        null::date as vintage_date,
        known_from
    from {{ ref('int_capacity__plans') }}

)

select * from steps
union all
select * from plans
