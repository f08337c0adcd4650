with source as (

    {{ block_versions(
        'un_comtrade',
        'trade_hs',
        block=['reporterCode', 'period'],
        columns=[
            'flowCode', 'partnerCode', 'partner2Code', 'cmdCode', 'customsCode', 'mosCode', 'motCode', 'qtyUnitCode', 'qty',
            'isQtyEstimated', 'netWgt', 'isNetWgtEstimated', 'cifvalue', 'fobvalue', 'primaryValue', 'isReported',
            'isAggregate'
        ]
    ) }}

),

renamed as (

    select
        -- ids
        reporterCode as reporter_code,
        partnerCode as partner_code,
        cmdCode as hs6_code,
        case flowCode when 'M' then 'import' when 'X' then 'export' end as flow,
        left(period, 4) || '-' || right(period, 2) as trade_month,

        -- text
        {{ field('reporterDesc', 'varchar', 'reporter_name') }},
        {{ field('partnerDesc', 'varchar', 'partner_name') }},
        case when qtyUnitCode <> '-1' then nullif(qtyUnitAbbr, 'N/A') end as quantity_unit,
        url as source_url,

        -- numerics: unit -1 is no unit, and a quantity or weight of 0 beside a value was not reported
        primaryValue::double as trade_value_usd,
        {{ field('cifvalue', 'double', 'cif_value_usd') }},
        {{ field('fobvalue', 'double', 'fob_value_usd') }},
        case when qtyUnitCode <> '-1' then nullif(qty::double, 0) end as quantity,
        nullif(netWgt::double, 0) as net_weight_kg,

        -- booleans: is_aggregate says that the UN added up finer rows of the reporter, not that the partner is a group
        {{ field('isQtyEstimated', 'boolean', 'is_quantity_estimated') }},
        {{ field('isNetWgtEstimated', 'boolean', 'is_net_weight_estimated') }},
        {{ field('isReported', 'boolean', 'is_reported') }},
        {{ field('isAggregate', 'boolean', 'is_aggregate') }},
        is_latest,

        -- dates
        vintage_date as known_from

    from source
    -- Partner 0 is the world and 97 the European Union; other values of the last four split a row that is there already.
    where freqCode = 'M'
        and partnerCode not in ('0', '97')
        and regexp_full_match(cmdCode, '\d{6}')
        and partner2Code = '0'
        and customsCode = 'C00'
        and motCode = '0'
        and mosCode = '0'

)

select * from renamed
