with source as (

    select * from {{ source('raw', 'evidence__deals') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'deals') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('deal_id', 'varchar') }},
        {{ field('lab', 'varchar') }},
        {{ field('campus_id', 'varchar') }},

        -- text
        {{ field('counterparty', 'varchar') }},
        {{ field('announced_date', 'varchar') }},
        {{ field('chips', 'varchar') }},
        {{ field('start_period', 'varchar') }},
        {{ field('end_period', 'varchar') }},
        {{ field('deal_status', 'varchar') }},
        {{ field('layer', 'varchar') }},

        -- numerics
        {{ field('contracted_gw', 'double') }},
        {{ field('contracted_usd_bn', 'double') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
