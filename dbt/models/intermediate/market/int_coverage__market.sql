with known_prices as (

    select
        'rental_prices_daily' as mart_name,
        'accelerator' as subject_kind,
        accelerators.accelerator_id as subject_id,
        case when count(prices.accelerator_id) > 0 then 'known' else 'unknown' end as coverage_status,
        case
            when count(prices.accelerator_id) > 0 then count(prices.accelerator_id)::varchar || ' prices'
            else 'no rental price of this accelerator in any source read so far'
        end as reason
    from {{ ref('stg_evidence__accelerators') }} as accelerators
    left join {{ ref('fct_rental_prices') }} as prices
        on prices.accelerator_id = accelerators.accelerator_id
    group by accelerators.accelerator_id

),

-- Listed in a catalogue, but without a price: not sold that way, which is not a price of zero.
unpriced_instances as (

    select
        'rental_prices_daily' as mart_name,
        'instance_type' as subject_kind,
        provider || ' ' || instance_type as subject_id,
        'unknown' as coverage_status,
        'listed in the provider''s catalogue without any price: not sold on demand or spot' as reason
    from {{ ref('stg_skypilot__vms') }}
    where is_latest
    group by provider, instance_type
    having count(on_demand_price_usd_per_hour) = 0
        and count(spot_price_usd_per_hour) = 0

),

priced_models as (

    select
        'token_prices_daily' as mart_name,
        'provider' as subject_kind,
        provider as subject_id,
        'known' as coverage_status,
        count(distinct model)::varchar || ' models priced per token' as reason
    from {{ ref('fct_token_prices') }}
    group by provider

),

cloud_revenue as (

    select
        'cloud_revenue_quarterly' as mart_name,
        'cloud_provider' as subject_kind,
        cloud_provider as subject_id,
        'known' as coverage_status,
        'reported as a segment, latest quarter ' || max(calendar_quarter) as reason
    from {{ ref('fct_cloud_revenue_quarterly') }}
    group by cloud_provider

),

-- Clouds that lease capacity here but whose revenue no source of this warehouse states.
clouds_without_revenue as (

    select
        'cloud_revenue_quarterly' as mart_name,
        'cloud_provider' as subject_kind,
        cloud_provider as subject_id,
        'not_covered' as coverage_status,
        'no segment revenue in US dollars per quarter among the collected filings' as reason
    from {{ ref('stg_evidence__tenancies') }}
    where cloud_provider is not null
        and cloud_provider not in (select cloud_provider from {{ ref('fct_cloud_revenue_quarterly') }})
    group by cloud_provider

)

select * from known_prices
union all
select * from unpriced_instances
union all
select * from priced_models
union all
select * from cloud_revenue
union all
select * from clouds_without_revenue
