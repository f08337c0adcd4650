{% set hours_per_year = 8760 %}

with source as (

    select
        prices.*,
        vintages.url,
        vintages.vintage_date,
        vintages.vintage_scope
    from {{ source('raw', 'azure_retail_prices__retail_prices') }} as prices
    inner join ({{ vintages('azure_retail_prices', 'retail_prices') }}) as vintages
        on vintages.sha256 = prices._sha256
        and vintages.part = prices._part

),

last_full as (

    select
        part,
        max(vintage_date) as vintage_date
    from ({{ vintages('azure_retail_prices', 'retail_prices') }})
    where vintage_scope = 'full'
    group by part

),

renamed as (

    select
        -- ids: the machine, its meter and tier; '-' where the source states none
        concat_ws(
            '/',
            "armRegionName",
            "armSkuName",
            coalesce("meterId", '-'),
            coalesce("skuId", '-'),
            "type",
            coalesce("reservationTerm", '-'),
            coalesce("tierMinimumUnits", '-')
        ) as price_id,
        'Azure' as provider,
        {{ field('armRegionName', 'varchar', 'region') }},
        {{ field('armSkuName', 'varchar', 'instance_type') }},
        {{ field('meterId', 'varchar', 'meter_id') }},
        {{ field('skuId', 'varchar', 'sku_id') }},

        -- text
        {{ field('type', 'varchar', 'price_type') }},
        {{ field('reservationTerm', 'varchar', 'reservation_term') }},
        case
            when "type" = 'Reservation' then 'reserved_' || left("reservationTerm", 1) || 'y'
            when "type" = 'DevTestConsumption' then 'dev_test'
            when coalesce("skuName", '') like '%Spot' or coalesce("meterName", '') like '%Spot' then 'spot'
            when coalesce("skuName", '') like '%Low Priority' or coalesce("meterName", '') like '%Low Priority'
                then 'low_priority'
            else 'on_demand'
        end as purchase_model,
        case
            when "productName" like '%Windows' then 'windows'
            when nullif("productName", '') is not null then 'linux'
        end as operating_system,
        {{ field('productName', 'varchar', 'product_name') }},
        {{ field('meterName', 'varchar', 'meter_name') }},
        {{ field('savingsPlan', 'varchar', 'savings_plan_json') }},
        source.url as source_url,

        -- numerics: a reservation's retailPrice is for its whole term, whatever its unit says
        case
            when "type" = 'Reservation'
                then "retailPrice"::double / ({{ hours_per_year }} * left("reservationTerm", 1)::integer)
            else "retailPrice"::double
        end as price_usd_per_hour,
        case when "type" = 'Reservation' then "retailPrice"::double end as term_price_usd,
        ({{ azure_savings_plan_usd_per_hour('1 Year') }})::double as savings_plan_1y_usd_per_hour,
        ({{ azure_savings_plan_usd_per_hour('3 Years') }})::double as savings_plan_3y_usd_per_hour,
        {{ field('tierMinimumUnits', 'double', 'tier_minimum_hours') }},

        -- dates
        {{ field('effectiveStartDate', 'timestamp', 'effective_from') }},
        {{ field('effectiveEndDate', 'timestamp', 'effective_to') }},
        source.vintage_date as price_date,
        source.vintage_date as known_from,
        last_full.vintage_date as last_full_date
    from source
    left join last_full
        on last_full.part = source._part

),

-- One meter can be listed with several start dates: in force is the last that has begun and not ended.
dated as (

    select
        *,
        coalesce(effective_from < price_date + interval 1 day, true)
            and coalesce(effective_to > price_date, true) as has_begun
    from renamed

)

select
    price_id || '/' || coalesce(effective_from::varchar, '-') || '/' || price_date::varchar as price_row_id,
    * exclude (has_begun, last_full_date),
    has_begun and row_number() over (
        partition by price_id, price_date, has_begun
        order by effective_from desc nulls last
    ) = 1 as is_in_force,
    price_date = max(price_date) over (partition by price_id)
        and coalesce(price_date >= last_full_date, true) as is_latest
from dated
