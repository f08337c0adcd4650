with source as (

    select
        revenue.*,
        contents.url,
        contents.known_from
    from {{ source('raw', 'twse_monthly_revenue__t187ap05_l') }} as revenue
    inner join ({{ known_contents('twse_monthly_revenue', 't187ap05_l') }}) as contents
        on contents.sha256 = revenue._sha256
    -- The exchange reprints a month daily until it is complete: the newest report at as_of counts.
    qualify row_number() over (
        partition by revenue."公司代號", {{ roc_month('revenue."資料年月"') }}
        order by {{ roc_date('revenue."出表日期"') }} desc, contents.known_from desc, revenue._load_id desc, revenue._row desc
    ) = 1

),

renamed as (

    select
        -- ids
        "公司代號" as ticker,
        {{ roc_month('"資料年月"') }} as revenue_month,

        -- text
        "公司名稱" as company_name_zh,
        "產業別" as industry_zh,
        url as source_url,

        -- numerics
        nullif("營業收入-當月營收", '')::double as revenue_twd_thousand,
        nullif("營業收入-上月營收", '')::double as previous_month_revenue_twd_thousand,
        nullif("營業收入-去年當月營收", '')::double as year_ago_revenue_twd_thousand,
        nullif("營業收入-上月比較增減(%)", '')::double as mom_pct,
        nullif("營業收入-去年同月增減(%)", '')::double as yoy_pct,
        nullif("累計營業收入-當月累計營收", '')::double as ytd_revenue_twd_thousand,

        -- dates
        {{ roc_date('"出表日期"') }} as report_date,
        known_from::date as known_from

    from source

)

select * from renamed
