{#
    Every price of text tokens known at as_of, ranked within its key. litellm's rows are the vendors' list prices;
    OpenRouter's are what a reseller asked, under the provider name openrouter, so they stand beside the list and never
    replace it: where both name one model, provider and day, the list wins. A variable price is no price.
#}
with list_prices as (

    select
        'litellm_model_prices' as source,
        'model_prices' as resource,
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
        'disclosed' as value_kind,
        cast(null as varchar) as source_flag,
        is_latest,
        source_url,
        known_from
    from {{ ref('stg_litellm__model_prices') }}
    -- A per-token price sheet: models billed by image, minute or page are not in it.
    where mode in ('chat', 'responses', 'completion')

),

resold as (

    select
        'openrouter_models' as source,
        'models' as resource,
        model_id as model,
        'openrouter' as provider,
        'chat' as mode,
        valid_from as price_date,
        input_usd_per_mtok,
        output_usd_per_mtok,
        cached_input_usd_per_mtok,
        cache_write_usd_per_mtok,
        cast(null as double) as batch_input_usd_per_mtok,
        cast(null as double) as batch_output_usd_per_mtok,
        max_input_tokens,
        'reported' as value_kind,
        case
            when is_free_variant then 'free_variant'
            when is_batch_variant then 'batch_variant'
        end as source_flag,
        is_latest,
        source_url,
        known_from
    from {{ ref('stg_openrouter__model_prices') }}
    where not is_variable_price

),

claims as (

    select * from list_prices
    union all
    select * from resold

)

select
    *,
    row_number() over (
        partition by model, provider, price_date
        order by source = 'openrouter_models'
    ) as claim_rank
from claims
where input_usd_per_mtok is not null
    or output_usd_per_mtok is not null
