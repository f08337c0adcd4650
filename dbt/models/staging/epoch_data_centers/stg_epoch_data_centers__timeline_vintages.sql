with source as (

    select
        vintages.vintage_date,
        vintages.vintage_scope,
        vintages.vintage_kind,
        timelines.* exclude (_known_from, _vintage_kind, _vintage_scope)
    from {{ source('raw', 'epoch_data_centers__data_center_timelines') }} as timelines
    inner join ({{ vintages('epoch_data_centers', 'data_center_timelines') }}) as vintages
        on vintages.sha256 = timelines._sha256
        and vintages.part = timelines._part

),

site_names as (

    select
        site_name,
        campus_id
    from {{ ref('stg_evidence__site_names') }}

),

renamed as (

    select
        -- ids
        site_names.campus_id,
        source."Data center" as site_name,

        -- text
        source.vintage_scope,
        source.vintage_kind,
        nullif(trim(source."Construction status"), '') as status_text,

        -- numerics
        nullif(source."Buildings operational", '')::double::bigint as buildings_operational,
        nullif(source."IT power (MW)", '')::double as it_capacity_mw,
        nullif(source."Power (MW)", '')::double as facility_capacity_mw,
        nullif(source."H100 equivalents", '')::double as h100_equivalents,

        -- booleans
        source."Date"::date > source.vintage_date as is_projection,

        -- dates
        source."Date"::date as observed_date,
        source.vintage_date,
        source.vintage_date as known_from

    from source
    -- A printed name the crosswalk does not know yet goes to stg_rejects and comes back once it does.
    inner join site_names
        on site_names.site_name = source."Data center"

)

select * from renamed
