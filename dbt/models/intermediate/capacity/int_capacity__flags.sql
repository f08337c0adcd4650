with steps as (

    select * from {{ ref('int_capacity__steps') }}

),

timelines as (

    select * from {{ ref('stg_epoch_data_centers__timelines') }}

),

series as (

    select
        campus_id,
        string_agg(
            concat_ws('/', observed_date, buildings_operational, it_capacity_mw, facility_capacity_mw), ' '
            order by observed_date
        ) as printed_series
    from timelines
    group by campus_id
    having max(facility_capacity_mw) > 0

)

select
    steps.campus_id,
    steps.observed_date,
    case
        when steps.facility_capacity_mw = steps.it_capacity_mw then 'pue_of_one'
        when steps.facility_capacity_mw < steps.it_capacity_mw then 'facility_below_it'
        else 'facility_it_ratio'
    end as rule,
    format(
        'facility {:.0f} MW over IT {:.0f} MW is {:.2f}, outside {:.1f}-{:.1f}',
        steps.facility_capacity_mw, steps.it_capacity_mw, steps.facility_capacity_mw / steps.it_capacity_mw,
        limits.low, limits.high
    ) as detail
from steps
inner join {{ ref('stg_assumptions') }} as limits
    on limits.engine = 'capacity'
    and limits.subject = 'quality'
    and limits.parameter = 'facility_per_it_ratio'
where steps.it_capacity_mw > 0
    -- A PUE of exactly 1.0 is as impossible as one below.
    and (
        steps.facility_capacity_mw / steps.it_capacity_mw <= limits.low
        or steps.facility_capacity_mw / steps.it_capacity_mw > limits.high
    )

union all

select
    campus_id,
    observed_date,
    'it_left_behind' as rule,
    format(
        'facility power rises by {:.0f} MW while IT power stays at {:.0f} MW; IT is taken at the PUE of the step before',
        facility_increment_mw, it_capacity_mw
    ) as detail
from steps
where it_capacity_basis = 'estimated_from_campus_pue'

union all

select
    campus_id,
    observed_date,
    'capacity_decreased' as rule,
    format('facility {:+.0f} MW', facility_increment_mw)
    || coalesce(format(', IT {:+.0f} MW', it_increment_mw_stated), '')
    || ': kept as a derating' as detail
from steps
where facility_increment_mw < 0 or it_increment_mw_stated < 0

union all

select
    campus_id,
    observed_date,
    'buildings_decreased' as rule,
    format('{} buildings printed after {}: the higher count is kept', buildings_operational, buildings_so_far) as detail
from steps
where buildings_operational < buildings_so_far

union all

select
    campus_id,
    observed_date,
    'buildings_not_stated' as rule,
    format('{:.0f} MW facility power without a number of buildings: kept at campus level', facility_capacity_mw)
        as detail
from steps
where buildings_so_far = 0 and facility_capacity_mw > 0

union all

select
    campus_id,
    observed_date,
    'unconfirmed_date' as rule,
    'a forecast date that passed unchanged and no later row about the site: treated as a projection' as detail
from steps
where date_basis = 'unconfirmed' and step_number > 1

union all

select
    campus_id,
    observed_date,
    'row_without_figures' as rule,
    'a dated row without facility power: ignored' as detail
from timelines
where facility_capacity_mw is null

union all

select
    series.campus_id,
    null as observed_date,
    'identical_series' as rule,
    'the same dates and figures as ' || other.campus_id as detail
from series
inner join series as other
    on other.printed_series = series.printed_series
    and other.campus_id <> series.campus_id

union all

select distinct
    timelines.campus_id,
    null::date as observed_date,
    'unknown_campus' as rule,
    'in the timelines but not among the campuses: operator and cloud unknown' as detail
from timelines
left join {{ ref('stg_evidence__campuses') }} as campuses
    on campuses.campus_id = timelines.campus_id
where campuses.campus_id is null

union all

select
    plans.campus_id,
    null as observed_date,
    'doubtful_plan' as rule,
    campuses.audit_flag as detail
from {{ ref('int_capacity__plans') }} as plans
inner join {{ ref('stg_evidence__campuses') }} as campuses
    on campuses.campus_id = plans.campus_id
where campuses.audit_flag is not null

union all

-- Two vintages or two looks that cannot both hold.
select
    campuses.campus_id,
    try_cast(conflicts.period as date) as observed_date,
    conflicts.conflict_rule as rule,
    concat_ws(': ', conflicts.subject_id, coalesce(conflicts.losing_text, conflicts.losing_value::varchar), conflicts.winner_rule)
        as detail
from {{ ref('int_conflicts__capacity') }} as conflicts
inner join (select distinct campus_id from {{ ref('stg_epoch_data_centers__timeline_vintages') }}) as campuses
    on campuses.campus_id = regexp_replace(conflicts.subject_id, '-b\d{2}$', '')
where conflicts.conflict_rule in ('site_renamed', 'site_disappeared', 'buildings_disappeared', 'stage_went_back')
