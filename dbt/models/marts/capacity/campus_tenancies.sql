with tenancies as (

    select * from {{ ref('int_capacity__tenancies') }}

),

-- What no named tenant is known to use today: the owner's own use and other customers.
rest as (

    select
        campuses.campus_id || ':unassigned' as tenancy_id,
        campuses.campus_id,
        'Unassigned' as lab,
        campuses.cloud_provider,
        -- Sums of decimal shares can miss a whole by a rounding error.
        round(greatest(1 - coalesce(sum(tenancies.share_high), 0), 0), 9) as share_low,
        round(greatest(1 - coalesce(sum(tenancies.share_low), 0), 0), 9) as share_high,
        campuses.source_url,
        campuses.root_id,
        max(greatest(campuses.known_from, tenancies.known_from)) as known_from
    from {{ ref('dim_campus') }} as campuses
    left join tenancies
        on tenancies.campus_id = campuses.campus_id
        and coalesce(tenancies.valid_from, date '-infinity') <= {{ as_of_date() }}
        and coalesce(tenancies.valid_to, date 'infinity') >= {{ as_of_date() }}
    group by all

),

all_parts as (

    select
        tenancy_id, campus_id, lab, cloud_provider, valid_from, valid_to, confidence, share_low, share_high, workload,
        workload_source_url, source_url, root_id, known_from
    from tenancies
    union all
    select
        tenancy_id, campus_id, lab, cloud_provider, null, null, null, share_low, share_high, null, null, source_url, root_id,
        known_from
    from rest

)

select
    parts.tenancy_id,
    parts.campus_id,
    campuses.campus_name,
    campuses.operator,
    parts.lab,
    parts.lab = 'Unassigned' as is_unassigned,
    coalesce(parts.cloud_provider, campuses.cloud_provider) as cloud_provider,
    parts.valid_from,
    parts.valid_to,
    parts.confidence,
    parts.share_low,
    parts.share_high,
    coalesce(parts.workload, 'unknown') as workload,
    parts.workload_source_url,
    parts.source_url,
    parts.root_id,
    parts.known_from,
    {{ as_of_date() }} as as_of_date,
    'capacity-2' as methodology_version
from all_parts as parts
left join {{ ref('dim_campus') }} as campuses
    on campuses.campus_id = parts.campus_id
