{# Monthly revenue of the suppliers for which a content per unit is assumed; the better claim of a month counts. #}
with suppliers as (

    select distinct split_part(subject, '/', 1) as ticker
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
        and contains(subject, '/')

)

select
    claims.ticker,
    claims.revenue_month,
    strptime(claims.revenue_month || '-01', '%Y-%m-%d')::date as revenue_month_date,
    claims.revenue_twd_thousand,
    claims.root_id,
    claims.known_from
from {{ ref('int_supplier_revenue__claims') }} as claims
inner join suppliers
    on suppliers.ticker = claims.ticker
where claims.claim_rank = 1
    and claims.revenue_twd_thousand > 0
