with source as (

    select * from {{ source('raw', 'evidence__status_looks') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'status_looks') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('look_id', 'varchar') }},
        {{ field('campus_id', 'varchar') }},

        -- text
        {{ field('building_numbers', 'varchar') }},
        {{ field('stage_seen', 'varchar') }},
        {{ field('stage_denied', 'varchar') }},
        {{ field('cooling_type', 'varchar') }},
        {{ field('evidence_kind', 'varchar') }},
        {{ field('capacity_evidence_kind', 'varchar') }},

        -- dates
        {{ field('observed_date', 'date') }},
        {{ field('vintage_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
