select
    lab::varchar as lab,
    cloud_provider::varchar as cloud_provider,
    quarter_start_date::date as quarter_start_date,
    draw_id::integer as draw_id,
    it_capacity_mw,
    facility_capacity_mw,
    energised_it_capacity_mw,
    under_construction_it_capacity_mw,
    planned_it_capacity_mw,
    untracked_it_capacity_mw,
    total_it_capacity_mw
from {{ ref('int_capacity__lab_draws') }}
