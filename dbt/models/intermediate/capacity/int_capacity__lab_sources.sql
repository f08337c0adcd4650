with campuses as (

    select
        campus_id,
        cloud_provider,
        operator,
        source_url,
        root_id
    from {{ ref('stg_evidence__campuses') }}
    where campus_id in (select campus_id from {{ ref('int_capacity__building_steps') }})
        or campus_id in (select campus_id from {{ ref('int_capacity__plans') }})

),

tenancies as (

    select * from {{ ref('int_capacity__tenancies') }}

),

-- What a figure rests on: the size of the campus and, where a lab is named, who says that it is there.
evidence as (

    select
        tenancies.lab,
        coalesce(tenancies.cloud_provider, campuses.cloud_provider) as cloud_provider,
        campuses.operator,
        campuses.source_url,
        campuses.root_id
    from tenancies
    inner join campuses
        on campuses.campus_id = tenancies.campus_id

    union all

    select
        tenancies.lab,
        coalesce(tenancies.cloud_provider, campuses.cloud_provider) as cloud_provider,
        campuses.operator,
        tenancies.source_url,
        tenancies.root_id
    from tenancies
    inner join campuses
        on campuses.campus_id = tenancies.campus_id

    union all

    select
        'Unassigned' as lab,
        cloud_provider,
        operator,
        source_url,
        root_id
    from campuses

    union all

    -- What lies beyond the listed campuses rests on the published total, and on the deal that places it on a cloud.
    select
        lab,
        case cloud_provider when 'all' then 'unknown' else cloud_provider end as cloud_provider,
        null as operator,
        source_url,
        root_id
    from {{ ref('int_capacity__published_totals') }}

    union all

    select
        totals.lab,
        split_part(shares.parameter, '|', 2) as cloud_provider,
        null as operator,
        totals.source_url,
        totals.root_id
    from {{ ref('stg_assumptions') }} as shares
    inner join {{ ref('int_capacity__published_totals') }} as totals
        on totals.lab = split_part(shares.parameter, '|', 1)
        and totals.cloud_provider = 'all'
    where shares.engine = 'capacity'
        and shares.subject = 'untracked'

)

select
    case when grouping(lab) = 1 then 'total' when grouping(cloud_provider) = 1 then 'lab' else 'lab_cloud' end as level,
    coalesce(lab, 'all') as lab,
    coalesce(cloud_provider, 'all') as cloud_provider,
    string_agg(distinct operator, ', ' order by operator) as owners,
    count(distinct source_url) as n_sources,
    count(distinct root_id) as n_independent_roots
from evidence
group by grouping sets ((lab, cloud_provider), (lab), ())
