{#
    Files are only ever added, so in a file that is kept between builds only the lines of new loads are appended, and those
    of loads that no longer count (loaded anew, or later than as_of) are taken out. Nothing is sorted and every column is
    made from its own row: one pass over the new lines, however long the history is.
#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where load_id not in (select load_id from "
        ~ "({{ good_fetches('bill_of_lading', 'lines') }}) where {{ known_by_as_of() }}){% endif %}",
) }}

with source as (

    select
        lines.*,
        contents.known_from,
        nullif(arrival_date, '')::date as arrived,
        nullif(quantity, '')::double as pieces,
        nullif(weight, '')::double as stated_weight,
        nullif(weight_kg, '')::double as stated_weight_kg,
        case
            when upper(weight_unit) in ('LB', 'LBS', 'POUND', 'POUNDS', 'L') then 0.45359237
            when upper(weight_unit) in ('KG', 'KGS', 'KILO', 'KILOS', 'KILOGRAM', 'KILOGRAMS', 'K') then 1
            when upper(weight_unit) in ('MT', 'TON', 'TONS', 'TONNE', 'TONNES', 'T', 'MTON') then 1000
        end as kg_per_unit,
        case
            when upper(house_or_master) in ('H', 'HOUSE', 'HBL', 'HOUSE BILL') then 'house'
            when upper(house_or_master) in ('M', 'MASTER', 'MBL', 'MASTER BILL') then 'master'
            when upper(house_or_master) in ('S', 'R', 'SIMPLE', 'REGULAR', 'SIMPLE BILL', 'REGULAR BILL', 'STRAIGHT') then 'simple'
            -- A bill that says which bill is above it is below one.
            when master_bill_id is not null and master_bill_id <> bill_id then 'house'
            else 'unknown'
        end as bill_level
    from {{ source('raw', 'bill_of_lading__lines') }} as lines
    inner join ({{ known_contents('bill_of_lading', 'lines') }}) as contents
        on contents.sha256 = lines._sha256
        and contents.part = lines._part
    {% if is_incremental() -%}
    where lines._load_id not in (select distinct load_id from {{ this }})
    {%- endif %}

),

renamed as (

    select
        -- ids
        _part as vendor,
        bill_id,
        master_bill_id,
        bill_level,
        -- Equal lines of one vendor, also in different files, have equal hashes.
        md5(concat_ws(
            '|', _part, coalesce(bill_id, ''), coalesce(master_bill_id, ''), coalesce(house_or_master, ''),
            coalesce(arrival_date, ''), coalesce(shipper, ''), coalesce(consignee, ''), coalesce(notify_party, ''),
            coalesce(origin_country, ''), coalesce(origin_port, ''), coalesce(destination_port, ''), coalesce(carrier, ''),
            coalesce(vessel, ''), coalesce(hs_code, ''), coalesce(description, ''), coalesce(quantity, ''),
            coalesce(quantity_unit, ''), coalesce(weight, ''), coalesce(weight_unit, ''), coalesce(weight_kg, ''),
            coalesce(teu, ''), coalesce(value_usd, ''), coalesce(container_numbers, '')
        )) as line_hash,
        _load_id as load_id,
        _row as row_number,

        -- text
        shipper,
        consignee,
        notify_party,
        origin_country,
        -- A port can be written as its customs code and its name in one cell: 58309, KAO HSIUNG.
        nullif(regexp_extract(origin_port, '^([0-9]{4,5}) *,', 1), '') as origin_port_code,
        regexp_replace(origin_port, '^[0-9]{4,5} *, *', '') as origin_port,
        nullif(regexp_extract(destination_port, '^([0-9]{4,5}) *,', 1), '') as destination_port_code,
        regexp_replace(destination_port, '^[0-9]{4,5} *, *', '') as destination_port,
        carrier,
        vessel,
        -- Of several codes the first; with or without dots, six digits are the international part.
        nullif(left(regexp_replace(regexp_extract(hs_code, '[0-9][0-9.]*'), '[^0-9]', '', 'g'), 6), '') as hs6_code,
        hs_code,
        hs_code_confidence,
        description,
        quantity_unit,
        container_numbers,

        -- numerics
        pieces as quantity,
        coalesce(stated_weight_kg, stated_weight * kg_per_unit) as weight_kg,
        nullif(teu, '')::double as volume_teu,
        nullif(value_usd, '')::double as value_usd,
        -- Exports repeat the number of a container for each of its lines.
        len(list_distinct(list_filter(regexp_split_to_array(container_numbers, '[,; ]+'), number -> number <> ''))) as n_containers,

        -- booleans
        coalesce(bill_level = 'master', false) as is_master_bill,
        coalesce(regexp_matches(upper(consignee), '^(TO (THE )?ORDER|ORDER( OF.*)?$|SAME AS|N/?A$|CONFIDENTIAL)'), true)
            as is_placeholder_consignee,
        coalesce(regexp_matches(upper(shipper), '^(N/?A$|CONFIDENTIAL|NOT AVAILABLE|WITHHELD)'), true) as is_masked_shipper,
        arrived > known_from::date as is_future_arrival,
        -- Zero or negative; a unit nobody can convert; or two weights on the line that do not agree: pounds, most often,
        -- that stand where kilograms should.
        coalesce(
            stated_weight_kg <= 0
            or stated_weight <= 0
            or (stated_weight_kg is null and stated_weight is not null and kg_per_unit is null)
            or abs(stated_weight_kg - stated_weight * kg_per_unit) > 1 + 0.02 * abs(stated_weight_kg),
            false
        ) as is_doubtful_weight,

        -- dates
        arrived as arrival_date,
        known_from::date as known_from

    from source

)

select * from renamed
