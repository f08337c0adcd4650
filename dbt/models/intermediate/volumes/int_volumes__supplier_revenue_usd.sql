{#
    Calendar-quarter revenue of suppliers that report by month, in USD at the assumed rate. A quarter counts when all
    three months are known; suppliers with fiscal quarters are left out, since theirs are other months.
#}
select
    revenue.ticker,
    date_trunc('quarter', revenue.revenue_month_date)::date as quarter_start_date,
    sum(revenue.revenue_twd_thousand) / any_value(rate.value) / 1000 as supplier_revenue_usd_m
from {{ ref('int_volumes__supplier_revenue') }} as revenue
inner join {{ ref('stg_assumptions') }} as rate
    on rate.engine = 'volumes'
    and rate.subject = 'fx'
    and rate.parameter = 'twd_per_usd'
group by revenue.ticker, date_trunc('quarter', revenue.revenue_month_date)
having count(*) = 3
