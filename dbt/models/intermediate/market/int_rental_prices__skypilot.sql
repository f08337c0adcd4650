{#
    The SkyPilot catalogue as rental prices: one row per zone and purchase model, cheapest first. On-demand prices hold
    for the whole region, spot prices for one zone. A row without a price is not sold that way and is no price row.
#}
with vms as (

    select
        vms.*,
        -- Trainium2 rows name no accelerator: the instance type does.
        coalesce(by_label.label, by_instance.label, vms.accelerator_label) as resolved_label,
        coalesce(by_label.accelerator_id, by_instance.accelerator_id) as accelerator_id
    from {{ ref('stg_skypilot__vms') }} as vms
    left join {{ ref('stg_evidence__accelerator_labels') }} as by_label
        on by_label.label = vms.accelerator_label
    left join {{ ref('stg_evidence__accelerator_labels') }} as by_instance
        on by_instance.label = vms.instance_type

),

on_demand as (

    select distinct
        resource,
        provider,
        region,
        '(region)' as availability_zone,
        instance_type,
        resolved_label as accelerator_label,
        accelerator_id,
        accelerator_count,
        'on_demand' as purchase_model,
        on_demand_price_usd_per_hour as price_usd_per_hour,
        cast(null as varchar) as quality_flag,
        price_date,
        source_url,
        known_from
    from vms
    where on_demand_price_usd_per_hour is not null

),

spot as (

    select
        resource,
        provider,
        region,
        coalesce(availability_zone, '(region)') as availability_zone,
        instance_type,
        resolved_label as accelerator_label,
        accelerator_id,
        accelerator_count,
        'spot' as purchase_model,
        spot_price_usd_per_hour as price_usd_per_hour,
        case
            when spot_price_usd_per_hour = on_demand_price_usd_per_hour then 'spot_equals_on_demand_no_market'
        end as quality_flag,
        price_date,
        source_url,
        known_from
    from vms
    where spot_price_usd_per_hour is not null

)

select * from on_demand
where accelerator_label is not null
union all
select * from spot
where accelerator_label is not null
