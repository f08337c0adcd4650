{# What a lab does with a cloud's capacity at a quarter's end, where a source says so of a tenancy. Tenancies of which nobody says it
   do not vote; 'unknown' is left to those who join. #}
with said as (

    select
        tenancies.lab,
        coalesce(tenancies.cloud_provider, campuses.cloud_provider) as cloud_provider,
        quarters.quarter_start_date,
        tenancies.workload,
        tenancies.workload_source_url
    from {{ ref('int_capacity__tenancies') }} as tenancies
    inner join {{ ref('stg_evidence__campuses') }} as campuses
        on campuses.campus_id = tenancies.campus_id
    inner join {{ ref('int_capacity__quarters') }} as quarters
        on coalesce(tenancies.valid_from, date '-infinity') <= quarters.quarter_end_date
        and coalesce(tenancies.valid_to, date 'infinity') >= quarters.quarter_end_date
    where tenancies.workload is not null

)

select
    case when grouping(cloud_provider) = 1 then 'lab' else 'lab_cloud' end as level,
    lab,
    coalesce(cloud_provider, 'all') as cloud_provider,
    quarter_start_date,
    case when count(distinct workload) = 1 then min(workload) else 'mixed' end as workload,
    string_agg(distinct workload_source_url, ' ' order by workload_source_url) as workload_source_url
from said
group by grouping sets ((lab, cloud_provider, quarter_start_date), (lab, quarter_start_date))
