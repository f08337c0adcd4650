with source as (

    select
        vintages.vintage_date,
        vintages.vintage_scope,
        vintages.vintage_kind,
        vintages.url as source_url,
        chips.* exclude (_known_from, _vintage_kind, _vintage_scope)
    from {{ source('raw', 'epoch_data_centers__data_center_chip_quantities') }} as chips
    inner join ({{ vintages('epoch_data_centers', 'data_center_chip_quantities') }}) as vintages
        on vintages.sha256 = chips._sha256
        and vintages.part = chips._part

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
        source."Chip type" as chip_type,

        -- text: what the count rests on is typed in by hand (`Esimate`, `Microsft Nscale disclosure`, `Meta #confident`)
        source.vintage_scope,
        source.vintage_kind,
        nullif(source."Number of Units source", '') as units_basis_text,
        {{ epoch_basis('source."Number of Units source"') }} as units_basis,
        nullif(source."Chip type source", '') as chip_type_basis_text,
        {{ epoch_basis('source."Chip type source"') }} as chip_type_basis,
        nullif(source."Owner", '') as owner_text,
        nullif(source."User", '') as user_text,
        nullif(source."Notes", '') as note,
        source.source_url,

        -- numerics: modelled counts may be fractions
        nullif(source."Number of Units", '')::double as installed_chip_units,

        -- booleans
        source."Date"::date > source.vintage_date as is_projection,

        -- dates
        source."Date"::date as observed_date,
        nullif(source."Last Modified", '')::timestamptz at time zone 'UTC' as last_modified_at,
        source.vintage_date,
        source.vintage_date as known_from

    from source
    -- A printed name the crosswalk does not know yet goes to stg_rejects and comes back once it does.
    inner join site_names
        on site_names.site_name = source."Data center"

)

select
    *,
    {{ epoch_is_latest(['campus_id']) }} as is_latest
from renamed
