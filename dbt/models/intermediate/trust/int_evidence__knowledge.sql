{#
    Evidence rows carry their own clock: how many were known at as_of, and since when the newest. The file they come in
    says nothing about that.
#}
{% set tables = [
    'accelerator_labels', 'accelerators', 'buildings', 'campuses', 'capex_components', 'cloud_prices', 'deals',
    'effective_flops', 'lab_capacity_published', 'lags_and_yields', 'opex_parameters', 'published_tco',
    'quarterly_financials', 'site_names', 'stage_durations', 'status_observations', 'supplier_monthly_revenue',
    'suppliers', 'systems', 'tenancies', 'throughput', 'volume_estimates',
] %}

{% for table in tables %}
select
    'evidence' as source,
    '{{ table }}' as resource,
    max(known_from)::timestamp as last_known_from,
    count(*) as rows_known
from {{ ref('stg_evidence__' ~ table) }}
{{ 'union all' if not loop.last }}
{% endfor %}
