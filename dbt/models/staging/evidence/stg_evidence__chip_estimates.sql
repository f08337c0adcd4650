with source as (

    select * from {{ source('raw', 'evidence__chip_estimates') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'chip_estimates') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('estimate_id', 'varchar') }},

        -- text
        {{ field('estimate_kind', 'varchar') }},
        {{ field('designer', 'varchar') }},
        {{ field('owner', 'varchar') }},
        {{ field('chip_type', 'varchar') }},

        -- numerics
        {{ field('chips_p05', 'double') }},
        {{ field('chips_p50', 'double') }},
        {{ field('chips_p95', 'double') }},

        -- booleans
        {{ field('is_incomplete', 'boolean') }},

        -- dates
        {{ field('period_start', 'date') }},
        {{ field('period_end', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
