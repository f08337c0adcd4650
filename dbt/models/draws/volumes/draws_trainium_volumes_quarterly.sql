select
    draws.sku_id,
    skus.generation,
    {{ calendar_quarter('draws.quarter_start_date::date') }} as calendar_quarter,
    draws.quarter_start_date::date as quarter_start_date,
    draws.draw_id::integer as draw_id,
    draws.package_units,
    draws.rack_units,
    draws.installed_chip_units
from {{ ref('int_volumes__draws') }} as draws
inner join {{ ref('int_volumes__skus') }} as skus
    on skus.sku_id = draws.sku_id
