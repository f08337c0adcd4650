with stages as (

    select * from {{ ref('int_capacity__building_stages') }}

),

printed as (

    select * from {{ ref('int_capacity__printed_dates') }}

),

-- A campus of which only the total is known is drawn as one pseudo building: its dates are those of the campus.
modelled as (

    select
        stage_dates.campus_id,
        buildings.building_number,
        stage_dates.stage,
        stage_dates.date_p05,
        stage_dates.date_p50,
        stage_dates.date_p95,
        stage_dates.probability_by_horizon_share,
        buildings.known_from
    from {{ ref('int_capacity__stage_dates') }} as stage_dates
    left join {{ ref('dim_building') }} as buildings
        on buildings.building_id = stage_dates.building_id
    qualify row_number() over (
        partition by stage_dates.campus_id, buildings.building_number, stage_dates.stage
        order by stage_dates.building_id nulls first
    ) = 1

),

found as (

    select campus_id, building_number, stage from stages
    union
    select campus_id, building_number, stage from printed
    union
    select campus_id, building_number, stage from modelled

),

-- The press may speak of a site before any list holds it: it has a timeline from the day it is listed.
keys as (

    select *
    from found
    where campus_id in (select campus_id from {{ ref('dim_campus') }})

)

select
    case
        when keys.building_number is null then keys.campus_id
        else {{ building_id('keys.campus_id', 'keys.building_number') }}
    end as subject_id,
    keys.stage,
    keys.campus_id,
    case when keys.building_number is not null then {{ building_id('keys.campus_id', 'keys.building_number') }} end
        as building_id,
    ladder.stage_number,
    campuses.campus_name,
    campuses.operator,
    families.design_family,
    keys.building_number,
    keys.building_number is null as is_campus_level,
    stages.not_yet_date,
    stages.seen_date,
    stages.last_look_date,
    stages.is_estimate,
    printed.first_planned_date,
    printed.first_planned_vintage_date,
    printed.planned_date,
    printed.is_planned,
    printed.planned_date - printed.first_planned_date as slip_days,
    modelled.date_p05::date as date_p05,
    modelled.date_p50::date as date_p50,
    modelled.date_p95::date as date_p95,
    modelled.probability_by_horizon_share,
    case
        when stages.seen_date is not null and not stages.is_estimate then 'reported'
        when stages.seen_date is not null then 'estimated'
        else 'forecast'
    end as value_kind,
    stages.evidence_kind,
    stages.image_date,
    {{ as_of_date() }} - stages.image_date as image_age_days,
    stages.look_id,
    coalesce(stages.vintage_date, printed.vintage_date) as vintage_date,
    coalesce(stages.source_url, campuses.source_url) as source_url,
    coalesce(stages.root_id, campuses.root_id) as root_id,
    greatest(stages.known_from, printed.known_from, modelled.known_from, campuses.known_from) as known_from,
    {{ as_of_date() }} as as_of_date,
    quarters.methodology_version
from keys
left join {{ stage_ladder() }}
    on ladder.stage = keys.stage
left join stages
    on stages.campus_id = keys.campus_id
    and stages.building_number is not distinct from keys.building_number
    and stages.stage = keys.stage
left join printed
    on printed.campus_id = keys.campus_id
    and printed.building_number is not distinct from keys.building_number
    and printed.stage = keys.stage
left join modelled
    on modelled.campus_id = keys.campus_id
    and modelled.building_number is not distinct from keys.building_number
    and modelled.stage = keys.stage
left join {{ ref('dim_campus') }} as campuses
    on campuses.campus_id = keys.campus_id
left join {{ ref('int_capacity__design_families') }} as families
    on families.campus_id = keys.campus_id
    and families.building_number is not distinct from keys.building_number
cross join (
    select any_value(methodology_version) as methodology_version
    from {{ ref('int_capacity__quarters') }}
) as quarters
