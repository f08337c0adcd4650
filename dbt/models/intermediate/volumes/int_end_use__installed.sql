{#
    Chips in place at the end of each quarter, per accelerator and draw: Trainium from the volumes engine, TPU as the running
    total of published sales (no lag to installation is published, so a TPU counts when it is sold).
#}
with trainium as (

    select
        skus.generation as accelerator,
        draws.quarter_start_date::date as quarter_start_date,
        draws.draw_id::integer as draw_id,
        sum(draws.installed_chip_units) as units
    from {{ ref('int_volumes__draws') }} as draws
    inner join {{ ref('int_volumes__skus') }} as skus
        on skus.sku_id = draws.sku_id
    where skus.generation in ('Trainium2', 'Trainium3')
    group by all

),

tpu as (

    select
        'TPU' as accelerator,
        quarter_start_date,
        draw_id,
        sum(greatest(units, 0)) as units
    from {{ ref('int_purchases__draws') }}
    where designer = 'Google'
        and buyer is null
    group by all

)

select
    accelerator,
    quarter_start_date,
    draw_id,
    sum(units) over (
        partition by accelerator, draw_id
        order by quarter_start_date
    ) as installed_units
from (
    select * from trainium
    union all
    select * from tpu
)
