with source as (

    select * from {{ source('raw', 'evidence__stage_durations') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'stage_durations') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('parameter_id', 'varchar') }},

        -- text
        {{ field('category', 'varchar') }},
        {{ field('parameter', 'varchar') }},
        {{ field('unit', 'varchar') }},
        {{ field('scope', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},
        {{ field('low', 'double') }},
        {{ field('high', 'double') }},
        {{ field('n', 'bigint') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
