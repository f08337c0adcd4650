with source as (

    select * from {{ source('raw', 'evidence__published_tco') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'published_tco') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('figure_id', 'varchar') }},
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('family', 'varchar') }},
        {{ field('accelerator_label', 'varchar') }},
        {{ field('metric', 'varchar') }},
        {{ field('unit', 'varchar') }},
        {{ field('buyer_class', 'varchar') }},
        {{ field('inputs_stated', 'varchar') }},
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
