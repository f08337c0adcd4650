with source as (

    select * from {{ source('raw', 'drift') }}
    where {{ known_by_as_of() }}

),

renamed as (

    select
        -- ids
        source,
        resource,
        part,
        load_id,

        -- text
        check_name,
        column_name,
        message,

        -- numerics
        previous_value,
        current_value,

        -- booleans
        is_blocking,

        -- timestamps
        known_from

    from source

)

select * from renamed
