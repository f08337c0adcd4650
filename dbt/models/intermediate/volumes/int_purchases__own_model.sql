{# Our own engine's packages per Trainium generation and quarter, to stand beside the published figure. #}
with generations as (

    select
        lower(skus.generation) as accelerator,
        draws.quarter_start_date::date as quarter_start_date,
        draws.draw_id,
        sum(draws.package_units) as units
    from {{ ref('int_volumes__draws') }} as draws
    inner join {{ ref('int_volumes__skus') }} as skus
        on skus.sku_id = draws.sku_id
    group by all

)

select
    accelerator,
    quarter_start_date,
    quantile_cont(units, 0.05) as own_model_units_p05,
    quantile_cont(units, 0.50) as own_model_units_p50,
    quantile_cont(units, 0.95) as own_model_units_p95
from generations
group by all
-- A quarter before the first package says nothing about a purchase.
having max(units) > 0
