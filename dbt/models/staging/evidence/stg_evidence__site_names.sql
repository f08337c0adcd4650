with source as (

    select * from {{ source('raw', 'evidence__site_names') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'site_names') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('campus_id', 'varchar') }},

        -- text
        {{ field('site_name', 'varchar') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
