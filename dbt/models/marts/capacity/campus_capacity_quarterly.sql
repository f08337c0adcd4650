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

)

select
    modelled.campus_id,
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
    case when buildings.is_plan then 'announced_plan' else 'building_steps' end as capacity_basis,
    buildings.it_capacity_basis,
    quarters.value_kind,
    buildings.vintage_date,
    campuses.source_url,
    1::bigint as n_sources,
    1::bigint as n_independent_roots,
    buildings.known_from,
    quarters.as_of_date,
    quarters.methodology_version
from modelled
inner join buildings
    on buildings.campus_id = modelled.campus_id
    and buildings.quarter_start_date = modelled.quarter_start_date
inner join {{ ref('int_capacity__quarters') }} as quarters
    on quarters.quarter_start_date = modelled.quarter_start_date
left join {{ ref('dim_campus') }} as campuses
    on campuses.campus_id = modelled.campus_id
