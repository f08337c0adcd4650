{#
    What the volumes of a generation rest on by the end of a quarter: unit statements whose period has begun and power
    seen at the sites (counted by document and by root), and suppliers whose revenue has been seen. Documents that repeat a used root count as
    documents only.
#}
with quarters as (

    select unnest(generate_series(date '2023-01-01', date '2028-10-01', interval 3 month))::date as quarter_start_date

),

generations as (

    select
        generation,
        generation as member
    from {{ ref('int_volumes__skus') }}
    group by all
    union all
    select
        'all' as generation,
        generation as member
    from {{ ref('int_volumes__skus') }}
    group by all

),

used as (

    select
        root_id,
        generation,
        evidence_kind,
        -- A cumulative count speaks of every quarter up to its date, whenever its source lets the count begin.
        case when evidence_kind = 'disclosure' then date '2023-01-01' else period_start end as period_start
    from {{ ref('int_volumes__statements') }}
    where is_used
    union all
    select
        sites.root_id,
        at_sites.generation,
        'site_power' as evidence_kind,
        min(sites.observed_date) as period_start
    from {{ ref('int_volumes__site_power') }} as sites
    cross join (
        select split_part(parameter, '_', 1) as generation
        from {{ ref('stg_assumptions') }}
        where engine = 'volumes'
            and subject = 'site_power'
            and ends_with(parameter, '_it_power_w_per_chip')
    ) as at_sites
    group by sites.root_id, at_sites.generation

),

documents as (

    select distinct
        root_id,
        source_url
    from {{ ref('int_volumes__statements') }}
    union
    select distinct
        root_id,
        'https://epoch.ai/data/data_centers/data_center_timelines.csv' as source_url
    from {{ ref('int_volumes__site_power') }}

),

statements as (

    select
        generations.generation,
        quarters.quarter_start_date,
        count(distinct documents.source_url)::integer as n_sources,
        count(distinct used.root_id)::integer as n_independent_roots,
        bool_or(used.evidence_kind = 'disclosure') as is_anchored_on_disclosure,
        string_agg(distinct used.root_id, '; ' order by used.root_id) as anchored_on_roots
    from quarters
    cross join generations
    inner join used
        on used.generation in (generations.member, 'all')
        and used.period_start < quarters.quarter_start_date + interval 3 month
    inner join documents
        on documents.root_id = used.root_id
    group by all

),

signals as (

    select
        generations.generation,
        quarters.quarter_start_date,
        count(distinct signals.ticker)::integer as n_supplier_signals
    from quarters
    cross join generations
    inner join {{ ref('int_volumes__supplier_signals') }} as signals
        on signals.generation = generations.member
        and signals.is_used
        and signals.first_month_date < quarters.quarter_start_date + interval 3 month
    group by all

)

select
    generations.generation,
    quarters.quarter_start_date,
    statements.n_sources,
    statements.n_independent_roots,
    statements.anchored_on_roots,
    coalesce(statements.is_anchored_on_disclosure, false) as is_anchored_on_disclosure,
    coalesce(signals.n_supplier_signals, 0) as n_supplier_signals
from quarters
cross join (select distinct generation from generations) as generations
left join statements
    on statements.generation = generations.generation
    and statements.quarter_start_date = quarters.quarter_start_date
left join signals
    on signals.generation = generations.generation
    and signals.quarter_start_date = quarters.quarter_start_date
