with latest as (

    select *
    from {{ ref('stg_evidence__tenancies') }}
    qualify row_number() over (
        partition by tenancy_id
        order by known_from desc, published_date desc nulls last, source_url
    ) = 1

)

select
    tenancy_id,
    campus_id,
    lab,
    cloud_provider,
    valid_from,
    valid_to,
    confidence,
    share_low,
    share_high,
    workload,
    workload_source_url,
    source_url,
    root_id,
    known_from
from latest
-- A share of nothing is how a withdrawn tenancy is written.
where share_high is distinct from 0
