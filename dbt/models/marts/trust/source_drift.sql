select
    drift.source,
    drift.resource,
    coalesce(nullif(drift.part, ''), '(whole)') as part,
    loads.sha256 as content_sha256,
    drift.check_name,
    coalesce(drift.column_name, '(rows)') as column_name,
    drift.previous_value,
    drift.current_value,
    case drift.check_name
        when 'row_count' then 'rows'
        when 'keys_new' then 'keys'
        when 'keys_vanished' then 'keys'
        when 'column_new' then 'filled cells'
        when 'column_vanished' then 'filled cells'
        when 'null_share' then 'share'
        when 'meaning_change' then 'ratio'
        else 'unit of the column'
    end as unit,
    drift.is_blocking,
    drift.message,
    drift.known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('stg_ingest__drift') }} as drift
inner join {{ ref('stg_ingest__loads') }} as loads
    on loads.load_id = drift.load_id
