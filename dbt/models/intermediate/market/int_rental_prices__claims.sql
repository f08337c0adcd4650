{#
    Every rental price known at as_of, ranked within its key: the catalogue of the machine feed beats collected rows, a
    list price beats a marketplace offer, an estimate comes last. Purchase models are part of the key, so tiers never mix.
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

claims as (

    select * from evidence_prices
    union all
    select * from skypilot_prices

)

select
    *,
    row_number() over (
        partition by
            provider, region, availability_zone, instance_type, accelerator_label, purchase_model, price_date
        order by
            source = 'evidence',
            case price_basis
                when 'list' then 1
                when 'derived_from_list' then 2
                when 'marketplace_offer' then 3
                when 'index' then 4
                else 5
            end,
            {{ basis_rank() }},
            -- Several offers under one name on one day: the cheapest is the price one can get.
            price_usd_per_accelerator_hour,
            claim_id
    ) as claim_rank
from claims
