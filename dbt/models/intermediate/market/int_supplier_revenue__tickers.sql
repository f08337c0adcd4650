{# The companies with a role in the supply chain; a row of evidence may name two of them ('4979 / 4977'). #}
select distinct trim(ticker) as ticker
from (
    select unnest(string_split(ticker, '/')) as ticker
    from {{ ref('stg_evidence__suppliers') }}
    union all
    select ticker
    from {{ ref('stg_evidence__supplier_monthly_revenue') }}
)
