with source as (

    select * from {{ source('raw', 'evidence__buildings') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'buildings') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('building_id', 'varchar') }},
        {{ field('campus_id', 'varchar') }},

        -- text
        {{ field('building_name', 'varchar') }},
        {{ field('operational_kind', 'varchar') }},
        {{ field('numbering_method', 'varchar') }},
        {{ field('capacity_method', 'varchar') }},

        -- numerics
        {{ field('building_number', 'bigint') }},
        {{ field('it_capacity_mw', 'double') }},
        {{ field('facility_capacity_mw', 'double') }},

        -- dates
        {{ field('land_cleared_date', 'date') }},
        {{ field('foundation_seen_date', 'date') }},
        {{ field('structural_seen_date', 'date') }},
        {{ field('roof_complete_seen_date', 'date') }},
        {{ field('mep_in_progress_seen_date', 'date') }},
        {{ field('mep_complete_seen_date', 'date') }},
        {{ field('operational_date', 'date') }},
        {{ field('vintage_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
