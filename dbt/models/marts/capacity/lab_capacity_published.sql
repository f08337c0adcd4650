with figures as (

    select
        figures.*,
        try_cast(figures.as_of_date as date) as observed_date,
        coalesce(totals.capacity_mw, case when figures.unit ilike 'MW%' then figures.value end) as published_capacity_mw
    from {{ ref('stg_evidence__lab_capacity_published') }} as figures
    left join {{ ref('int_capacity__published_totals') }} as totals
        on totals.total_id = figures.figure_id

),

-- The quarter whose end is nearest to the figure's day.
dated as (

    select
        figures.*,
        quarters.quarter_start_date,
        quarters.calendar_quarter
    from figures
    left join {{ ref('int_capacity__quarters') }} as quarters
        on quarters.quarter_end_date between figures.observed_date - interval 46 days and figures.observed_date + interval 46 days
    qualify row_number() over (
        partition by figures.figure_id
        order by abs(quarters.quarter_end_date - figures.observed_date), quarters.quarter_end_date
    ) = 1

),

-- Our figure of the same thing: a campus, a lab on a cloud, or a lab over all its clouds.
modelled as (

    select
        'campus' as level, campus_id, null as lab, null as cloud_provider, quarter_start_date, it_capacity_mw_p05,
        it_capacity_mw_p50, it_capacity_mw_p95, facility_capacity_mw_p05, facility_capacity_mw_p50, facility_capacity_mw_p95,
        null as untracked_it_capacity_mw_p50
    from {{ ref('int_capacity__quarterly') }}
    where level = 'campus'

    union all

    select
        level, null, lab, cloud_provider, quarter_start_date, it_capacity_mw_p05, it_capacity_mw_p50, it_capacity_mw_p95,
        facility_capacity_mw_p05, facility_capacity_mw_p50, facility_capacity_mw_p95, untracked_it_capacity_mw_p50
    from {{ ref('int_capacity__quarterly') }}
    where level in ('lab', 'lab_cloud')

),

matched as (

    select
        dated.*,
        case when dated.power_basis = 'facility' then modelled.facility_capacity_mw_p05 else modelled.it_capacity_mw_p05 end
            as tracked_capacity_mw_p05,
        case when dated.power_basis = 'facility' then modelled.facility_capacity_mw_p50 else modelled.it_capacity_mw_p50 end
            as tracked_capacity_mw_p50,
        case when dated.power_basis = 'facility' then modelled.facility_capacity_mw_p95 else modelled.it_capacity_mw_p95 end
            as tracked_capacity_mw_p95,
        modelled.untracked_it_capacity_mw_p50
    from dated
    left join modelled
        on dated.comparison not in ('other_unit', 'campus_statement')
        and dated.published_capacity_mw is not null
        -- What a whole cloud added in a period is no stock of anybody.
        and dated.metric not like '%_added_%'
        and modelled.quarter_start_date = dated.quarter_start_date
        and case
            when dated.campus_id is not null then modelled.level = 'campus' and modelled.campus_id = dated.campus_id
            when dated.comparison in ('cloud_part', 'ceiling') and dated.cloud_provider <> 'all'
                then modelled.level = 'lab_cloud' and modelled.lab = dated.lab and modelled.cloud_provider = dated.cloud_provider
            else modelled.level = 'lab' and modelled.lab = dated.lab
        end

),

-- Campuses tied to the lab on the very day, each whole, with what the source prints for them on that day.
printed as (

    select
        figures.figure_id,
        steps.campus_id,
        arg_max_null(steps.it_capacity_mw, steps.observed_date) as it_capacity_mw,
        arg_max_null(steps.facility_capacity_mw, steps.observed_date) as facility_capacity_mw
    from figures
    inner join {{ ref('int_capacity__tenancies') }} as tenancies
        on tenancies.lab = figures.lab
        and (figures.comparison <> 'cloud_part' or tenancies.cloud_provider = figures.cloud_provider)
        and (figures.campus_id is null or tenancies.campus_id = figures.campus_id)
        and coalesce(tenancies.valid_from, date '-infinity') <= figures.observed_date
        and coalesce(tenancies.valid_to, date 'infinity') >= figures.observed_date
    inner join {{ ref('int_capacity__steps') }} as steps
        on steps.campus_id = tenancies.campus_id
        and steps.observed_date <= figures.observed_date
    group by figures.figure_id, steps.campus_id

),

stated as (

    select
        figure_id,
        count(*) as n_campuses_stated,
        -- One campus without a printed IT figure leaves the sum without one.
        case when count(*) = count(it_capacity_mw) then sum(it_capacity_mw) end as it_capacity_mw_stated,
        sum(facility_capacity_mw) as facility_capacity_mw_stated
    from printed
    group by figure_id

)

select
    matched.figure_id,
    matched.lab,
    matched.cloud_provider,
    matched.campus_id,
    matched.observed_date,
    matched.calendar_quarter,
    matched.metric,
    matched.value as published_value,
    matched.low as published_value_low,
    matched.high as published_value_high,
    matched.unit,
    matched.comparison,
    matched.power_basis,
    matched.published_capacity_mw,
    matched.tracked_capacity_mw_p05,
    matched.tracked_capacity_mw_p50,
    matched.tracked_capacity_mw_p95,
    matched.untracked_it_capacity_mw_p50,
    matched.published_capacity_mw - matched.tracked_capacity_mw_p95 as difference_mw_p05,
    matched.published_capacity_mw - matched.tracked_capacity_mw_p50 as difference_mw_p50,
    matched.published_capacity_mw - matched.tracked_capacity_mw_p05 as difference_mw_p95,
    matched.published_capacity_mw between matched.tracked_capacity_mw_p05 and matched.tracked_capacity_mw_p95
        as is_within_interval,
    stated.it_capacity_mw_stated,
    stated.facility_capacity_mw_stated,
    coalesce(stated.n_campuses_stated, 0)::bigint as n_campuses,
    -- More in listed campuses than was published for the whole: the residual is nought, and one of the two is wrong.
    matched.comparison in ('lab_total', 'cloud_part')
    and coalesce(matched.tracked_capacity_mw_p50 > matched.published_capacity_mw, false) as is_tracked_above_published,
    matched.difference_reason,
    case matched.value_kind
        when 'company_statement' then 'disclosed'
        when 'press' then 'reported'
        when 'estimate' then 'estimated'
        else matched.value_kind
    end as value_kind,
    matched.source_url,
    matched.root_id,
    matched.known_from,
    {{ as_of_date() }} as as_of_date,
    'capacity-2' as methodology_version
from matched
left join stated
    on stated.figure_id = matched.figure_id
