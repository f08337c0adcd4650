with source as (

    select * from {{ source('raw', 'evidence__accelerator_labels') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'accelerator_labels') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('label', 'varchar') }},
        {{ field('mapping_rule', 'varchar') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
