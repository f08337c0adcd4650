{#
    The periods for which a model had a price: one row per model and price, from the list that first showed it to the
    list that showed another price, or to the first full list without the model. A model that comes back starts anew.
#}
{% set prices = {
    'pricing.prompt': 'input_usd_per_mtok',
    'pricing.completion': 'output_usd_per_mtok',
    'pricing.input_cache_read': 'cached_input_usd_per_mtok',
    'pricing.input_cache_write': 'cache_write_usd_per_mtok',
} %}

with vintages as (

    {{ vintages('openrouter_models', 'models') }}

),

listed as (

    select
        {{ field('id', 'varchar', 'model_id') }},
        {{ field('canonical_slug', 'varchar') }},
        {{ field('name', 'varchar', 'model_name') }},
        to_timestamp(nullif("created", '')::bigint) at time zone 'UTC' as created_at,
        {{ field('context_length', 'double', 'max_input_tokens') }},
        -- "-1" is no price: it varies with the model a request is routed to
        {% for wire, name in prices.items() %}
        case when "{{ wire }}"::double >= 0 then {{ usd_per_mtok(wire) }} end as {{ name }},
        {% endfor %}
        coalesce(least("pricing.prompt"::double, "pricing.completion"::double) < 0, false) as is_variable_price,
        vintages.url as source_url,
        vintages.vintage_date
    from {{ source('raw', 'openrouter_models__models') }} as models
    inner join vintages
        on vintages.sha256 = models._sha256
        and vintages.part = models._part

),

compared as (

    select
        listed.*,
        row(
            {{ prices.values() | join(', ') }}, is_variable_price
        ) is distinct from lag(row(
            {{ prices.values() | join(', ') }}, is_variable_price
        )) over of_model
            or exists (
                select 1
                from vintages
                where vintages.vintage_scope = 'full'
                    and vintages.vintage_date < listed.vintage_date
                    and vintages.vintage_date > listed.previous_date
            ) as is_start
    from (
        select
            *,
            lag(vintage_date) over (
                partition by model_id
                order by vintage_date
            ) as previous_date
        from listed
    ) as listed
    window of_model as (
        partition by model_id
        order by vintage_date
    )

),

periods as (

    select
        *,
        count(*) filter (where is_start) over (
            partition by model_id
            order by vintage_date
        ) as period_no
    from compared

),

bounded as (

    select
        model_id,
        -- what the newest list of the period says of the model
        {% for column in ['canonical_slug', 'model_name', 'created_at', 'max_input_tokens', 'source_url'] %}
        arg_max({{ column }}, vintage_date) as {{ column }},
        {% endfor %}
        {% for name in prices.values() %}
        any_value({{ name }}) as {{ name }},
        {% endfor %}
        any_value(is_variable_price) as is_variable_price,
        min(vintage_date) as valid_from,
        max(vintage_date) as last_seen_date,
        lead(min(vintage_date)) over (
            partition by model_id
            order by min(vintage_date)
        ) as next_price_from
    from periods
    group by model_id, period_no

)

select
    -- ids
    model_id,
    canonical_slug,

    -- text
    model_name,
    nullif(split_part(model_id, ':', 2), '') as variant,
    source_url,

    -- numerics
    {% for name in prices.values() %}
    {{ name }},
    {% endfor %}
    max_input_tokens,

    -- booleans
    is_variable_price,
    model_id like '%:free' as is_free_variant,
    model_id like '%:batch' as is_batch_variant,
    least(next_price_from, missing_from) is null as is_latest,

    -- dates
    created_at,
    valid_from,
    least(next_price_from, missing_from) as valid_to,
    last_seen_date,
    valid_from as known_from
from (
    select
        bounded.*,
        (
            select min(vintages.vintage_date)
            from vintages
            where vintages.vintage_scope = 'full'
                and vintages.vintage_date > bounded.last_seen_date
        ) as missing_from
    from bounded
)
