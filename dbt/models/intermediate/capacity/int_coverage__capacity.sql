with campuses as (

    select
        campuses.campus_id,
        campuses.related_campus_id,
        steps.campus_id is not null as has_steps,
        plans.campus_id is not null as has_plan,
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
            when has_plan then 'only a construction start and a planned size: a wide forecast, no building known'
            when related_campus_id is not null then 'overlaps ' || related_campus_id || ', counted there'
            else 'no construction start or no planned size known: no figure is made up'
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
    'campus_timeline' as mart_name,
    'campus' as subject_kind,
    campus_id as subject_id,
    case when has_steps then 'known' else 'not_covered' end as coverage_status,
    case when has_steps then 'dated building counts and MW' else 'no dated step known' end as reason
from campuses

union all

select distinct
    'lab_capacity_quarterly' as mart_name,
    'lab' as subject_kind,
    lab as subject_id,
    'known' as coverage_status,
    'listed campuses only: a lower bound, since capacity at unlisted sites is in no row' as reason
from {{ ref('int_capacity__tenancies') }}
