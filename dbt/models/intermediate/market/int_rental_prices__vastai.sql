{#
    The middle of the offers on vast.ai as one market price per GPU and day; thin markets have none. As with SkyPilot, a name
    that leaves the form open counts only where it says SXM itself.
#}
with labels as (

    select
        label,
        any_value(accelerator_id) as accelerator_id,
        bool_or(mapping_rule = 'ambiguous') as is_ambiguous
    from {{ ref('stg_evidence__accelerator_labels') }}
    group by label
    having count(distinct accelerator_id) = 1

)

select
    concat_ws('/', offers.gpu_name, offers.price_date) as claim_id,
    'vast.ai' as provider,
    'unspecified' as region,
    '(region)' as availability_zone,
    offers.gpu_name || ' (median of offers)' as instance_type,
    offers.gpu_name as accelerator_label,
    case
        when not labels.is_ambiguous
            or (offers.gpu_name ilike '%sxm%' and labels.accelerator_id ilike '%sxm%')
            then labels.accelerator_id
    end as accelerator_id,
    1.0::double as accelerator_count,
    'market_median' as purchase_model,
    offers.price_date,
    offers.price_usd_per_accelerator_hour_p50 as price_usd_per_hour,
    'marketplace_offer' as price_basis,
    offers.source_url,
    offers.known_from
from {{ ref('int_vastai__gpu_prices') }} as offers
left join labels
    on labels.label = offers.gpu_name
where offers.price_usd_per_accelerator_hour_p50 > 0
