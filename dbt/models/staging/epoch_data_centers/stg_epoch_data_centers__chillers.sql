with source as (

    select
        vintages.vintage_date,
        vintages.vintage_scope,
        chillers.* exclude (_known_from, _vintage_kind, _vintage_scope)
    from {{ source('raw', 'epoch_data_centers__data_center_chillers') }} as chillers
    inner join ({{ vintages('epoch_data_centers', 'data_center_chillers') }}) as vintages
        on vintages.sha256 = chillers._sha256
        and vintages.part = chillers._part

),

renamed as (

    select
        -- ids
        {{ field('Manufacturer', 'varchar', 'manufacturer') }},
        {{ field('Model', 'varchar', 'model_name') }},
        row_number() over (partition by vintage_date, "Manufacturer", "Model" order by _row) as listing_number,

        -- text
        vintage_scope,
        {{ field('Type', 'varchar', 'chiller_type') }},
        {{ field('Source', 'varchar', 'source_text') }},
        {{ field('Link', 'varchar', 'source_url') }},
        {{ field('Spot check', 'varchar', 'spot_check_note') }},
        {{ field('Notes', 'varchar', 'note') }},

        -- numerics
        {{ field('Cooling capacity (kW)', 'double', 'cooling_capacity_kw') }},
        {{ field('Number of fans', 'double', 'fan_count') }},
        {{ field('Length (m)', 'double', 'length_m') }},
        {{ field('Width (m)', 'double', 'width_m') }},
        -- an area worked out from an unknown length is printed as 0
        nullif(nullif("Area (m^2)", '')::double, 0) as area_m2,

        -- dates
        vintage_date,
        vintage_date as known_from

    from source

)

select
    *,
    {{ epoch_is_latest(['manufacturer', 'model_name']) }} as is_latest
from renamed
