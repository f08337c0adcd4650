with source as (

    select * from {{ source('raw', 'evidence__status_observations') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'status_observations') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('observation_id', 'varchar') }},
        {{ field('campus_id', 'varchar') }},
        {{ field('building_id', 'varchar') }},

        -- text
        {{ field('status', 'varchar') }},
        {{ field('metric', 'varchar') }},
        {{ field('evidence_kind', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},

        -- dates
        {{ field('observed_date', 'date') }},
        {{ field('vintage_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
