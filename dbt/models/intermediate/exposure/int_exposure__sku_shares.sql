{#
    Each SKU's share of its generation's packages and of its racked chips, per quarter and draw: what a supplier bills for
    a generation is split by them, so the parts add up to the whole in every draw. A quarter in which nothing is made takes
    the shares of the next one that has something (a part may be billed before it is used), or else equal ones.
#}
with flows as (

    select
        draws.sku_id,
        skus.generation,
        draws.quarter_start_date::date as quarter_start_date,
        draws.draw_id,
        draws.package_units,
        draws.rack_units * chips_per_rack.value as racked_chip_units
    from {{ ref('int_volumes__draws') }} as draws
    inner join {{ ref('int_volumes__skus') }} as skus
        on skus.sku_id = draws.sku_id
    inner join {{ ref('stg_assumptions') }} as chips_per_rack
        on chips_per_rack.engine = 'volumes'
        and chips_per_rack.subject = draws.sku_id
        and chips_per_rack.parameter = 'chips_per_rack'

),

shares as (

    select
        *,
        package_units / nullif(sum(package_units) over of_generation, 0) as package_share,
        racked_chip_units / nullif(sum(racked_chip_units) over of_generation, 0) as rack_share,
        1 / count(*) over of_generation as equal_share
    from flows
    window of_generation as (partition by generation, quarter_start_date, draw_id)

)

select
    sku_id,
    generation,
    quarter_start_date,
    draw_id,
    coalesce(first_value(package_share ignore nulls) over from_here, equal_share) as package_share,
    coalesce(first_value(rack_share ignore nulls) over from_here, equal_share) as rack_share
from shares
window from_here as (
    partition by sku_id, draw_id
    order by quarter_start_date
    rows between current row and unbounded following
)
