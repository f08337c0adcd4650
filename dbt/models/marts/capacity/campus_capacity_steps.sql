select
    steps.campus_id,
    steps.observed_date,
    campuses.campus_name,
    campuses.operator,
    steps.step_number,
    steps.is_projection,
    steps.date_basis,
    steps.previous_observed_date,
    steps.buildings_operational,
    steps.it_capacity_mw as it_capacity_mw_stated,
    steps.it_capacity_mw_modelled,
    steps.facility_capacity_mw as facility_capacity_mw_stated,
    steps.facility_capacity_mw / nullif(steps.it_capacity_mw, 0) as pue_ratio,
    steps.it_capacity_basis,
    projections.first_projected_date,
    projections.first_projection_vintage_date,
    steps.observed_date - projections.first_projected_date as slip_days,
    steps.vintage_date,
    campuses.source_url,
    steps.known_from,
    quarters.as_of_date,
    quarters.methodology_version
from {{ ref('int_capacity__steps') }} as steps
left join {{ ref('int_capacity__first_projections') }} as projections
    on projections.campus_id = steps.campus_id
    and projections.step_number = steps.step_number
left join {{ ref('dim_campus') }} as campuses
    on campuses.campus_id = steps.campus_id
cross join (select any_value(as_of_date) as as_of_date, any_value(methodology_version) as methodology_version from {{ ref('int_capacity__quarters') }}) as quarters
