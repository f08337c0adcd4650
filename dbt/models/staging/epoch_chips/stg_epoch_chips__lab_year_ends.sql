with source as (

    select
        vintages.vintage_date,
        vintages.vintage_scope,
        vintages.vintage_kind,
        vintages.url as source_url,
        users.* exclude (_known_from, _vintage_kind, _vintage_scope)
    from {{ source('raw', 'epoch_chips__users_year_end_by_lab') }} as users
    inner join ({{ vintages('epoch_chips', 'users_year_end_by_lab') }}) as vintages
        on vintages.sha256 = users._sha256
        and vintages.part = users._part

),

renamed as (

    select
        -- ids
        {{ field('Lab', 'varchar', 'lab_name') }},
        {{ field('Year', 'bigint', 'calendar_year') }},

        -- text
        vintage_scope,
        vintage_kind,
        source_url,

        -- numerics
        {{ field('h100e_p5', 'double', 'h100_equivalents_p05') }},
        {{ field('h100e_med', 'double', 'h100_equivalents_p50') }},
        {{ field('h100e_p95', 'double', 'h100_equivalents_p95') }},

        -- dates
        try_strptime("Date", ['%Y-%m-%d', '%m/%d/%Y'])::date as observed_date,
        vintage_date,
        vintage_date as known_from

    from source

)

select
    *,
    observed_date > vintage_date as is_projection,
    {{ epoch_is_latest(['lab_name', 'calendar_year']) }} as is_latest
from renamed
