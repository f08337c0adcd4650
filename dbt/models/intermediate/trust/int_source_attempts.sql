{#
    One row per attempt to get a resource (or one part of it), with what came of it: fetched, failed (the source did not
    deliver), rejected (it delivered something that breaks its contract) or skipped (no key, or robots.txt). A vintage
    back-filled after as_of counts on the day it became known, because that is when it could have been fetched.
#}
with attempts as (

    select
        fetches.source,
        fetches.resource,
        fetches.part,
        fetches.sha256,
        case
            when {{ known_by_as_of('fetches.attempted_at') }} then fetches.attempted_at
            else fetches.known_from
        end as attempted_at,
        fetches.known_from,
        case
            when fetches.outcome <> 'fetched' then fetches.outcome
            when loads.status = 'rejected' then 'rejected'
            else 'fetched'
        end as outcome,
        case
            when fetches.outcome <> 'fetched' then fetches.error
            when loads.status = 'rejected' then loads.reason
        end as error,
        loads.rows_loaded,
        loads.rows_quarantined
    from {{ ref('stg_ingest__fetches') }} as fetches
    left join {{ ref('stg_ingest__loads') }} as loads
        on loads.source = fetches.source
        and loads.resource = fetches.resource
        and loads.part = fetches.part
        and loads.sha256 = fetches.sha256

)

select
    *,
    row_number() over (
        partition by source, resource, part
        order by attempted_at desc, outcome, known_from desc, sha256
    ) as attempt_rank,
    row_number() over (
        partition by source, resource, part, outcome
        order by attempted_at desc, known_from desc, sha256
    ) as outcome_rank
from attempts
