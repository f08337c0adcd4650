with steps as (

    select * from {{ ref('int_capacity__steps') }}
    where facility_increment_mw <> 0
        or it_increment_mw_stated <> 0
        or buildings_so_far > previous_buildings

),

-- One row per building that a step opens; the step's MW is shared equally between them.
new_buildings as (

    select
        steps.*,
        building_order.building_number
    from steps
    inner join {{ ref('int_capacity__building_order') }} as building_order
        on building_order.campus_id = steps.campus_id
        and building_order.opening_rank > steps.previous_buildings
        and building_order.opening_rank <= steps.buildings_so_far

),

opened as (

    select
        campus_id,
        step_number,
        building_number,
        'new_building' as step_kind,
        -- MW that falls while buildings open belongs to the older ones: no building opens with less than nothing.
        case when facility_increment_mw >= 0 then 1.0 / (buildings_so_far - previous_buildings) else 0 end as step_share,
        facility_increment_mw
    from new_buildings

),

-- A change without a new building is spread over the open ones by the MW they opened with.
changed as (

    select
        steps.campus_id,
        steps.step_number,
        opened.building_number,
        case when steps.facility_increment_mw < 0 then 'derating' else 'upgrade' end as step_kind,
        coalesce(
            opened.facility_increment_mw * opened.step_share
            / nullif(sum(opened.facility_increment_mw * opened.step_share) over same_step, 0),
            1.0 / count(*) over same_step
        ) as step_share
    from steps
    inner join opened
        on opened.campus_id = steps.campus_id
        and opened.step_number < steps.step_number
    where steps.buildings_so_far = steps.previous_buildings
        or steps.facility_increment_mw < 0
    window same_step as (partition by steps.campus_id, steps.step_number)

),

-- MW of a campus of which no building is named yet: kept at the campus, no building is made up for it.
unnumbered as (

    select
        campus_id,
        step_number,
        null::bigint as building_number,
        'campus_total' as step_kind,
        1.0 as step_share
    from steps
    where buildings_so_far = 0

),

spread as (

    select campus_id, step_number, building_number, step_kind, step_share from opened
    union all
    select campus_id, step_number, building_number, step_kind, step_share from changed
    union all
    select campus_id, step_number, building_number, step_kind, step_share from unnumbered

),

-- What the MW printed for a date rest on: the text's own word for it, else a row of evidence.
said_by_text as (

    select
        campus_id,
        observed_date,
        any_value(capacity_evidence_kind) as capacity_evidence_kind
    from {{ ref('int_capacity__status_looks') }}
    group by campus_id, observed_date

),

said_by_evidence as (

    select
        campus_id,
        observed_date,
        arg_max(evidence_kind, vintage_date) as capacity_evidence_kind
    from {{ ref('stg_evidence__status_observations') }}
    where metric = 'facility_power_mw'
        and evidence_kind in ('satellite', 'permit', 'company_statement')
    group by campus_id, observed_date

)

select
    {{ building_id('spread.campus_id', 'spread.building_number') }} as building_id,
    spread.campus_id,
    coalesce(campuses.operator, 'unknown') as operator,
    coalesce(campuses.cloud_provider, 'unknown') as cloud_provider,
    spread.building_number,
    steps.step_number,
    spread.step_kind,
    steps.observed_date,
    steps.previous_observed_date,
    steps.confirmed_date,
    steps.date_basis,
    steps.is_started,
    -- Adding nothing turns the minus zero of (fall x no share) into zero.
    steps.it_increment_mw_stated * spread.step_share + 0 as it_increment_mw_stated,
    steps.it_increment_mw * spread.step_share + 0 as it_increment_mw,
    steps.facility_increment_mw * spread.step_share + 0 as facility_increment_mw,
    steps.it_capacity_basis,
    coalesce(families.design_family, 'other') as design_family,
    coalesce(
        said_by_text.capacity_evidence_kind,
        case when steps.date_basis in ('observed', 'confirmed_later') then said_by_evidence.capacity_evidence_kind end,
        case when steps.date_basis = 'observed' then 'satellite' else 'estimate' end
    ) as capacity_evidence_kind,
    steps.vintage_date,
    steps.known_from
from spread
inner join steps
    on steps.campus_id = spread.campus_id
    and steps.step_number = spread.step_number
left join {{ ref('stg_evidence__campuses') }} as campuses
    on campuses.campus_id = spread.campus_id
left join {{ ref('int_capacity__design_families') }} as families
    on families.campus_id = spread.campus_id
    and families.building_number is not distinct from spread.building_number
left join said_by_text
    on said_by_text.campus_id = spread.campus_id
    and said_by_text.observed_date = steps.observed_date
left join said_by_evidence
    on said_by_evidence.campus_id = spread.campus_id
    and said_by_evidence.observed_date = steps.observed_date
