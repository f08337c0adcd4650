with source as (

    select
        prices.*,
        vintages.url,
        vintages.vintage_date,
        -- A partial sheet lists changes only, so a model keeps its price until a full sheet lacks it.
        vintages.vintage_date = max(vintages.vintage_date) over (partition by prices.model)
            and vintages.vintage_date >= max(vintages.vintage_date)
                filter (where vintages.vintage_scope = 'full') over () as is_latest
    from {{ source('raw', 'litellm_model_prices__model_prices') }} as prices
    inner join ({{ vintages('litellm_model_prices', 'model_prices') }}) as vintages
        on vintages.sha256 = prices._sha256
        and vintages.part = prices._part

),

renamed as (

    select
        -- ids
        {{ field('model', 'varchar') }},
        {{ field('litellm_provider', 'varchar', 'provider') }},

        -- text
        {{ field('mode', 'varchar') }},
        url as source_url,

        -- numerics: the wire states USD per token
        {{ usd_per_mtok('input_cost_per_token') }} as input_usd_per_mtok,
        {{ usd_per_mtok('output_cost_per_token') }} as output_usd_per_mtok,
        {{ usd_per_mtok('cache_read_input_token_cost') }} as cached_input_usd_per_mtok,
        {{ usd_per_mtok('cache_creation_input_token_cost') }} as cache_write_usd_per_mtok,
        {{ usd_per_mtok('input_cost_per_token_batches') }} as batch_input_usd_per_mtok,
        {{ usd_per_mtok('output_cost_per_token_batches') }} as batch_output_usd_per_mtok,
        nullif(nullif("max_input_tokens", '')::double, 0) as max_input_tokens,  -- 0 stands for not stated

        -- booleans
        is_latest,

        -- dates
        vintage_date as price_date,
        vintage_date as known_from

    from source

)

select * from renamed
