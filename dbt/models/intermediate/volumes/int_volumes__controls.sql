{#
    What stands for Nvidia's build-out, on which the same suppliers ride: Nvidia's own revenue (a quarter spread over its
    months) and the monthly revenue of its two largest assemblers, Quanta and Hon Hai.
#}
with nvidia as (

    select
        'NVDA' as series,
        unnest([
            quarter_end_date - interval 15 day - interval 2 month,
            quarter_end_date - interval 15 day - interval 1 month,
            quarter_end_date - interval 15 day
        ])::date as month_date,
        value_usd_m / 3 as value,
        root_id,
        known_from
    from {{ ref('stg_evidence__quarterly_financials') }}
    where ticker = 'NVDA'
        and metric = 'total revenue'
        and value_usd_m > 0

)

select
    series,
    strftime(month_date, '%Y-%m') as revenue_month,
    value,
    root_id,
    known_from
from nvidia
union all
select
    ticker as series,
    revenue_month,
    revenue_twd_thousand as value,
    root_id,
    known_from
from {{ ref('int_supplier_revenue__claims') }}
where claim_rank = 1
    and ticker in ('2382', '2317')
    and revenue_twd_thousand > 0
