{#
    Components used per SKU, quarter and joint draw: volumes x content, earlier by the lag. A lag of L months takes
    1 - L/3 of the demand from the packages of the quarter itself and L/3 from those of the next, so no package is counted
    twice. The last quarter has no next one and stays NULL, as does demand whose content nobody states; where nothing is
    made the demand is zero whatever the content.
#}
{% set per_package = ['hbm_stacks', 'hbm_gb', 'package_starts', 'cowos_wafers'] %}
{% set per_rack = ['scale_up_switch_trays', 'scale_up_switch_chips'] %}

with timing as (

    select
        draw_id,
        max(value) filter (where parameter = 'packaging_lag_months') / 3 as package_lag_quarters,
        max(value) filter (where parameter = 'switch_lag_months') / 3 as rack_lag_quarters
    from {{ ref('int_components__bill_draws') }}
    where subject = 'timing'
    group by draw_id

),

per_generation as (

    select
        subject as generation,
        draw_id,
        max(value) filter (where parameter = 'hbm_stacks_per_package') as hbm_stacks_per_package,
        max(value) filter (where parameter = 'packages_per_cowos_wafer') as packages_per_cowos_wafer,
        max(value) filter (where parameter = 'packaging_yield') as packaging_yield,
        max(value) filter (where parameter = 'cowos_share') as cowos_share
    from {{ ref('int_components__bill_draws') }}
    where subject in (select generation from {{ ref('int_volumes__skus') }})
    group by subject, draw_id

),

per_sku as (

    select
        subject as sku_id,
        draw_id,
        max(value) filter (where parameter = 'switch_trays_per_rack') as switch_trays_per_rack,
        max(value) filter (where parameter = 'switch_chips_per_rack') as switch_chips_per_rack
    from {{ ref('int_components__bill_draws') }}
    where subject in (select sku_id from {{ ref('int_volumes__skus') }})
    group by subject, draw_id

),

flows as (

    select
        sku_id,
        quarter_start_date::date as quarter_start_date,
        draw_id,
        package_units,
        rack_units,
        lead(package_units) over next_quarter as next_package_units,
        lead(rack_units) over next_quarter as next_rack_units
    from {{ ref('int_volumes__draws') }}
    window next_quarter as (
        partition by sku_id, draw_id
        order by quarter_start_date
    )

),

needs as (

    select
        flows.sku_id,
        skus.generation,
        flows.quarter_start_date,
        flows.draw_id,
        flows.package_units * (1 - timing.package_lag_quarters)
            + flows.next_package_units * timing.package_lag_quarters as good_packages,
        flows.rack_units * (1 - timing.rack_lag_quarters)
            + flows.next_rack_units * timing.rack_lag_quarters as racks,
        per_generation.hbm_stacks_per_package / per_generation.packaging_yield as hbm_stacks_per_good_package,
        memory.memory_gb / per_generation.packaging_yield as hbm_gb_per_good_package,
        1 / per_generation.packaging_yield as package_starts_per_good_package,
        per_generation.cowos_share / per_generation.packages_per_cowos_wafer as cowos_wafers_per_good_package,
        per_sku.switch_trays_per_rack as scale_up_switch_trays_per_rack,
        per_sku.switch_chips_per_rack as scale_up_switch_chips_per_rack
    from flows
    inner join {{ ref('int_volumes__skus') }} as skus
        on skus.sku_id = flows.sku_id
    inner join timing
        on timing.draw_id = flows.draw_id
    left join per_generation
        on per_generation.generation = skus.generation
        and per_generation.draw_id = flows.draw_id
    left join per_sku
        on per_sku.sku_id = flows.sku_id
        and per_sku.draw_id = flows.draw_id
    left join {{ ref('int_components__content') }} as memory
        on memory.sku_id = flows.sku_id
        and memory.component = 'hbm_gb'

)

select
    sku_id,
    generation,
    quarter_start_date,
    draw_id,
    {% for component in per_package -%}
    case when good_packages = 0 then 0 else good_packages * {{ component }}_per_good_package end as {{ component }},
    {% endfor -%}
    {% for component in per_rack -%}
    case when racks = 0 then 0 else racks * {{ component }}_per_rack end as {{ component }}{{ ',' if not loop.last }}
    {% endfor %}
from needs
