with source as (

    select * from {{ source('raw', 'evidence__quarterly_financials') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'quarterly_financials') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('ticker', 'varchar') }},

        -- text
        {{ field('metric', 'varchar') }},

        -- numerics
        {{ field('value_usd_m', 'double') }},

        -- dates
        {{ field('quarter_end_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
