select
    model,
    provider,
    mode,
    price_date,
    input_usd_per_mtok,
    output_usd_per_mtok,
    cached_input_usd_per_mtok,
    cache_write_usd_per_mtok,
    batch_input_usd_per_mtok,
    batch_output_usd_per_mtok,
    max_input_tokens,
    value_kind,
    case
        when source_flag is not null then source_flag
        when input_usd_per_mtok = 0 and output_usd_per_mtok = 0 then 'zero_price'
        when output_usd_per_mtok > 20 * input_usd_per_mtok then 'output_above_20x_input'
        when output_usd_per_mtok < input_usd_per_mtok then 'output_below_input'
    end as quality_flag,
    is_latest,
    source,
    resource,
    source_url,
    known_from
from {{ ref('int_token_prices__claims') }}
where claim_rank = 1
