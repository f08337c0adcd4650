{# Joint draws of the power energised at all listed campuses of the clouds whose chips are known, every tenant together. #}
select
    cloud_provider::varchar as cloud_provider,
    quarter_start_date::date as quarter_start_date,
    draw_id::integer as draw_id,
    sum(energised_it_capacity_mw) as it_mw
from {{ ref('int_capacity__lab_draws') }}
where cloud_provider in (select cloud_provider from {{ ref('int_capacity__cloud_chips') }})
group by all
