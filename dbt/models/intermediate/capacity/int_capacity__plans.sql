with untracked as (

    select campuses.*
    from {{ ref('stg_evidence__campuses') }} as campuses
    where not exists (
        select 1
        from {{ ref('stg_epoch_data_centers__timelines') }} as timelines
        where timelines.campus_id = campuses.campus_id
    )

)

select
    campus_id || '-campus' as building_id,
    campus_id,
    operator,
    cloud_provider,
    planned_it_capacity_mw,
    planned_facility_capacity_mw,
    status_class,
    status_class not in ('announced', 'proposed', 'permitted') as is_started,
    -- Partial dates ('2026', '2026-03') mean any day of that period.
    rpad(first_construction_date, 10, '-01-01')::date as start_earliest_date,
    case length(first_construction_date)
        when 4 then make_date(first_construction_date::integer, 12, 31)
        when 7 then last_day((first_construction_date || '-01')::date)
        else first_construction_date::date
    end as start_latest_date,
    source_url,
    root_id,
    known_from
from untracked
where first_construction_date is not null
    and coalesce(planned_it_capacity_mw, planned_facility_capacity_mw) is not null
    -- A site that overlaps a tracked one would be counted twice.
    and related_campus_id is null
