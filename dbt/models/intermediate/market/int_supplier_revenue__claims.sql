{#
    Monthly revenue of listed and over-the-counter suppliers from the markets' own tables and from collected evidence,
    ranked. A market beats a copy of it; a copy's older claim stays visible in marts.conflicts.
#}
with market_reports as (

    select
        *,
        'twse_monthly_revenue' as source,
        'twse' as root_id
    from {{ ref('stg_twse__monthly_revenue') }}
    union all by name
    select
        *,
        'tpex_monthly_revenue' as source,
        'tpex' as root_id
    from {{ ref('stg_tpex__monthly_revenue') }}

),

market_claims as (

    select
        ticker,
        revenue_month,
        revenue_twd_thousand,
        yoy_pct,
        reports.source,
        reports.source_url,
        catalogue.publisher,
        'sourced' as basis_class,
        reports.root_id,
        reports.known_from
    from market_reports as reports
    -- Each of the two sources has one resource.
    inner join {{ ref('stg_ingest__sources') }} as catalogue
        on catalogue.source = reports.source

),

evidence_claims as (

    select
        ticker,
        revenue_month,
        revenue_twd_thousand,
        yoy_pct,
        'evidence' as source,
        source_url,
        publisher,
        basis_class,
        root_id,
        known_from
    from {{ ref('stg_evidence__supplier_monthly_revenue') }}

),

claims as (

    select * from market_claims
    union all
    select * from evidence_claims

)

select
    *,
    row_number() over (
        partition by ticker, revenue_month
        order by source = 'evidence', {{ basis_rank() }}, known_from desc, root_id, source_url, revenue_twd_thousand
    ) as claim_rank
from claims
-- The markets list every company; ours are those with a role in the supply chain.
where ticker in (select ticker from {{ ref('int_supplier_revenue__tickers') }})
