with source as (

    select * from {{ source('raw', 'evidence__capex_components') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'capex_components') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('capex_id', 'varchar') }},
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('system_label', 'varchar') }},
        {{ field('accelerator_label', 'varchar') }},
        {{ field('component', 'varchar') }},
        {{ field('per', 'varchar') }},
        {{ field('buyer_class', 'varchar') }},
        {{ field('source_name', 'varchar') }},
        {{ field('evidence_basis', 'varchar') }},

        -- numerics
        {{ field('value_usd', 'double') }},
        {{ field('low_usd', 'double') }},
        {{ field('high_usd', 'double') }},
        {{ field('units_per', 'bigint') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
