with source as (

    select
        generators.*,
        contents.vintage_date,
        contents.url,
        contents.vintage_date = max(contents.vintage_date) over () as is_latest
    from {{ source('raw', 'eia_860m__generators') }} as generators
    inner join ({{ vintages('eia_860m', 'generators') }}) as contents
        on contents.sha256 = generators._sha256
        and contents.part = generators._part

),

renamed as (

    select
        -- ids
        nullif("Plant ID", '')::bigint as plant_id,
        nullif("Generator ID", '') as generator_id,
        nullif("Entity ID", '') as entity_id,
        lower(sheet) as inventory_sheet,

        -- text
        nullif("Plant Name", '') as plant_name,
        nullif("Entity Name", '') as entity_name,
        nullif("Plant State", '') as state,
        nullif("County", '') as county,
        nullif("Balancing Authority Code", '') as balancing_authority_code,
        nullif("Sector", '') as sector,
        nullif("Technology", '') as technology,
        nullif("Energy Source Code", '') as energy_source_code,
        nullif("Prime Mover Code", '') as prime_mover_code,
        nullif(regexp_extract("Status", '^\(([A-Z]{1,2})\)', 1), '') as status_code,
        nullif(trim(regexp_replace("Status", '^\([A-Z]{1,2}\)', '')), '') as status,
        url as source_url,

        -- numerics
        nullif("Nameplate Capacity (MW)", '')::double as nameplate_capacity_mw,
        nullif("Net Summer Capacity (MW)", '')::double as net_summer_capacity_mw,
        nullif("Net Winter Capacity (MW)", '')::double as net_winter_capacity_mw,
        nullif("Nameplate Energy Capacity (MWh)", '')::double as nameplate_energy_capacity_mwh,
        nullif("Latitude", '')::double as latitude,
        nullif("Longitude", '')::double as longitude,
        nullif("Planned Operation Year", '')::bigint as planned_operation_year,

        -- booleans
        status_code in ('U', 'V', 'TS') as is_under_construction,
        is_latest,

        -- dates: a month is its first day, NULL unless both month and year are given
        make_date(nullif("Planned Operation Year", '')::bigint, nullif("Planned Operation Month", '')::bigint, 1)
            as planned_operation_month,
        make_date(nullif("Operating Year", '')::bigint, nullif("Operating Month", '')::bigint, 1) as operating_month,
        make_date(nullif("Planned Retirement Year", '')::bigint, nullif("Planned Retirement Month", '')::bigint, 1)
            as planned_retirement_month,
        strptime(regexp_extract(title, 'as of\s+([A-Za-z]+\s+[0-9]{4})', 1), '%B %Y')::date as inventory_month,
        vintage_date as known_from

    from source

)

select * from renamed
