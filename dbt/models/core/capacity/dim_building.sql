with dated as (

    select
        steps.building_id,
        steps.campus_id,
        steps.building_number,
        coalesce(any_value(building_order.numbering_basis), 'campus_total') as numbering_basis,
        arg_min(steps.date_basis, steps.step_number) as opening_date_basis,
        min(steps.observed_date) as opening_date,
        -- In the order of the alphabet an estimate comes before 'stated_by_source': one estimated part marks the whole.
        min(steps.it_capacity_basis) as it_capacity_basis,
        arg_min(steps.capacity_evidence_kind, steps.step_number) as capacity_evidence_kind,
        max(steps.vintage_date) as vintage_date,
        max(steps.known_from) as known_from
    from {{ ref('int_capacity__building_steps') }} as steps
    left join {{ ref('int_capacity__building_order') }} as building_order
        on building_order.campus_id = steps.campus_id
        and building_order.building_number = steps.building_number
    group by steps.building_id, steps.campus_id, steps.building_number

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
        'company_statement' as capacity_evidence_kind,
        null::date as vintage_date,
        known_from
    from {{ ref('int_capacity__plans') }}

),

-- A building that a text names by number and that no count reaches yet: it exists, its MW and date are not known.
named as (

    select
        building_id,
        campus_id,
        building_number,
        'named_in_text' as numbering_basis,
        'unknown' as opening_date_basis,
        null::date as opening_date,
        'unknown' as it_capacity_basis,
        null::varchar as capacity_evidence_kind,
        max(vintage_date) as vintage_date,
        max(known_from) as known_from
    from {{ ref('int_capacity__building_stages') }}
    where not is_campus_level
        and building_id not in (select building_id from dated)
    group by building_id, campus_id, building_number

),

buildings as (

    select * from dated
    union all
    select * from plans
    union all
    select * from named

),

latest as (

    select
        building_id,
        arg_max(stage, stage_number) as latest_stage,
        arg_max(seen_date, stage_number) as latest_stage_seen_date,
        arg_max(evidence_kind, stage_number) as latest_stage_evidence_kind,
        arg_max(source_url, stage_number) as source_url,
        max(image_date) as image_date
    from {{ ref('int_capacity__building_stages') }}
    where seen_date is not null
    group by building_id

),

last_looks as (

    select
        campus_id,
        max(last_look_date) as last_look_date
    from {{ ref('int_capacity__building_stages') }}
    group by campus_id

),

-- What the texts of a campus name most often; as often as another: not known.
cooling as (

    select
        campus_id,
        any_value(cooling_type) as cooling_type
    from (
        select
            campus_id,
            cooling_type,
            count(*) as n_looks
        from {{ ref('int_capacity__status_looks') }}
        where cooling_type is not null
        group by campus_id, cooling_type
        qualify rank() over (partition by campus_id order by count(*) desc) = 1
    )
    group by campus_id
    having count(*) = 1

)

select
    buildings.building_id,
    buildings.campus_id,
    buildings.building_number,
    buildings.numbering_basis,
    families.design_family,
    cooling.cooling_type,
    buildings.opening_date_basis,
    buildings.opening_date,
    buildings.it_capacity_basis,
    buildings.capacity_evidence_kind,
    latest.latest_stage,
    latest.latest_stage_seen_date,
    latest.latest_stage_evidence_kind,
    latest.image_date,
    last_looks.last_look_date,
    coalesce(latest.source_url, campuses.source_url) as source_url,
    buildings.vintage_date,
    buildings.known_from
from buildings
left join {{ ref('int_capacity__design_families') }} as families
    on families.building_id = buildings.building_id
left join latest
    on latest.building_id = buildings.building_id
left join last_looks
    on last_looks.campus_id = buildings.campus_id
left join cooling
    on cooling.campus_id = buildings.campus_id
left join {{ ref('stg_evidence__campuses') }} as campuses
    on campuses.campus_id = buildings.campus_id
