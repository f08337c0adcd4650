with catalogue as (

    select * from {{ ref('dim_source') }}

),

-- The same trouble of many parts (a host that is down) is said once.
last_errors as (

    select
        source,
        resource,
        string_agg(where_it_is || error, '; ' order by error) as error
    from (
        select
            source,
            resource,
            error,
            case
                when count(*) > 3 then count(*) || ' parts: '
                when max(part) <> '' then string_agg(part, ', ' order by part) || ': '
                else ''
            end as where_it_is
        from {{ ref('int_source_attempts') }}
        where attempt_rank = 1
            and error is not null
        group by all
    )
    group by all

),

-- A resource that comes in parts is as good as its worst part, and as old as its oldest.
last_attempt as (

    select
        source,
        resource,
        max(attempted_at) as attempted_at,
        arg_min(outcome, case outcome when 'failed' then 1 when 'rejected' then 2 when 'skipped' then 3 else 4 end)
            as outcome
    from {{ ref('int_source_attempts') }}
    where attempt_rank = 1
    group by all

),

last_good as (

    select
        source,
        resource,
        min(attempted_at) as attempted_at,
        sum(rows_loaded)::bigint as rows_loaded,
        sum(rows_quarantined)::bigint as rows_quarantined
    from {{ ref('int_source_attempts') }}
    where outcome = 'fetched'
        and outcome_rank = 1
    group by all

),

last_known as (

    select
        source,
        resource,
        max(known_from) as last_known_from
    from {{ ref('int_source_attempts') }}
    where outcome = 'fetched'
    group by all

),

joined as (

    select
        catalogue.source,
        catalogue.resource,
        catalogue.freshness_sla_days,
        -- Rows of evidence have their own clock, which is finer than that of the file.
        coalesce(evidence.last_known_from, last_known.last_known_from) as last_known_from,
        coalesce(last_good.attempted_at, evidence.last_known_from) as last_fetched_at,
        last_attempt.attempted_at as last_attempt_at,
        last_attempt.outcome as last_attempt_outcome,
        last_errors.error as last_error,
        coalesce(evidence.rows_known, last_good.rows_loaded) as rows_loaded,
        last_good.rows_quarantined
    from catalogue
    left join last_attempt
        on last_attempt.source = catalogue.source
        and last_attempt.resource = catalogue.resource
    left join last_errors
        on last_errors.source = catalogue.source
        and last_errors.resource = catalogue.resource
    left join last_good
        on last_good.source = catalogue.source
        and last_good.resource = catalogue.resource
    left join last_known
        on last_known.source = catalogue.source
        and last_known.resource = catalogue.resource
    left join {{ ref('int_evidence__knowledge') }} as evidence
        on evidence.source = catalogue.source
        and evidence.resource = catalogue.resource

),

aged as (

    select
        *,
        date_diff('day', last_fetched_at::date, {{ as_of_date() }}) as age_days
    from joined

)

select
    source,
    resource,
    last_known_from,
    last_fetched_at,
    last_attempt_at,
    last_attempt_outcome,
    last_error,
    age_days,
    freshness_sla_days,
    case
        when last_attempt_outcome in ('failed', 'rejected') then 'failed'
        when last_attempt_outcome = 'skipped' then 'skipped'
        when last_fetched_at is null then 'never'
        when age_days > freshness_sla_days then 'late'
        else 'fresh'
    end as freshness_status,
    rows_loaded,
    rows_quarantined
from aged
