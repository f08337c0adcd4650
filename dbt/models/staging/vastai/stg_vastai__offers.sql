with source as (

    select
        offers.*,
        vintages.url,
        vintages.vintage_date
    from {{ source('raw', 'vastai_offers__offers') }} as offers
    inner join ({{ vintages('vastai_offers', 'offers') }}) as vintages
        on vintages.sha256 = offers._sha256
        and vintages.part = offers._part

)

select
    -- ids: the number of an offer means something within one answer only
    _part as part,
    {{ field('offer_no', 'bigint') }},

    -- text
    {{ field('gpu_name', 'varchar') }},
    {{ field('geolocation', 'varchar') }},
    {{ field('verification', 'varchar') }},
    url as source_url,

    -- numerics
    {{ field('num_gpus', 'bigint', 'n_gpus') }},
    {{ field('dph_total', 'double', 'price_usd_per_hour') }},
    "dph_total"::double / "num_gpus"::bigint as price_usd_per_accelerator_hour,
    {{ field('min_bid', 'double', 'min_bid_usd_per_hour') }},
    "gpu_ram"::double / 1024 as gpu_memory_gib,
    {{ field('reliability2', 'double', 'reliability_share') }},

    -- booleans
    {{ field('is_bid', 'boolean', 'is_interruptible') }},
    coalesce("rentable"::boolean, true) and not coalesce("rented"::boolean, false) as is_available,
    vintage_date = max(vintage_date) over (partition by _part) as is_latest,

    -- dates
    vintage_date as price_date,
    vintage_date as known_from

from source
