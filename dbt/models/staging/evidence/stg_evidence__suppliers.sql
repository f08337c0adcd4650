with source as (

    select * from {{ source('raw', 'evidence__suppliers') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'suppliers') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('supplier', 'varchar') }},
        {{ field('ticker', 'varchar') }},

        -- text
        {{ field('exchange', 'varchar') }},
        {{ field('country', 'varchar') }},
        {{ field('role', 'varchar') }},
        {{ field('generation_sku', 'varchar') }},
        {{ field('relation_strength', 'varchar') }},
        {{ field('evidence_date', 'varchar') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
