with source as (

    select
        vintages.vintage_date,
        vintages.vintage_scope,
        vintages.vintage_kind,
        vintages.url as source_url,
        sites.* exclude (_known_from, _vintage_kind, _vintage_scope)
    from {{ source('raw', 'epoch_data_centers__data_centers') }} as sites
    inner join ({{ vintages('epoch_data_centers', 'data_centers') }}) as vintages
        on vintages.sha256 = sites._sha256
        and vintages.part = sites._part

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
        source."Name" as site_name,

        -- text: several names in one cell, taken apart in stg_epoch_data_centers__site_parties
        source.vintage_scope,
        source.vintage_kind,
        nullif(source."Owner", '') as owner_text,
        nullif(source."Users", '') as user_text,
        nullif(source."Project", '') as project_text,
        nullif(source."Investors", '') as investor_text,
        nullif(source."Construction companies", '') as construction_company_text,
        nullif(source."Energy companies", '') as energy_company_text,
        nullif(source."Current chip types", '') as current_chip_types_text,
        nullif(source."All chip types", '') as all_chip_types_text,
        nullif(source."Notes", '') as note,
        nullif(source."Selected Sources", '') as selected_sources_markdown,
        nullif(source."Country", '') as country_name,
        nullif(source."Address", '') as address,
        source.source_url,

        -- numerics
        nullif(source."Current power (MW)", '')::double as current_power_mw_as_printed,
        nullif(source."Current H100 equivalents", '')::double as current_h100_equivalents,
        nullif(source."Current total capital cost (2025 USD billions)", '')::double as current_capital_cost_2025_usd_b,

        -- dates
        source.vintage_date,
        source.vintage_date as known_from

    from source
    -- A printed name the crosswalk does not know yet goes to stg_rejects and comes back once it does.
    inner join site_names
        on site_names.site_name = source."Name"

)

select
    *,
    {{ epoch_is_latest(['campus_id']) }} as is_latest
from renamed
