{#
    Every report of a Taiwanese monthly revenue table known by as_of: one row per company and month each time its amounts
    change. The market reprints a month daily until it is complete, so equal reprints are no new report. `is_latest` marks
    the report that counts: the newest printed date, not the newest download. Of two reports had on one day the later
    counts. Both markets publish the same fourteen columns.
#}
{% macro monthly_revenue_reports(source_name, resource) -%}
with source as (

    select
        revenue.*,
        {{ roc_month('revenue."資料年月"') }} as revenue_month,
        {{ roc_date('revenue."出表日期"') }} as report_date,
        contents.url,
        contents.known_from,
        contents.attempted_at
    from {{ source('raw', source_name ~ '__' ~ resource) }} as revenue
    inner join ({{ known_contents(source_name, resource) }}) as contents
        on contents.sha256 = revenue._sha256
        and contents.part = revenue._part
    qualify row_number() over (
        partition by revenue."公司代號", revenue_month, contents.known_from::date
        order by report_date desc, contents.known_from desc, contents.attempted_at desc, revenue._sha256, revenue._row desc
    ) = 1

),

typed as (

    select
        -- ids
        "公司代號" as ticker,
        revenue_month,

        -- text
        {{ field('公司名稱', 'varchar', 'company_name_zh') }},
        {{ field('產業別', 'varchar', 'industry_zh') }},
        _vintage_kind as vintage_kind,
        url as source_url,

        -- numerics
        {{ field('營業收入-當月營收', 'double', 'revenue_twd_thousand') }},
        {{ field('營業收入-上月營收', 'double', 'previous_month_revenue_twd_thousand') }},
        {{ field('營業收入-去年當月營收', 'double', 'year_ago_revenue_twd_thousand') }},
        {{ field('營業收入-上月比較增減(%)', 'double', 'mom_pct') }},
        {{ field('營業收入-去年同月增減(%)', 'double', 'yoy_pct') }},
        {{ field('累計營業收入-當月累計營收', 'double', 'ytd_revenue_twd_thousand') }},

        -- dates
        report_date,
        known_from::date as known_from

    from source

),

changed as (

    select *
    from typed
    qualify row(
        revenue_twd_thousand, previous_month_revenue_twd_thousand, year_ago_revenue_twd_thousand,
        ytd_revenue_twd_thousand
    ) is distinct from lag(row(
        revenue_twd_thousand, previous_month_revenue_twd_thousand, year_ago_revenue_twd_thousand,
        ytd_revenue_twd_thousand
    )) over (
        partition by ticker, revenue_month
        order by report_date, known_from
    )

)

select
    *,
    row_number() over (
        partition by ticker, revenue_month
        order by report_date desc, known_from desc
    ) = 1 as is_latest
from changed
{%- endmacro %}
