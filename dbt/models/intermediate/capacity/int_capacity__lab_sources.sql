with campuses as (

    select
        campus_id,
        cloud_provider,
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
        campuses.source_url,
        campuses.root_id
    from tenancies
    inner join campuses
        on campuses.campus_id = tenancies.campus_id

    union all

    select
        tenancies.lab,
        coalesce(tenancies.cloud_provider, campuses.cloud_provider) as cloud_provider,
        tenancies.source_url,
        tenancies.root_id
    from tenancies
    inner join campuses
        on campuses.campus_id = tenancies.campus_id

    union all

    select
        'Unassigned' as lab,
        cloud_provider,
        source_url,
        root_id
    from campuses

)

select
    case when grouping(lab) = 1 then 'total' when grouping(cloud_provider) = 1 then 'lab' else 'lab_cloud' end as level,
    coalesce(lab, 'all') as lab,
    coalesce(cloud_provider, 'all') as cloud_provider,
    count(distinct source_url) as n_sources,
    count(distinct root_id) as n_independent_roots
from evidence
group by grouping sets ((lab, cloud_provider), (lab), ())
