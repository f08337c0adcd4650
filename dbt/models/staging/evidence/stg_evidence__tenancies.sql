with source as (

    select * from {{ source('raw', 'evidence__tenancies') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'tenancies') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('tenancy_id', 'varchar') }},
        {{ field('campus_id', 'varchar') }},
        {{ field('lab', 'varchar') }},

        -- text
        {{ field('cloud_provider', 'varchar') }},
        {{ field('confidence', 'varchar') }},
        {{ field('workload', 'varchar') }},
        {{ field('workload_source_url', 'varchar') }},

        -- numerics
        {{ field('share_low', 'double') }},
        {{ field('share_high', 'double') }},

        -- dates
        {{ field('valid_from', 'date') }},
        {{ field('valid_to', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
