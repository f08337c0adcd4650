with modelled as (

    select * from {{ ref('int_capacity__quarterly') }}
    where level = 'campus'

),

buildings as (

    select
        campus_id,
        quarter_start_date,
        count(*) filter (where building_number is not null and status not in ('not_operational', 'planned'))
            as buildings_operational_stated,
        -- One building without a stated figure leaves the campus without one.
        case when count(*) = count(it_capacity_mw_stated) then sum(it_capacity_mw_stated) end as it_capacity_mw_stated,
        sum(facility_capacity_mw_stated) as facility_capacity_mw_stated,
        min(it_capacity_basis) as it_capacity_basis,
        bool_or(status = 'planned') as is_plan,
        max(vintage_date) as vintage_date,
        max(known_from) as known_from
    from {{ ref('building_capacity_quarterly') }}
    group by campus_id, quarter_start_date

),

-- Listed campuses, and one that the timelines hold and the list does not yet.
spine as (

    select campus_id from {{ ref('dim_campus') }}
    union
    select campus_id from modelled

)

select
    spine.campus_id,
    quarters.calendar_quarter,
    quarters.quarter_start_date,
    campuses.campus_name,
    campuses.operator,
    campuses.cloud_provider,
    case when not buildings.is_plan then buildings.buildings_operational_stated end as buildings_operational_stated,
    buildings.it_capacity_mw_stated,
    buildings.facility_capacity_mw_stated,
    modelled.it_capacity_mw_p05,
    modelled.it_capacity_mw_p50,
    modelled.it_capacity_mw_p95,
    modelled.it_capacity_mw_mean,
    modelled.facility_capacity_mw_p05,
    modelled.facility_capacity_mw_p50,
    modelled.facility_capacity_mw_p95,
    modelled.facility_capacity_mw_mean,
    modelled.energised_it_capacity_mw_p05,
    modelled.energised_it_capacity_mw_p50,
    modelled.energised_it_capacity_mw_p95,
    modelled.energised_it_capacity_mw_mean,
    modelled.under_construction_it_capacity_mw_p05,
    modelled.under_construction_it_capacity_mw_p50,
    modelled.under_construction_it_capacity_mw_p95,
    modelled.under_construction_it_capacity_mw_mean,
    modelled.planned_it_capacity_mw_p05,
    modelled.planned_it_capacity_mw_p50,
    modelled.planned_it_capacity_mw_p95,
    modelled.planned_it_capacity_mw_mean,
    -- A campus of which no size is known has its rows and no figures: marts.coverage says why.
    case
        when modelled.campus_id is null and campuses.related_campus_id is not null then 'counted_elsewhere'
        when modelled.campus_id is null then 'unknown'
        when buildings.is_plan then 'announced_plan'
        else 'building_steps'
    end as capacity_basis,
    buildings.it_capacity_basis,
    quarters.value_kind,
    buildings.vintage_date,
    campuses.source_url,
    1::bigint as n_sources,
    1::bigint as n_independent_roots,
    coalesce(buildings.known_from, campuses.known_from) as known_from,
    quarters.as_of_date,
    quarters.methodology_version
from spine
cross join {{ ref('int_capacity__quarters') }} as quarters
left join {{ ref('dim_campus') }} as campuses
    on campuses.campus_id = spine.campus_id
left join modelled
    on modelled.campus_id = spine.campus_id
    and modelled.quarter_start_date = quarters.quarter_start_date
left join buildings
    on buildings.campus_id = spine.campus_id
    and buildings.quarter_start_date = quarters.quarter_start_date
