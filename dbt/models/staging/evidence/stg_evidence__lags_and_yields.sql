with source as (

    select * from {{ source('raw', 'evidence__lags_and_yields') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'lags_and_yields') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('sku', 'varchar') }},

        -- text
        {{ field('parameter', 'varchar') }},
        {{ field('unit', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},
        {{ field('low', 'double') }},
        {{ field('high', 'double') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
