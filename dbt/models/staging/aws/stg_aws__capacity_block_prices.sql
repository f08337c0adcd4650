{#
    The prices of the page and those entered by hand, one row per instance type, region and day it was seen. Where both
    speak of one month the page counts, unless the entry was made after it; the other is kept and marked superseded.
#}
with page as (

    select
        prices.*,
        vintages.vintage_date,
        vintages.url
    from {{ source('raw', 'aws_capacity_blocks__prices') }} as prices
    inner join ({{ vintages('aws_capacity_blocks', 'prices') }}) as vintages
        on vintages.sha256 = prices._sha256
        and vintages.part = prices._part

),

overrides as (

    select *
    from {{ source('raw', 'aws_capacity_blocks__overrides') }}
    where (_sha256, _part) in ({{ latest_content('aws_capacity_blocks', 'overrides') }})
        and {{ known_by_as_of('_known_from') }}

),

-- A price is worded "$41.528 USD", or with that of one accelerator behind it: "$41.528 USD ($5.191 USD)".
worded as (

    select
        *,
        try_cast(regexp_extract("Accelerator", '^([0-9]+) ?x', 1) as double) as accelerator_count,
        try_cast(
            replace(regexp_extract("Effective Instance Hourly Rate", '([0-9][0-9,.]*)', 1), ',', '') as double
        ) as instance_price_usd_per_hour,
        coalesce(
            try_cast(
                replace(regexp_extract("Effective Accelerator Hourly Rate", '([0-9][0-9,.]*)', 1), ',', '') as double
            ),
            try_cast(
                replace(regexp_extract("Effective Instance Hourly Rate", '[(][$] ?([0-9][0-9,.]*)', 1), ',', '') as double
            )
        ) as accelerator_price_usd_per_hour,
        regexp_extract("Update Notice", '([A-Z][a-z]+)( [0-9]{1,2})?,? (20[0-9]{2})', ['month', 'day', 'year']) as update_on
    from page

),

page_renamed as (

    select
        -- ids
        'prices' as resource,
        'page' as price_basis,
        {{ field('Instance Type', 'varchar', 'instance_type') }},
        {{ aws_region_code('"Region"') }} as region,

        -- text
        nullif(trim(regexp_replace("Accelerator", '^[0-9]+ ?x ?', '')), '') as accelerator_label,
        url as source_url,
        'aws.amazon.com' as publisher,

        -- numerics
        accelerator_count,
        coalesce(
            instance_price_usd_per_hour, accelerator_price_usd_per_hour * accelerator_count
        ) as price_usd_per_hour,

        -- dates
        vintage_date as price_date,
        try_strptime(
            update_on.month || coalesce(nullif(update_on.day, ''), ' 1') || ' ' || update_on.year, '%B %d %Y'
        )::date as valid_until,
        vintage_date as known_from

    from worded

),

overrides_renamed as (

    select
        -- ids
        'overrides' as resource,
        'override' as price_basis,
        {{ field('instance_type', 'varchar') }},
        {{ field('region', 'varchar') }},

        -- text
        null::varchar as accelerator_label,
        {{ field('source_url', 'varchar') }},
        {{ field('publisher', 'varchar') }},

        -- numerics
        null::double as accelerator_count,
        {{ field('price_usd_per_hour', 'double') }},

        -- dates
        {{ field('effective_from', 'date', 'price_date') }},
        {{ field('valid_until', 'date') }},
        {{ field('known_from', 'date') }}

    from overrides

),

unioned as (

    select * from page_renamed
    union all
    select * from overrides_renamed

),

compared as (

    select
        *,
        max(case when price_basis = 'page' then known_from end) over same_month as page_known_from,
        max(case when price_basis = 'override' then known_from end) over same_month as override_known_from
    from unioned
    window same_month as (partition by instance_type, region, date_trunc('month', price_date))

)

select
    * exclude (page_known_from, override_known_from),
    case price_basis
        when 'page' then coalesce(override_known_from > page_known_from, false)
        else coalesce(page_known_from >= override_known_from, false)
    end as is_superseded
from compared
