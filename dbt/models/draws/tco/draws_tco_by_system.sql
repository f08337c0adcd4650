select
    system_id,
    buyer_class,
    assumption_vintage,
    draw_id::integer as draw_id,
    capital_usd_per_chip_hour,
    operating_usd_per_chip_hour
from {{ ref('int_tco__draws') }}
