with latest as (

    -- A correction of an event is a later row with its name.
    select *
    from {{ ref('stg_evidence__supply_events') }}
    qualify row_number() over (
        partition by event_id
        order by known_from desc, published_date desc, source_url
    ) = 1

),

roots as (

    select
        event_kind,
        generation,
        ticker,
        event_date,
        count(distinct source_url) as n_sources,
        count(distinct root_id) as n_independent_roots
    from latest
    group by all

)

select
    latest.event_id,
    latest.event_date,
    latest.date_precision,
    {{ calendar_quarter('latest.event_date') }} as calendar_quarter,
    latest.event_kind,
    latest.generation,
    latest.system_id,
    latest.supplier,
    latest.ticker,
    latest.volume_effect,
    latest.timing_effect,
    case
        when latest.unit = 'months' and latest.timing_effect = 'later' then latest.value
        when latest.unit = 'months' then -latest.value
    end as shift_months,
    case when latest.unit <> 'months' then latest.value end as stated_value,
    case when latest.unit <> 'months' then latest.unit end as unit,
    latest.summary,
    latest.said_by,
    case
        when latest.audit_flag ilike '%rumour%' then 'rumour'
        when latest.audit_flag is not null then 'flagged'
        else 'plain'
    end as evidence_status,
    latest.audit_flag,
    case
        when latest.said_by in ('buyer', 'supplier') then 'disclosed'
        when latest.said_by = 'derived' then 'estimated'
        else 'reported'
    end as value_kind,
    latest.basis_class,
    latest.source_url,
    latest.publisher,
    latest.root_id,
    roots.n_sources::integer as n_sources,
    roots.n_independent_roots::integer as n_independent_roots,
    latest.known_from,
    {{ as_of_date() }} as as_of_date,
    'events-1' as methodology_version
from latest
inner join roots
    on roots.event_kind = latest.event_kind
    and roots.generation is not distinct from latest.generation
    and roots.ticker is not distinct from latest.ticker
    and roots.event_date = latest.event_date
-- A figure from memory is no event.
where latest.basis_class <> 'recall'
