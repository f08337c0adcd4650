with source as (

    select * from {{ source('raw', 'quarantine') }}
    where {{ known_by_as_of() }}

),

renamed as (

    select
        -- ids
        source,
        resource,
        part,
        sha256,
        "row" as row_number,

        -- text
        rule,
        column_name,
        value,
        message,
        row_json,

        -- dates
        known_from::date as known_from

    from source

)

select * from renamed
