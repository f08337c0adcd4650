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

-- A margin needs a rent without doubts and a cost of the same accelerator; a return also a rent of the last year.
rents as (

    select distinct accelerator_id
    from {{ ref('int_rental_prices__weekly') }}

),

newest_rents as (

    select distinct accelerator_id
    from {{ ref('int_tco__newest_rents') }}

),

costs as (

    select distinct accelerator_id
    from {{ ref('int_tco__rental_costs') }}

),

returns as (

    select distinct accelerator_id
    from {{ ref('int_tco__rental_returns') }}

),

margins as (

    select
        unnest(['rental_margin', 'rental_returns']) as mart_name,
        accelerators.accelerator_id,
        rents.accelerator_id is not null as has_rent,
        newest_rents.accelerator_id is not null as has_newest_rent,
        costs.accelerator_id is not null as has_cost,
        returns.accelerator_id is not null as has_return
    from {{ ref('stg_evidence__accelerators') }} as accelerators
    left join rents using (accelerator_id)
    left join newest_rents using (accelerator_id)
    left join costs using (accelerator_id)
    left join returns using (accelerator_id)

),

margin_coverage as (

    select
        mart_name,
        'accelerator' as subject_kind,
        accelerator_id as subject_id,
        case
            when mart_name = 'rental_margin' and has_rent and has_cost then 'known'
            when mart_name = 'rental_returns' and has_return then 'known'
            else 'unknown'
        end as coverage_status,
        case
            when not has_rent then 'missing: a rental price of this accelerator'
            when not has_cost then 'missing: a cost of any system with this accelerator'
            when mart_name = 'rental_returns' and not has_newest_rent then 'missing: a rental price of the last year'
            when mart_name = 'rental_returns' and not has_return
                then 'missing: a cost in the newest assumption vintage'
            else 'rent and cost known'
        end as reason
    from margins

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
union all
select * from margin_coverage
