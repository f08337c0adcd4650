with source as (

    select
        vintages.vintage_date,
        vintages.vintage_scope,
        towers.* exclude (_known_from, _vintage_kind, _vintage_scope)
    from {{ source('raw', 'epoch_data_centers__data_center_cooling_towers') }} as towers
    inner join ({{ vintages('epoch_data_centers', 'data_center_cooling_towers') }}) as vintages
        on vintages.sha256 = towers._sha256
        and vintages.part = towers._part

),

renamed as (

    select
        -- ids
        {{ field('Manufacturer', 'varchar', 'manufacturer') }},
        {{ field('Model', 'varchar', 'model_name') }},

        -- text
        vintage_scope,
        {{ field('Type', 'varchar', 'tower_type') }},
        {{ field('Cooling capacity (stated, kW)', 'varchar', 'stated_cooling_capacity_kw_text') }},
        {{ field('Source', 'varchar', 'source_text') }},
        {{ field('Link', 'varchar', 'source_url') }},
        {{ field('Spot check', 'varchar', 'spot_check_note') }},
        {{ field('Notes', 'varchar', 'note') }},

        -- numerics
        {{ field('Cooling capacity (central estimate, kW)', 'double', 'cooling_capacity_kw') }},
        {{ field('Number of Fans', 'double', 'fan_count') }},
        {{ field('Fan Diameter (m)', 'double', 'fan_diameter_m') }},
        {{ field('Fan estimate diameter (m)', 'double', 'estimated_fan_diameter_m') }},
        {{ field('Length (m)', 'double', 'length_m') }},
        {{ field('Width (m)', 'double', 'width_m') }},
        {{ field('Height (m)', 'double', 'height_m') }},
        -- an area worked out from an unknown length is printed as 0
        nullif(nullif("Area (m^2)", '')::double, 0) as area_m2,
        {{ field('Motor Horsepower', 'double', 'motor_power_hp') }},

        -- dates
        vintage_date,
        vintage_date as known_from

    from source

)

select
    *,
    {{ epoch_is_latest(['manufacturer', 'model_name']) }} as is_latest
from renamed
