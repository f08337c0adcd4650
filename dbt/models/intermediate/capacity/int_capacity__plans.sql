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
    untracked.campus_id || '-campus' as building_id,
    untracked.campus_id,
    untracked.operator,
    untracked.cloud_provider,
    untracked.planned_it_capacity_mw,
    untracked.planned_facility_capacity_mw,
    untracked.status_class,
    untracked.status_class not in ('announced', 'proposed', 'permitted') as is_started,
    -- Partial dates ('2026', '2026-03') mean any day of that period.
    coalesce(
        rpad(untracked.first_construction_date, 10, '-01-01')::date,
        untracked.known_from + to_days((wait.low * 365.25 / 12)::integer)
    )::date as start_earliest_date,
    case length(untracked.first_construction_date)
        when 4 then make_date(untracked.first_construction_date::integer, 12, 31)
        when 7 then last_day((untracked.first_construction_date || '-01')::date)
        when 10 then untracked.first_construction_date::date
        else untracked.known_from + to_days((wait.high * 365.25 / 12)::integer)
    end::date as start_latest_date,
    case when untracked.first_construction_date is null then 'assumed' else 'stated_by_source' end as start_basis,
    untracked.source_url,
    untracked.root_id,
    untracked.known_from
from untracked
left join {{ ref('stg_assumptions') }} as wait
    on wait.engine = 'capacity'
    and wait.subject = 'announced_plan'
    and wait.parameter = 'start_wait_months'
where coalesce(untracked.planned_it_capacity_mw, untracked.planned_facility_capacity_mw) is not null
    -- A site under construction has begun: on which day is not for us to make up.
    and (untracked.first_construction_date is not null or untracked.status_class in ('announced', 'proposed', 'permitted'))
    -- A site that overlaps a tracked one would be counted twice.
    and untracked.related_campus_id is null
