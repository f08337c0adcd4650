{#
    Azure's own prices of the machines whose accelerators are known: Linux, the first unit, in force on the day of the sheet.
    Development offers and low priority are no tiers of ours.
#}
select
    prices.price_row_id as claim_id,
    prices.provider,
    prices.region,
    '(region)' as availability_zone,
    prices.instance_type,
    instances.accelerator_label,
    instances.accelerator_id,
    instances.accelerator_count,
    prices.purchase_model,
    prices.price_date,
    prices.price_usd_per_hour,
    case when prices.purchase_model like 'reserved\_%' escape '\' then 'derived_from_list' else 'list' end as price_basis,
    prices.source_url,
    prices.known_from
from {{ ref('stg_azure__retail_prices') }} as prices
inner join {{ ref('int_rental_prices__instances') }} as instances
    on instances.provider = prices.provider
    and instances.instance_type = prices.instance_type
where prices.is_in_force
    and prices.purchase_model in ('on_demand', 'spot', 'reserved_1y', 'reserved_3y')
    and coalesce(prices.operating_system, 'linux') = 'linux'
    and coalesce(prices.tier_minimum_hours, 0) = 0
    and prices.price_usd_per_hour > 0
