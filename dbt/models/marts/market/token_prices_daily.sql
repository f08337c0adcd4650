select
    prices.model,
    prices.provider,
    prices.mode,
    prices.price_date,
    prices.input_usd_per_mtok,
    prices.output_usd_per_mtok,
    prices.cached_input_usd_per_mtok,
    prices.cache_write_usd_per_mtok,
    prices.batch_input_usd_per_mtok,
    prices.batch_output_usd_per_mtok,
    prices.max_input_tokens,
    prices.value_kind,
    prices.quality_flag,
    prices.is_latest,
    catalogue.is_redistributable,
    prices.source,
    prices.source_url,
    catalogue.publisher,
    prices.known_from,
    {{ as_of_date() }} as as_of_date,
    'market-1' as methodology_version
from {{ ref('fct_token_prices') }} as prices
inner join {{ ref('stg_ingest__sources') }} as catalogue
    on catalogue.source = prices.source
    and catalogue.resource = prices.resource
