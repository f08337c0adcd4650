select
    cloud_provider,
    calendar_quarter,
    quarter_start_date,
    revenue_usd_m,
    yoy_pct,
    yoy_low_pct,
    yoy_high_pct,
    yoy_increment_usd_m,
    qoq_increment_usd_m,
    value_kind,
    basis_class,
    is_yoy_from_recall,
    n_sources,
    n_independent_roots,
    root_id,
    source_url,
    publisher,
    known_from,
    {{ as_of_date() }} as as_of_date,
    'market-1' as methodology_version
from {{ ref('fct_cloud_revenue_quarterly') }}
where quarter_start_date between date '2023-01-01' and date '2028-10-01'
