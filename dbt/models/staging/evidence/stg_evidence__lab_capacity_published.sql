with source as (

    select * from {{ source('raw', 'evidence__lab_capacity_published') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'lab_capacity_published') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('figure_id', 'varchar') }},
        {{ field('lab', 'varchar') }},
        {{ field('campus_id', 'varchar') }},

        -- text
        {{ field('cloud_provider', 'varchar') }},
        {{ field('as_of_date', 'varchar') }},
        {{ field('metric', 'varchar') }},
        {{ field('unit', 'varchar') }},
        {{ field('value_kind', 'varchar') }},
        {{ field('comparison', 'varchar') }},
        {{ field('power_basis', 'varchar') }},
        {{ field('difference_reason', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},
        {{ field('low', 'double') }},
        {{ field('high', 'double') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
