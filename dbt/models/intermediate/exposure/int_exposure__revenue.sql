{#
    Suppliers' own revenue per calendar quarter, in USD, and its change on the year before. Taiwanese companies: three
    known months at one assumed rate, a missing month leaves the quarter unknown. Others: the fiscal quarter whose middle
    lies in the calendar quarter, from filings before collected evidence. Memory counts for nothing here.
#}
with tickers as (

    select distinct ticker
    from {{ ref('int_volumes__supplier_draws') }}

),

by_month as (

    select
        claims.ticker,
        date_trunc('quarter', strptime(claims.revenue_month || '-01', '%Y-%m-%d'))::date as quarter_start_date,
        sum(claims.revenue_twd_thousand) / any_value(rate.value) / 1000 as supplier_revenue_usd_m,
        'TWD' as reporting_currency,
        'calendar_months' as revenue_period_kind,
        string_agg(distinct claims.publisher, '; ' order by claims.publisher) as revenue_source,
        max(claims.known_from) as known_from,
        1 as source_rank
    from {{ ref('int_supplier_revenue__claims') }} as claims
    inner join {{ ref('stg_assumptions') }} as rate
        on rate.engine = 'volumes'
        and rate.subject = 'fx'
        and rate.parameter = 'twd_per_usd'
    where claims.claim_rank = 1
        and claims.basis_class <> 'recall'
        and claims.revenue_twd_thousand > 0
    group by 1, 2
    having count(*) = 3

),

filed as (

    select
        ticker,
        date_trunc(
            'quarter', quarter_start_date + ((quarter_end_date - quarter_start_date) // 2)::integer
        )::date as quarter_start_date,
        value_usd / 1e6 as supplier_revenue_usd_m,
        'USD' as reporting_currency,
        'fiscal_quarter' as revenue_period_kind,
        'SEC ' || form as revenue_source,
        known_from,
        2 as source_rank
    from {{ ref('int_sec__quarterly_facts') }}
    where metric = 'revenue'
        and value_usd > 0

),

collected as (

    select
        ticker,
        -- The middle of a fiscal quarter lies about 45 days before its end.
        date_trunc('quarter', quarter_end_date - 45)::date as quarter_start_date,
        value_usd_m as supplier_revenue_usd_m,
        'USD' as reporting_currency,
        'fiscal_quarter' as revenue_period_kind,
        publisher as revenue_source,
        known_from,
        3 as source_rank
    from {{ ref('stg_evidence__quarterly_financials') }}
    where metric = 'total revenue'
        and basis_class <> 'recall'
        and value_usd_m > 0

),

quarters as (

    select claims.* exclude (source_rank)
    from (
        select * from by_month
        union all by name
        select * from filed
        union all by name
        select * from collected
    ) as claims
    inner join tickers
        on tickers.ticker = claims.ticker
    qualify row_number() over (
        partition by claims.ticker, claims.quarter_start_date
        order by claims.source_rank, claims.known_from desc, claims.revenue_source, claims.supplier_revenue_usd_m
    ) = 1

)

select
    quarters.ticker,
    quarters.quarter_start_date,
    quarters.supplier_revenue_usd_m,
    quarters.reporting_currency,
    quarters.revenue_period_kind,
    quarters.revenue_source,
    quarters.supplier_revenue_usd_m - year_before.supplier_revenue_usd_m as supplier_revenue_yoy_usd_m,
    case
        when year_before.ticker is null then 'unknown'
        when quarters.supplier_revenue_usd_m > year_before.supplier_revenue_usd_m then 'growing'
        else 'not_growing'
    end as revenue_growth_status,
    greatest(quarters.known_from, year_before.known_from) as known_from
from quarters
left join quarters as year_before
    on year_before.ticker = quarters.ticker
    and year_before.quarter_start_date = quarters.quarter_start_date - interval 1 year
    and year_before.revenue_period_kind = quarters.revenue_period_kind
