with source as (

    select * from {{ source('raw', 'sources') }}

),

renamed as (

    select
        -- ids
        source,
        resource,

        -- text
        domain,
        title,
        publisher,
        landing_page,
        url,
        licence,
        licence_url,
        attribution,
        cadence,

        -- numerics
        freshness_sla_days,

        -- booleans
        is_redistributable

    from source

)

select * from renamed
