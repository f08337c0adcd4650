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
    case
        when input_usd_per_mtok = 0 and output_usd_per_mtok = 0 then 'zero_price'
        when output_usd_per_mtok > 20 * input_usd_per_mtok then 'output_above_20x_input'
    end as quality_flag,
    is_latest,
    source_url,
    known_from
from {{ ref('stg_litellm__model_prices') }}
-- A per-token price sheet: models billed by image, minute or page are not in it.
where mode in ('chat', 'responses', 'completion')
    and (input_usd_per_mtok is not null or output_usd_per_mtok is not null)
