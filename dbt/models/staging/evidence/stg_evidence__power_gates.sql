with source as (

    select * from {{ source('raw', 'evidence__power_gates') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'power_gates') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('gate_id', 'varchar') }},
        {{ field('campus_id', 'varchar') }},

        -- text
        {{ field('building_numbers', 'varchar') }},
        {{ field('evidence_kind', 'varchar') }},

        -- dates
        {{ field('power_ready_from_date', 'date') }},
        {{ field('power_ready_to_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
