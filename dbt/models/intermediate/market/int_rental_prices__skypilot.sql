{#
    The SkyPilot catalogue as rental prices: one row per zone and purchase model. On-demand prices hold for the whole
    region, spot prices for one zone. A row without a price is not sold that way and is no price row; nor is an instance
    without accelerator, an accelerator without a host (Google Cloud prices the two apart), or a spot price that only
    stands for "no market". The label alone can leave the form open (H100: SXM or PCIe): then the instance type must settle
    it, or accelerator_id stays NULL.
#}
with labels as (

    select
        label,
        any_value(accelerator_id) as accelerator_id,
        bool_or(mapping_rule = 'ambiguous') as is_ambiguous
    from {{ ref('stg_evidence__accelerator_labels') }}
    group by label
    having count(distinct accelerator_id) = 1

),

resolved as (

    select
        vms.resource,
        vms.provider,
        vms.region,
        vms.availability_zone,
        vms.instance_type,
        coalesce(vms.accelerator_label, instances.accelerator_label) as accelerator_label,
        coalesce(
            instances.accelerator_id,
            case
                when not labels.is_ambiguous
                    or (vms.instance_type ilike '%sxm%' and labels.accelerator_id ilike '%sxm%')
                    then labels.accelerator_id
            end
        ) as accelerator_id,
        coalesce(vms.accelerator_count, instances.accelerator_count) as accelerator_count,
        vms.on_demand_price_usd_per_hour,
        case when not vms.is_spot_sentinel then vms.spot_price_usd_per_hour end as spot_price_usd_per_hour,
        vms.price_date,
        vms.source_url,
        vms.known_from
    from {{ ref('stg_skypilot__vms') }} as vms
    left join labels
        on labels.label = vms.accelerator_label
    -- Trainium2 rows name no accelerator; collected prices say what is inside the instance type.
    left join {{ ref('int_rental_prices__instances') }} as instances
        on instances.provider = vms.provider
        and instances.instance_type = vms.instance_type
    where coalesce(vms.accelerator_label, instances.accelerator_label) is not null
        and vms.instance_type is not null

),

on_demand as (

    select distinct
        resource,
        provider,
        region,
        '(region)' as availability_zone,
        instance_type,
        accelerator_label,
        accelerator_id,
        accelerator_count,
        'on_demand' as purchase_model,
        on_demand_price_usd_per_hour as price_usd_per_hour,
        cast(null as varchar) as quality_flag,
        price_date,
        source_url,
        known_from
    from resolved
    where on_demand_price_usd_per_hour is not null

),

spot as (

    select
        resource,
        provider,
        region,
        coalesce(availability_zone, '(region)') as availability_zone,
        instance_type,
        accelerator_label,
        accelerator_id,
        accelerator_count,
        'spot' as purchase_model,
        spot_price_usd_per_hour as price_usd_per_hour,
        cast(null as varchar) as quality_flag,
        price_date,
        source_url,
        known_from
    from resolved
    where spot_price_usd_per_hour is not null

)

select * from on_demand
union all
select * from spot
