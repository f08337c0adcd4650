select
    draws.sku_id,
    skus.generation,
    {{ calendar_quarter('draws.quarter_start_date::date') }} as calendar_quarter,
    draws.quarter_start_date::date as quarter_start_date,
    draws.draw_id::integer as draw_id,
    scenarios.scenario,
    draws.package_units,
    draws.rack_units,
    draws.installed_chip_units
from {{ ref('int_volumes__draws') }} as draws
inner join {{ ref('int_volumes__skus') }} as skus
    on skus.sku_id = draws.sku_id
inner join {{ ref('int_volumes__scenarios') }} as scenarios
    on scenarios.draw_id = draws.draw_id
