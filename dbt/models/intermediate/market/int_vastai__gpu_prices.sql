{#
    What renting a GPU on vast.ai cost on a day: quartiles of the price per GPU over the offers that could be rented
    outright. Two offers make no market: below three the prices are NULL and only their number is told.
#}
{% set least_offers = 3 %}

with offers as (

    select *
    from {{ ref('stg_vastai__offers') }}
    where is_available
        and not coalesce(is_interruptible, false)

),

summed as (

    select
        gpu_name,
        price_date,
        count(*) as n_offers,
        count(*) filter (where verification = 'verified') as n_verified_offers,
        sum(n_gpus) as n_gpus_offered,
        -- linear between the two offers in the middle, over sorted values: equal on any number of threads
        quantile_cont(price_usd_per_accelerator_hour, [0.25, 0.5, 0.75]) as quartiles_usd,
        any_value(source_url) as source_url,
        max(known_from) as known_from
    from offers
    group by gpu_name, price_date

)

select
    gpu_name,
    price_date,
    n_offers,
    n_verified_offers,
    n_gpus_offered::bigint as n_gpus_offered,
    {% for name in ['p25', 'p50', 'p75'] %}
    case when n_offers >= {{ least_offers }} then quartiles_usd[{{ loop.index }}] end
        as price_usd_per_accelerator_hour_{{ name }},
    {% endfor %}
    source_url,
    known_from
from summed
