{#
    One price per accelerator, tier, contract, kind of owner and week: the median over sellers of each seller's own median,
    so that a cloud with sixty regions has one vote. A week in which nobody looked has no row.
#}
with by_seller as (

    select
        accelerator_id,
        buyer_class,
        price_tier,
        purchase_model,
        week_start_date,
        provider,
        median(price_usd_per_accelerator_hour) as price_usd_per_accelerator_hour,
        count(*) as n_prices,
        bool_and(is_redistributable) as is_redistributable,
        bool_or(is_accelerator_assumed) as is_accelerator_assumed,
        min(source_url) as source_url,
        max(known_from) as known_from
    from {{ ref('int_rental_prices__comparable') }}
    group by all

)

select
    accelerator_id,
    buyer_class,
    price_tier,
    purchase_model,
    week_start_date,
    median(price_usd_per_accelerator_hour) as price_usd_per_accelerator_hour,
    min(price_usd_per_accelerator_hour) as price_usd_per_accelerator_hour_low,
    max(price_usd_per_accelerator_hour) as price_usd_per_accelerator_hour_high,
    sum(n_prices)::bigint as n_prices,
    count(*) as n_providers,
    bool_and(is_redistributable) as is_redistributable,
    bool_or(is_accelerator_assumed) as is_accelerator_assumed,
    string_agg(provider, ', ' order by provider) as providers,
    min(source_url) as source_url,
    max(known_from) as known_from
from by_seller
group by all
