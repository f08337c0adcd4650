with modelled as (

    select * from {{ ref('int_capacity__quarterly') }}
    where level = 'building'

),

-- The source's own figures, added up to the quarter's last day.
stated as (

    select
        steps.building_id,
        quarters.quarter_start_date,
        sum(steps.it_increment_mw_stated) as it_capacity_mw_stated,
        sum(steps.facility_increment_mw) as facility_capacity_mw_stated
    from {{ ref('fct_capacity_step') }} as steps
    inner join {{ ref('int_capacity__quarters') }} as quarters
        on quarters.quarter_end_date >= steps.observed_date
    group by steps.building_id, quarters.quarter_start_date

)

select
    buildings.building_id,
    quarters.calendar_quarter,
    quarters.quarter_start_date,
    buildings.campus_id,
    campuses.campus_name,
    campuses.operator,
    buildings.building_number,
    case
        when buildings.opening_date_basis = 'planned' then 'planned'
        when buildings.opening_date > quarters.quarter_end_date then 'not_operational'
        when buildings.opening_date_basis in ('observed', 'confirmed_later') then 'operational'
        else buildings.opening_date_basis
    end as status,
    case
        when buildings.opening_date_basis <> 'planned' and buildings.it_capacity_basis <> 'estimated_from_pue'
            then coalesce(stated.it_capacity_mw_stated, 0)
    end as it_capacity_mw_stated,
    case when buildings.opening_date_basis <> 'planned' then coalesce(stated.facility_capacity_mw_stated, 0) end
        as facility_capacity_mw_stated,
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
    modelled.operational_probability_share,
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
inner join {{ ref('dim_building') }} as buildings
    on buildings.building_id = modelled.building_id
inner join {{ ref('int_capacity__quarters') }} as quarters
    on quarters.quarter_start_date = modelled.quarter_start_date
left join stated
    on stated.building_id = modelled.building_id
    and stated.quarter_start_date = modelled.quarter_start_date
left join {{ ref('dim_campus') }} as campuses
    on campuses.campus_id = modelled.campus_id
