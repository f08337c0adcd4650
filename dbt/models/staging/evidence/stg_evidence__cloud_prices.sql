with source as (

    select * from {{ source('raw', 'evidence__cloud_prices') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'cloud_prices') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('price_id', 'varchar') }},
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('provider', 'varchar') }},
        {{ field('region', 'varchar') }},
        {{ field('instance_type', 'varchar') }},
        {{ field('accelerator_label', 'varchar') }},
        {{ field('purchase_model', 'varchar') }},
        {{ field('source_name', 'varchar') }},
        {{ field('price_basis', 'varchar') }},
        {{ field('quality_flag', 'varchar') }},

        -- numerics
        {{ field('accelerator_count', 'double') }},
        {{ field('price_usd_per_hour', 'double') }},
        {{ field('price_usd_per_accelerator_hour', 'double') }},

        -- dates
        {{ field('price_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
