{# A supplier has several roles (stg_evidence__suppliers has one row per role); its identity is stated once here. #}
select
    supplier,
    max(ticker) as ticker,
    max(exchange) as exchange,
    max(country) as country,
    count(*)::integer as n_roles,
    min(known_from) as known_from
from {{ ref('stg_evidence__suppliers') }}
group by supplier
