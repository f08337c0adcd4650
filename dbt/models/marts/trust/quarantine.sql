with set_aside as (

    select
        source,
        resource,
        part,
        sha256,
        row_number,
        'raw' as stage,
        rule,
        column_name,
        value,
        message,
        known_from
    from {{ ref('stg_ingest__quarantine') }}

    union all

    select
        source,
        resource,
        part,
        sha256,
        row_number,
        'staging' as stage,
        rule,
        column_name,
        value,
        message,
        known_from
    from {{ ref('stg_rejects') }}

)

select
    source,
    resource,
    coalesce(nullif(part, ''), '(whole)') as part,
    stage,
    rule,
    coalesce(column_name, '(row)') as column_name,
    value as raw_value,
    message,
    row_number as source_row_number,
    sha256 as content_sha256,
    known_from,
    {{ as_of_date() }} as as_of_date
from set_aside
