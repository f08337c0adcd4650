{# The design that each building number of each campus follows (no number: the campus as a whole). #}
with campuses as (

    select
        campus_id,
        operator,
        unnest([null::bigint] || range(1, 100)) as building_number
    from {{ ref('stg_evidence__campuses') }}

)

select
    {{ building_id('campuses.campus_id', 'campuses.building_number') }} as building_id,
    campuses.campus_id,
    campuses.building_number,
    -- Building, else campus, else operator: the narrowest classification counts.
    coalesce(
        arg_max(
            families.design_family,
            case
                when families.first_building_number is not null then 3
                when families.campus_id is not null then 2
                else 1
            end
        ),
        'other'
    ) as design_family
from campuses
left join {{ ref('stg_design_families') }} as families
    on coalesce(families.campus_id, campuses.campus_id) = campuses.campus_id
    and coalesce(families.operator, campuses.operator) = campuses.operator
    and (
        families.first_building_number is null
        or campuses.building_number between families.first_building_number and families.last_building_number
    )
group by campuses.campus_id, campuses.building_number
