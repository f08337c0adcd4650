{#
    Suppliers' revenue that is known for several months together: quarters of those that report by quarter (million
    USD), and what the market's year-to-date total leaves for the months that are not known one by one (thousand TWD).
    Once those months arrive the rest is gone, so nothing counts twice.
#}
with suppliers as (

    select distinct split_part(subject, '/', 1) as ticker
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
        and contains(subject, '/')

),

totals as (

    select
        ticker,
        revenue_month,
        strptime(revenue_month || '-01', '%Y-%m-%d')::date as revenue_month_date,
        ytd_revenue_twd_thousand,
        known_from,
        'twse' as root_id
    from {{ ref('stg_twse__monthly_revenue') }}
    where ytd_revenue_twd_thousand > 0
    union all
    select
        ticker,
        revenue_month,
        strptime(revenue_month || '-01', '%Y-%m-%d')::date as revenue_month_date,
        ytd_revenue_twd_thousand,
        known_from,
        'tpex' as root_id
    from {{ ref('stg_tpex__monthly_revenue') }}
    where ytd_revenue_twd_thousand > 0

),

newest_totals as (

    select totals.*
    from totals
    inner join suppliers
        on suppliers.ticker = totals.ticker
    qualify row_number() over (
        partition by totals.ticker, date_trunc('year', totals.revenue_month_date)
        order by totals.revenue_month desc
    ) = 1

),

months as (

    select
        newest_totals.*,
        unnest(generate_series(
            date_trunc('year', revenue_month_date), revenue_month_date, interval 1 month
        ))::date as month_date
    from newest_totals

),

rests as (

    select
        months.ticker,
        string_agg(strftime(months.month_date, '%Y-%m'), ';' order by months.month_date)
            filter (where revenue.ticker is null) as months,
        any_value(months.ytd_revenue_twd_thousand) - coalesce(sum(revenue.revenue_twd_thousand), 0)
            as revenue_twd_thousand,
        any_value(months.root_id) as root_id,
        -- The rest is known once the total and every month taken off it are.
        greatest(any_value(months.known_from), max(revenue.known_from)) as known_from
    from months
    left join {{ ref('int_volumes__supplier_revenue') }} as revenue
        on revenue.ticker = months.ticker
        and revenue.revenue_month_date = months.month_date
    group by months.ticker, months.revenue_month
    having count(*) filter (where revenue.ticker is null) > 0

),

quarters as (

    select
        ticker,
        value_usd_m as revenue_usd_m,
        -- Fiscal quarters end some days before or after a month's end.
        date_trunc('month', quarter_end_date - interval 15 day)::date as last_month_date,
        root_id,
        known_from
    from {{ ref('stg_evidence__quarterly_financials') }}
    where metric = 'total revenue'
        and value_usd_m > 0
        and ticker in (select ticker from suppliers)

)

select
    ticker,
    months,
    revenue_twd_thousand,
    null::double as revenue_usd_m,
    root_id,
    known_from
from rests
where revenue_twd_thousand > 0
union all
select
    ticker,
    strftime(last_month_date - interval 2 month, '%Y-%m') || ';'
        || strftime(last_month_date - interval 1 month, '%Y-%m') || ';'
        || strftime(last_month_date, '%Y-%m') as months,
    null as revenue_twd_thousand,
    revenue_usd_m,
    root_id,
    known_from
from quarters
