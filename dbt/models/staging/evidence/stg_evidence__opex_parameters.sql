with source as (

    select * from {{ source('raw', 'evidence__opex_parameters') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'opex_parameters') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('parameter_id', 'varchar') }},
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('parameter', 'varchar') }},
        {{ field('market_or_scope', 'varchar') }},
        {{ field('unit', 'varchar') }},
        {{ field('source_name', 'varchar') }},
        {{ field('evidence_basis', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},
        {{ field('low', 'double') }},
        {{ field('high', 'double') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
