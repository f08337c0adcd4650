select
    ticker,
    revenue_month,
    (revenue_month || '-01')::date as month_start_date,
    revenue_twd_thousand,
    yoy_pct,
    source,
    source_url,
    publisher,
    basis_class,
    root_id,
    known_from
from {{ ref('int_supplier_revenue__claims') }}
where claim_rank = 1
