{#
    Rental prices fit to be set against the cost of owning: of a known accelerator, without a reason for doubt, with the
    kind of owner behind the offer. A Capacity Block price that still holds counts; suspects do not.
#}
with sellers as (

    select name, maps_to
    from {{ ref('stg_rental_market') }}
    where kind = 'seller'

),

labels as (

    select name, maps_to
    from {{ ref('stg_rental_market') }}
    where kind = 'label'

)

select
    coalesce(prices.accelerator_id, labels.maps_to) as accelerator_id,
    prices.accelerator_id is null as is_accelerator_assumed,
    coalesce(sellers.maps_to, 'emerging_neocloud') as buyer_class,
    prices.price_tier,
    prices.purchase_model,
    prices.provider,
    concat_ws(
        ' | ', prices.region, prices.availability_zone, prices.instance_type, prices.purchase_model
    ) as series_id,
    prices.price_date,
    date_trunc('week', prices.price_date)::date as week_start_date,
    prices.price_usd_per_accelerator_hour,
    prices.is_redistributable,
    prices.source_url,
    prices.known_from
from {{ ref('fct_rental_prices') }} as prices
left join sellers on sellers.name = prices.provider
left join labels
    on prices.price_tier in ('index', 'marketplace')
    and labels.name = prices.accelerator_label
where coalesce(prices.accelerator_id, labels.maps_to) is not null
    and prices.price_usd_per_accelerator_hour > 0
    and coalesce(prices.quality_flag, 'audited') in ('audited', 'carried_forward')
