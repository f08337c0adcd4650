{#
    The believed price of each key. Two rules look at a price beside others and flag it, the source's own flag comes first:
    spot_above_on_demand (the same machine, place and day costs less without the risk of interruption), and
    machine_price_as_accelerator_price (one accelerator for six times the usual price of its tier or more: the price of a
    whole machine in the column of one accelerator).
#}
{% set machine_ratio = 6 %}

with believed as (

    select
        claims.*,
        {{ price_tier() }} as price_tier,
        catalogue.is_redistributable
    from {{ ref('int_rental_prices__claims') }} as claims
    inner join {{ ref('stg_ingest__sources') }} as catalogue
        on catalogue.source = claims.source
        and catalogue.resource = claims.resource
    where claims.claim_rank = 1

),

compared as (

    select
        *,
        min(price_usd_per_accelerator_hour) filter (where purchase_model = 'on_demand') over (
            partition by provider, region, instance_type, coalesce(accelerator_id, accelerator_label), price_date
        ) as on_demand_usd_per_accelerator_hour,
        median(price_usd_per_accelerator_hour) over (
            partition by coalesce(accelerator_id, accelerator_label), price_tier
        ) as usual_usd_per_accelerator_hour
    from believed

)

select
    provider,
    region,
    availability_zone,
    instance_type,
    accelerator_label,
    accelerator_id,
    accelerator_count,
    purchase_model,
    price_tier,
    price_date,
    price_usd_per_hour,
    price_usd_per_accelerator_hour,
    price_basis,
    case
        when price_basis in ('list', 'derived_from_list') then 'disclosed'
        when price_basis = 'estimate' then 'estimated'
        else 'reported'
    end as value_kind,
    coalesce(
        case when quality_flag not in ('audited', 'carried_forward') then quality_flag end,
        case
            when purchase_model = 'spot'
                and price_usd_per_accelerator_hour > on_demand_usd_per_accelerator_hour * 1.001
                then 'spot_above_on_demand'
            when accelerator_count <= 1
                and price_usd_per_accelerator_hour >= {{ machine_ratio }} * usual_usd_per_accelerator_hour
                then 'machine_price_as_accelerator_price'
        end,
        -- no doubts, only remarks
        quality_flag
    ) as quality_flag,
    on_demand_usd_per_accelerator_hour,
    usual_usd_per_accelerator_hour,
    is_redistributable,
    claim_id,
    resource,
    source,
    source_url,
    publisher,
    basis_class,
    root_id,
    known_from
from compared
