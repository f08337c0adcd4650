{#
    Every version of a state's price of electricity: one row per month, state, sector and day on which another value
    became known. Months older than the two years that are read anew keep their last version.
#}
with source as (

    select
        sales.*,
        vintages.url,
        vintages.vintage_date
    from {{ source('raw', 'eia_electricity__retail_sales') }} as sales
    inner join ({{ vintages('eia_electricity', 'retail_sales') }}) as vintages
        on vintages.sha256 = sales._sha256
        and vintages.part = sales._part
    -- states and the District of Columbia have two letters; so has the United States, census divisions have three or more
    where length(sales."stateid") = 2
        and sales."stateid" <> 'US'

),

renamed as (

    select
        -- ids
        ("period" || '-01')::date as month_start_date,
        {{ field('stateid', 'varchar', 'state_id') }},
        {{ field('sectorid', 'varchar', 'sector_id') }},

        -- text
        {{ field('stateDescription', 'varchar', 'state_name') }},
        url as source_url,

        -- numerics: the wire states cents per kWh and million kWh; rounding undoes the binary noise
        round(nullif("price", '')::double / 100, 9) as price_usd_per_kwh,
        round(nullif("sales", '')::double * 1000, 3) as sales_mwh,

        -- dates
        vintage_date as known_from

    from source

),

changes as (

    select *
    from renamed
    qualify row(price_usd_per_kwh, sales_mwh) is distinct from lag(row(price_usd_per_kwh, sales_mwh)) over (
        partition by month_start_date, state_id, sector_id
        order by known_from
    )

)

select
    *,
    known_from = max(known_from) over (partition by month_start_date, state_id, sector_id) as is_latest
from changes
