with source as (

    {{ block_versions(
        'census_imports',
        'imports_hs',
        block=['I_COMMODITY', '"time"'],
        columns=[
            'CTY_CODE', 'SUMMARY_LVL', 'GEN_VAL_MO', 'CON_VAL_MO', 'GEN_QY1_MO', 'UNIT_QY1', 'AIR_VAL_MO', 'AIR_WGT_MO',
            'VES_VAL_MO'
        ]
    ) }}

),

renamed as (

    select
        -- ids
        I_COMMODITY as hs6_code,
        CTY_CODE as country_code,
        "time" as import_month,

        -- text
        CTY_NAME as country_name,
        nullif(UNIT_QY1, '-') as quantity_unit,
        url as source_url,

        -- numerics: a commodity without a common unit carries the quantity 0, which is no quantity
        {{ field('GEN_VAL_MO', 'double', 'general_import_value_usd') }},
        {{ field('CON_VAL_MO', 'double', 'consumption_import_value_usd') }},
        case when UNIT_QY1 not in ('-', 'X') then GEN_QY1_MO::double end as general_import_quantity,
        {{ field('AIR_VAL_MO', 'double', 'air_import_value_usd') }},
        {{ field('AIR_WGT_MO', 'double', 'air_import_weight_kg') }},
        {{ field('VES_VAL_MO', 'double', 'vessel_import_value_usd') }},

        -- booleans
        is_latest,

        -- dates
        vintage_date as known_from

    from source
    -- The world is '-' (a detail row for the source), groups of countries are 0003, 4XXX and the like.
    where SUMMARY_LVL = 'DET'
        and regexp_full_match(CTY_CODE, '[1-9]\d{3}')

)

select * from renamed
