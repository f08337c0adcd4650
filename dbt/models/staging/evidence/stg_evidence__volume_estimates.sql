with source as (

    select * from {{ source('raw', 'evidence__volume_estimates') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'volume_estimates') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('estimate_id', 'varchar') }},
        {{ field('sku', 'varchar') }},

        -- text
        {{ field('accelerator_family', 'varchar') }},
        {{ field('period_type', 'varchar') }},
        {{ field('metric', 'varchar') }},
        {{ field('unit', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},
        {{ field('low', 'double') }},
        {{ field('high', 'double') }},

        -- dates
        {{ field('period_start', 'date') }},
        {{ field('period_end', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
