with source as (

    select * from {{ source('raw', 'loads') }}

),

renamed as (

    select
        -- ids
        source,
        resource,
        part,
        sha256,
        load_id,

        -- text
        status,
        reason,
        vintage_kind,
        vintage_scope,

        -- numerics
        rows_in,
        rows_loaded,
        rows_quarantined,

        -- timestamps
        retrieved_at,
        known_from

    from source

)

select * from renamed
