with source as (

    select * from {{ source('raw', 'fetches') }}
    -- A back-filled vintage was not fetched yet at an early as_of, but it was there to be known.
    where {{ known_by_as_of('attempted_at') }}
        or (outcome = 'fetched' and {{ known_by_as_of() }})

),

renamed as (

    select
        -- ids
        source,
        resource,
        part,
        sha256,

        -- text
        domain,
        outcome,
        url,
        error,
        known_from_basis,
        vintage_kind,
        vintage_scope,

        -- numerics
        http_status,
        bytes,

        -- timestamps
        attempted_at,
        known_from

    from source

)

select * from renamed
