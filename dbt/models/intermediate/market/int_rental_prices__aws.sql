{#
    AWS's own prices: on demand from its price list, Capacity Blocks from their page or entered by hand. Only instances of
    which we know the accelerator are rental prices of one. A Capacity Block price holds until the page changes it, so it
    is repeated on the first of each month, flagged, until another was seen or the day the page announced others for; where
    none was announced it is carried for a quarter, the pace at which the page changes.
#}
with on_demand as (

    select
        'aws_price_list' as source,
        'ec2' as resource,
        sku as claim_id,
        region,
        instance_type,
        null::varchar as page_label,
        accelerator_count as stated_count,
        'on_demand' as purchase_model,
        price_date,
        price_usd_per_hour,
        'list' as price_basis,
        null::varchar as quality_flag,
        source_url,
        'aws.amazon.com' as publisher,
        known_from
    from {{ ref('stg_aws__ec2_prices') }}

),

seen_blocks as (

    select
        *,
        lead(price_date) over (
            partition by instance_type, region
            order by price_date, known_from
        ) as next_price_date
    from {{ ref('stg_aws__capacity_block_prices') }}
    where not is_superseded

),

blocks as (

    select
        * replace ('list' as price_basis),
        null::varchar as quality_flag
    from seen_blocks
    union all by name
    select
        * exclude (first_of_month) replace (
            first_of_month as price_date,
            case when valid_until is null then 'estimate' else 'derived_from_list' end as price_basis
        ),
        'carried_forward' as quality_flag
    from (
        select
            *,
            unnest(generate_series(
                date_trunc('month', price_date) + interval 1 month, {{ as_of_date() }}::timestamp, interval 1 month
            ))::date as first_of_month
        from seen_blocks
    )
    where first_of_month < least(
            coalesce(valid_until, price_date + interval 3 month), price_date + interval 6 month
        )
        and (next_price_date is null or first_of_month < next_price_date)

),

capacity_blocks as (

    select
        'aws_capacity_blocks' as source,
        resource,
        concat_ws('/', instance_type, region, price_date) as claim_id,
        region,
        instance_type,
        accelerator_label as page_label,
        accelerator_count as stated_count,
        'capacity_block' as purchase_model,
        price_date,
        price_usd_per_hour,
        price_basis,
        quality_flag,
        source_url,
        publisher,
        known_from
    from blocks

),

prices as (

    select * from on_demand
    union all
    select * from capacity_blocks

)

select
    prices.source,
    prices.resource,
    prices.claim_id,
    'AWS' as provider,
    prices.region,
    '(region)' as availability_zone,
    prices.instance_type,
    coalesce(instances.accelerator_label, prices.page_label) as accelerator_label,
    instances.accelerator_id,
    coalesce(instances.accelerator_count, prices.stated_count) as accelerator_count,
    prices.purchase_model,
    prices.price_date,
    prices.price_usd_per_hour,
    prices.price_basis,
    prices.quality_flag,
    prices.source_url,
    prices.publisher,
    prices.known_from
from prices
left join {{ ref('int_rental_prices__instances') }} as instances
    on instances.provider = 'AWS'
    and instances.instance_type = prices.instance_type
where coalesce(instances.accelerator_label, prices.page_label) is not null
