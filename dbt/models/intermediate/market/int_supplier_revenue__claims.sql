{#
    Monthly revenue of listed suppliers from the exchange's own table and from collected evidence, ranked. The exchange
    beats a copy of it; a copy's older claim stays visible in marts.conflicts.
#}
with exchange_claims as (

    select
        ticker,
        revenue_month,
        revenue_twd_thousand,
        yoy_pct,
        'twse_monthly_revenue' as source,
        revenue.source_url,
        catalogue.publisher,
        'sourced' as basis_class,
        'twse' as root_id,
        revenue.known_from
    from {{ ref('stg_twse__monthly_revenue') }} as revenue
    inner join {{ ref('stg_ingest__sources') }} as catalogue
        on catalogue.source = 'twse_monthly_revenue'
        and catalogue.resource = 't187ap05_l'

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

    select * from exchange_claims
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
-- The exchange lists every company; ours are those with a role in the supply chain.
where ticker in (
    select ticker from {{ ref('stg_evidence__suppliers') }}
    union
    select ticker from {{ ref('stg_evidence__supplier_monthly_revenue') }}
)
