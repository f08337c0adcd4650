select
    freshness.source,
    freshness.resource,
    catalogue.domain,
    catalogue.publisher,
    freshness.freshness_status,
    freshness.last_known_from,
    freshness.last_fetched_at,
    freshness.last_attempt_at,
    freshness.last_attempt_outcome,
    freshness.last_error,
    freshness.age_days,
    freshness.freshness_sla_days,
    catalogue.cadence,
    catalogue.licence,
    catalogue.is_redistributable,
    catalogue.attribution,
    catalogue.landing_page,
    freshness.rows_loaded as n_rows_loaded,
    freshness.rows_quarantined as n_rows_quarantined,
    {{ as_of_date() }} as as_of_date
from {{ ref('fct_source_freshness') }} as freshness
inner join {{ ref('dim_source') }} as catalogue
    on catalogue.source = freshness.source
    and catalogue.resource = freshness.resource
