{#
    Every rental price known at as_of, ranked within its key: the provider's own list beats a catalogue that gathers lists,
    which beats what was collected or entered by hand; a list price beats a marketplace offer, an estimate comes last.
    Purchase models are part of the key, so tiers never mix. What a price is worth is decided first; among claims of that
    very price one that may be passed on speaks for it, so that a licence hides no figure that is also published freely.
#}
with evidence_prices as (

    select
        'evidence' as source,
        'cloud_prices' as resource,
        price_id as claim_id,
        provider,
        coalesce(region, 'unspecified') as region,
        '(region)' as availability_zone,
        coalesce(instance_type, 'unspecified') as instance_type,
        accelerator_label,
        accelerator_id,
        accelerator_count,
        purchase_model,
        price_date,
        price_usd_per_hour,
        price_usd_per_accelerator_hour,
        price_basis,
        coalesce(quality_flag, case when audit_flag is not null then 'audited' end) as quality_flag,
        source_url,
        publisher,
        basis_class,
        root_id,
        known_from
    from {{ ref('stg_evidence__cloud_prices') }}

),

skypilot_prices as (

    select
        'skypilot_catalog' as source,
        resource,
        instance_type || '/' || availability_zone as claim_id,
        provider,
        region,
        availability_zone,
        instance_type,
        accelerator_label,
        accelerator_id,
        accelerator_count,
        purchase_model,
        price_date,
        price_usd_per_hour,
        price_usd_per_hour / nullif(accelerator_count, 0) as price_usd_per_accelerator_hour,
        'list' as price_basis,
        quality_flag,
        source_url,
        'SkyPilot' as publisher,
        'sourced' as basis_class,
        'skypilot' as root_id,
        known_from
    from {{ ref('int_rental_prices__skypilot') }}

),

aws_prices as (

    select
        source,
        resource,
        claim_id,
        provider,
        region,
        availability_zone,
        instance_type,
        accelerator_label,
        accelerator_id,
        accelerator_count,
        purchase_model,
        price_date,
        price_usd_per_hour,
        -- as many digits as the collected prices have: a further one would look like a contradiction
        round(price_usd_per_hour / nullif(accelerator_count, 0), 6) as price_usd_per_accelerator_hour,
        price_basis,
        quality_flag,
        source_url,
        publisher,
        case when quality_flag = 'carried_forward' then 'derived' else 'sourced' end as basis_class,
        lower(regexp_replace(source_url, '^https?://|/$', '', 'g')) as root_id,
        known_from
    from {{ ref('int_rental_prices__aws') }}

),

azure_prices as (

    select
        'azure_retail_prices' as source,
        'retail_prices' as resource,
        claim_id,
        provider,
        region,
        availability_zone,
        instance_type,
        accelerator_label,
        accelerator_id,
        accelerator_count,
        purchase_model,
        price_date,
        price_usd_per_hour,
        round(price_usd_per_hour / nullif(accelerator_count, 0), 6) as price_usd_per_accelerator_hour,
        price_basis,
        null::varchar as quality_flag,
        source_url,
        'prices.azure.com' as publisher,
        'sourced' as basis_class,
        'azure' as root_id,
        known_from
    from {{ ref('int_rental_prices__azure') }}

),

vastai_prices as (

    select
        'vastai_offers' as source,
        'offers' as resource,
        claim_id,
        provider,
        region,
        availability_zone,
        instance_type,
        accelerator_label,
        accelerator_id,
        accelerator_count,
        purchase_model,
        price_date,
        price_usd_per_hour,
        round(price_usd_per_hour / nullif(accelerator_count, 0), 6) as price_usd_per_accelerator_hour,
        price_basis,
        null::varchar as quality_flag,
        source_url,
        'vast.ai' as publisher,
        'sourced' as basis_class,
        'vast.ai' as root_id,
        known_from
    from {{ ref('int_rental_prices__vastai') }}

),

claims as (

    select * from evidence_prices
    union all
    select * from skypilot_prices
    union all
    select * from aws_prices
    union all
    select * from azure_prices
    union all
    select * from vastai_prices

),

graded as (

    select
        claims.*,
        catalogue.is_redistributable,
        case
            when claims.quality_flag = 'carried_forward' then 4
            when claims.source in ('aws_price_list', 'azure_retail_prices', 'vastai_offers') then 1
            when claims.source = 'aws_capacity_blocks' and claims.resource = 'prices' then 1
            when claims.source = 'skypilot_catalog' then 2
            else 3
        end as source_rank,
        -- the sources name the same chip differently, so a key goes by the chip where it is known
        coalesce(claims.accelerator_id, claims.accelerator_label) as accelerator_key
    from claims
    left join {{ ref('stg_ingest__sources') }} as catalogue
        on catalogue.source = claims.source
        and catalogue.resource = claims.resource

),

{% set precedence %}
            source_rank,
            case price_basis
                when 'list' then 1
                when 'derived_from_list' then 2
                when 'marketplace_offer' then 3
                when 'index' then 4
                else 5
            end,
            {{ basis_rank() }},
            known_from desc,
            -- Several offers under one name on one day: the cheapest is the price one can get.
            price_usd_per_accelerator_hour,
            source,
            claim_id
{% endset %}

priced as (

    select
        *,
        first_value(price_usd_per_hour) over (
            partition by
                provider, region, availability_zone, instance_type, accelerator_key, purchase_model, price_date
            order by {{ precedence }}
        ) as believed_price_usd_per_hour
    from graded

)

select
    * exclude (is_redistributable, source_rank, accelerator_key, believed_price_usd_per_hour),
    row_number() over (
        partition by
            provider, region, availability_zone, instance_type, accelerator_key, purchase_model, price_date
        order by
            price_usd_per_hour is distinct from believed_price_usd_per_hour,
            is_redistributable is not true,
            {{ precedence }}
    ) as claim_rank
from priced
