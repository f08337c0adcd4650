{# Quarterly revenue of Celestica, which builds for Google: what a method that removes Nvidia must find no Trainium in. #}
select
    ticker,
    strftime(quarter_end_date - interval 15 day - interval 2 month, '%Y-%m') || ';'
        || strftime(quarter_end_date - interval 15 day - interval 1 month, '%Y-%m') || ';'
        || strftime(quarter_end_date - interval 15 day, '%Y-%m') as months,
    null::double as revenue_twd_thousand,
    value_usd_m as revenue_usd_m,
    root_id,
    known_from
from {{ ref('stg_evidence__quarterly_financials') }}
where ticker = 'CLS'
    and metric = 'total revenue'
    and value_usd_m > 0
