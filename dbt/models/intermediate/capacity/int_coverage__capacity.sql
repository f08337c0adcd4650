with campuses as (

    select
        campuses.campus_id,
        campuses.related_campus_id,
        steps.campus_id is not null as has_steps,
        plans.campus_id is not null as has_plan,
        plans.start_basis = 'assumed' as is_start_assumed,
        coalesce(steps.has_capacity, false) as has_capacity
    from {{ ref('stg_evidence__campuses') }} as campuses
    left join (
        select
            campus_id,
            bool_or(facility_capacity_mw > 0) as has_capacity
        from {{ ref('int_capacity__steps') }}
        group by campus_id
    ) as steps
        on steps.campus_id = campuses.campus_id
    left join {{ ref('int_capacity__plans') }} as plans
        on plans.campus_id = campuses.campus_id

),

judged as (

    select
        campus_id,
        case
            when has_steps and not has_capacity then 'known_zero'
            when has_steps or has_plan then 'known'
            when related_campus_id is not null then 'not_covered'
            else 'unknown'
        end as coverage_status,
        case
            when has_steps and not has_capacity then 'tracked, and no capacity dated so far'
            when has_steps then 'dated building counts and MW'
            when is_start_assumed then 'only a planned size: begun within three years of the announcement, if at all'
            when has_plan then 'only a construction start and a planned size: a wide forecast, no building known'
            when related_campus_id is not null then 'overlaps ' || related_campus_id || ', counted there'
            else 'no planned size known: a row without figures, none is made up'
        end as reason
    from campuses

)

select
    marts.mart_name,
    'campus' as subject_kind,
    judged.campus_id as subject_id,
    judged.coverage_status,
    judged.reason
from judged
cross join (values ('building_capacity_quarterly'), ('campus_capacity_quarterly')) as marts (mart_name)

union all

select
    'campus_capacity_steps' as mart_name,
    'campus' as subject_kind,
    campus_id as subject_id,
    case when has_steps then 'known' else 'not_covered' end as coverage_status,
    case when has_steps then 'dated building counts and MW' else 'no dated step known' end as reason
from campuses

union all

select
    'campus_timeline' as mart_name,
    'campus' as subject_kind,
    campuses.campus_id as subject_id,
    case when looks.campus_id is not null or has_steps then 'known' else 'unknown' end as coverage_status,
    case
        when looks.n_buildings > 0 then 'stages of ' || looks.n_buildings || ' buildings, read from dated texts and counts'
        when looks.campus_id is not null then 'only the campus was looked at: no stage is put on a building'
        when has_steps then 'printed dates only: nobody is known to have looked'
        else 'no dated look known'
    end as reason
from campuses
left join (
    select
        campus_id,
        count(distinct building_id) filter (where not is_campus_level) as n_buildings
    from {{ ref('int_capacity__building_stages') }}
    group by campus_id
) as looks
    on looks.campus_id = campuses.campus_id

union all

select
    'build_speed' as mart_name,
    'all' as subject_kind,
    'all' as subject_id,
    case when count(*) > 0 then 'known' else 'unknown' end as coverage_status,
    'listed campuses with dated looks; groups of fewer than three finished buildings have no months' as reason
from {{ ref('int_capacity__stage_spells') }}

union all

select distinct
    'lab_capacity_quarterly' as mart_name,
    'lab' as subject_kind,
    lab as subject_id,
    'known' as coverage_status,
    'listed campuses only: a lower bound, the rest is in the untracked columns where a total is published' as reason
from {{ ref('int_capacity__tenancies') }}

union all

select
    'lab_capacity_quarterly' as mart_name,
    'untracked part of a lab' as subject_kind,
    labs.lab as subject_id,
    case when min(totals.observed_date) is not null then 'known' else 'unknown' end as coverage_status,
    coalesce(
        'published totals from ' || min(totals.observed_date) || ' to ' || max(totals.observed_date)
        || '; none before, an assumption after',
        'no published total: what the lab uses at unlisted sites is in no row'
    ) as reason
from (select distinct lab from {{ ref('int_capacity__tenancies') }}) as labs
left join {{ ref('int_capacity__published_totals') }} as totals
    on totals.lab = labs.lab
    and totals.cloud_provider = 'all'
group by labs.lab
