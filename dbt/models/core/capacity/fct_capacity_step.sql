select
    building_id,
    step_number,
    step_kind,
    campus_id,
    observed_date,
    date_basis,
    it_increment_mw_stated,
    it_increment_mw,
    facility_increment_mw,
    it_capacity_basis,
    vintage_date,
    known_from
from {{ ref('int_capacity__building_steps') }}
