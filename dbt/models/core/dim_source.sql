select
    source,
    resource,
    domain,
    title,
    publisher,
    landing_page,
    url,
    licence,
    licence_url,
    is_redistributable,
    attribution,
    cadence,
    freshness_sla_days
from {{ ref('stg_ingest__sources') }}
