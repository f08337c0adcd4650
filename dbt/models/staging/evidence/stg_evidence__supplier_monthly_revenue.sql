with source as (

    select * from {{ source('raw', 'evidence__supplier_monthly_revenue') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'supplier_monthly_revenue') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('ticker', 'varchar') }},

        -- text
        {{ field('company', 'varchar') }},
        {{ field('revenue_month', 'varchar') }},
        {{ field('yoy_basis', 'varchar') }},
        {{ field('precision', 'varchar') }},

        -- numerics
        {{ field('revenue_twd_thousand', 'bigint') }},
        {{ field('yoy_pct', 'double') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
