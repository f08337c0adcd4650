{#
    Per building and stage of the ladder: the last look that still showed an earlier stage and the first that shows this one
    or a later one. A date in between is all that is known; without a first look the stage is right-censored at the last.

    Looks come from three places: what the status texts say of numbered buildings, how many buildings a row counts as
    running (the first to open), and campus-level events of other sources. What a text says without a number is kept on a
    row of the campus and put on no building, unless the campus has only one.
#}
with timelines as (

    select
        *,
        max(coalesce(buildings_operational, 0)) over (partition by campus_id) as campus_buildings
    from {{ ref('stg_epoch_data_centers__timelines') }}

),

building_order as (

    select * from {{ ref('int_capacity__building_order') }}

),

looks as (

    select *
    from {{ ref('int_capacity__status_looks') }}
    where not is_projection

),

-- 1. Numbered buildings in texts; `all` are those the vintage counts in the end, or that day where it says they run.
text_looks as (

    select
        looks.campus_id,
        building_order.building_number,
        looks.observed_date,
        looks.stage_number_seen,
        looks.stage_number_denied,
        looks.evidence_kind,
        looks.look_id,
        looks.known_from
    from looks
    inner join timelines
        on timelines.campus_id = looks.campus_id
        and timelines.observed_date = looks.observed_date
    left join building_order
        on building_order.campus_id = looks.campus_id
        and case
            when looks.building_numbers = 'all' and looks.stage_number_seen = 9
                then building_order.opening_rank <= coalesce(timelines.buildings_operational, timelines.campus_buildings)
            when looks.building_numbers = 'all' then building_order.opening_rank <= timelines.campus_buildings
            when looks.building_numbers <> ''
                then list_contains({{ building_number_list('looks.building_numbers') }}, building_order.building_number)
            else timelines.campus_buildings = 1 and building_order.opening_rank = 1
        end

),

kind_of_row as (

    select
        campus_id,
        observed_date,
        any_value(evidence_kind) as evidence_kind,
        bool_or(is_carried_over) as is_carried_over
    from looks
    group by campus_id, observed_date

),

-- A date that an earlier vintage printed as a forecast was carried over, not seen.
carried_over as (

    select distinct
        campus_id,
        observed_date
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }}
    where is_projection

),

-- Every building that a count or a text of the campus speaks of, forecasts included.
buildings as (

    select
        campus_id,
        building_number,
        opening_rank
    from building_order
    where (campus_id, building_number) in (select (campus_id, building_number) from text_looks)
        or opening_rank <= (
            select max(timelines.campus_buildings)
            from timelines
            where timelines.campus_id = building_order.campus_id
        )

),

-- 2. Counts: a row that counts m buildings shows the first m to open running, and the others not.
count_looks as (

    select
        buildings.campus_id,
        buildings.building_number,
        timelines.observed_date,
        case when buildings.opening_rank <= timelines.buildings_operational then 9 end as stage_number_seen,
        case
            when buildings.opening_rank > timelines.buildings_operational and carried_over.campus_id is null then 9
        end as stage_number_denied,
        case
            when carried_over.campus_id is not null then 'estimate'
            else coalesce(kind_of_row.evidence_kind, 'satellite')
        end as evidence_kind,
        'timeline|' || timelines.campus_id || '|' || timelines.observed_date || '|' || timelines.vintage_date as look_id,
        timelines.known_from
    from buildings
    inner join timelines
        on timelines.campus_id = buildings.campus_id
    left join kind_of_row
        on kind_of_row.campus_id = timelines.campus_id
        and kind_of_row.observed_date = timelines.observed_date
    left join carried_over
        on carried_over.campus_id = timelines.campus_id
        and carried_over.observed_date = timelines.observed_date
    where not timelines.is_projection
        and timelines.buildings_operational is not null

),

-- 3. Permits, ceremonies and company statements of other sources: about the campus.
event_looks as (

    select
        observations.campus_id,
        null::bigint as building_number,
        observations.observed_date,
        ladder.stage_number as stage_number_seen,
        null::integer as stage_number_denied,
        case observations.evidence_kind
            when 'observed' then 'press'
            when 'model_estimate' then 'estimate'
            else observations.evidence_kind
        end as evidence_kind,
        observations.observation_id as look_id,
        observations.source_url,
        observations.root_id,
        observations.known_from
    from {{ ref('stg_evidence__status_observations') }} as observations
    inner join {{ stage_ladder() }}
        on ladder.stage = case observations.status
            when 'mep_cooling_installed' then 'cooling_installed'
            when 'energized' then 'energised'
            else observations.status
        end
    where observations.metric = 'status_event'
        and observations.evidence_kind <> 'forecast'
        and observations.observed_date <= observations.known_from
        and observations.observed_date <= {{ as_of_date() }}

),

epoch_looks as (

    select * from text_looks
    union all by name
    select * from count_looks

),

all_looks as (

    select
        epoch_looks.*,
        'https://epoch.ai/data/data_centers/data_center_timelines.csv' as source_url,
        'epoch-ai-data-centers' as root_id
    from epoch_looks
    union all by name
    select * from event_looks

),

-- The first row of a timeline on which nothing but ground work is shown: no building stands anywhere on the site yet.
bare_ground as (

    select
        campus_id,
        observed_date
    from (
        select
            looks.campus_id,
            looks.observed_date,
            max(looks.stage_number_seen) as stage_number_seen
        from looks
        inner join (
            select
                campus_id,
                min(observed_date) as observed_date
            from timelines
            where not is_projection
            group by campus_id
            having arg_min(buildings_operational, observed_date) = 0
        ) as first_rows
            on first_rows.campus_id = looks.campus_id
            and first_rows.observed_date = looks.observed_date
        group by looks.campus_id, looks.observed_date
    )
    where stage_number_seen = 3

),

denials as (

    select
        campus_id,
        building_number,
        observed_date,
        stage_number_denied
    from all_looks
    where stage_number_denied is not null

    union all

    select
        buildings.campus_id,
        buildings.building_number,
        bare_ground.observed_date,
        4 as stage_number_denied
    from bare_ground
    inner join buildings
        on buildings.campus_id = bare_ground.campus_id

),

subjects as (

    select
        campus_id,
        building_number,
        max(observed_date) as last_look_date
    from all_looks
    group by campus_id, building_number

),

campus_last as (

    select
        campus_id,
        max(observed_date) as last_look_date
    from all_looks
    group by campus_id

),

-- Of looks on one day, one that is no estimate comes first, then one with an image.
first_seen as (

    select
        looks.campus_id,
        looks.building_number,
        ladder.stage_number,
        looks.observed_date as seen_date,
        looks.evidence_kind,
        looks.look_id,
        looks.source_url,
        looks.root_id,
        looks.known_from
    from all_looks as looks
    inner join {{ stage_ladder() }}
        on ladder.stage_number <= looks.stage_number_seen
    -- What the campus announced or was permitted is no stage of a building.
    where looks.building_number is null or ladder.stage_number >= 3
    qualify row_number() over (
        partition by looks.campus_id, looks.building_number, ladder.stage_number
        order by looks.observed_date, looks.evidence_kind = 'estimate', looks.evidence_kind <> 'satellite', looks.look_id
    ) = 1

),

judged as (

    select
        subjects.campus_id,
        subjects.building_number,
        ladder.stage,
        ladder.stage_number,
        subjects.last_look_date
    from subjects
    cross join {{ stage_ladder() }}
    where ladder.stage_number between case when subjects.building_number is null then 1 else 3 end and 9

),

-- A denial after the first sighting is a contradiction: it is kept for int_capacity__flags and moves no bound.
not_yet as (

    select
        judged.campus_id,
        judged.building_number,
        judged.stage_number,
        max(denials.observed_date) as not_yet_date
    from judged
    left join first_seen
        on first_seen.campus_id = judged.campus_id
        and first_seen.building_number is not distinct from judged.building_number
        and first_seen.stage_number = judged.stage_number
    inner join denials
        on denials.campus_id = judged.campus_id
        and denials.building_number is not distinct from judged.building_number
        and denials.stage_number_denied <= judged.stage_number
        and denials.observed_date < coalesce(first_seen.seen_date, date '9999-12-31')
    group by all

)

select
    {{ building_id('judged.campus_id', 'judged.building_number') }} as building_id,
    judged.campus_id,
    judged.building_number,
    coalesce(campuses.operator, 'unknown') as operator,
    coalesce(families.design_family, 'other') as design_family,
    judged.stage,
    judged.stage_number,
    not_yet.not_yet_date,
    first_seen.seen_date,
    -- A look at the campus is a look at its buildings, so an unseen stage is censored there.
    campus_last.last_look_date,
    first_seen.evidence_kind,
    case when first_seen.evidence_kind = 'satellite' then first_seen.seen_date end as image_date,
    coalesce(first_seen.evidence_kind = 'estimate', false) as is_estimate,
    judged.building_number is null as is_campus_level,
    first_seen.look_id,
    coalesce(first_seen.source_url, 'https://epoch.ai/data/data_centers/data_center_timelines.csv') as source_url,
    coalesce(first_seen.root_id, 'epoch-ai-data-centers') as root_id,
    vintages.vintage_date,
    coalesce(first_seen.known_from, vintages.vintage_date) as known_from
from judged
left join first_seen
    on first_seen.campus_id = judged.campus_id
    and first_seen.building_number is not distinct from judged.building_number
    and first_seen.stage_number = judged.stage_number
left join not_yet
    on not_yet.campus_id = judged.campus_id
    and not_yet.building_number is not distinct from judged.building_number
    and not_yet.stage_number = judged.stage_number
inner join campus_last
    on campus_last.campus_id = judged.campus_id
left join (
    select
        campus_id,
        max(vintage_date) as vintage_date
    from timelines
    group by campus_id
) as vintages
    on vintages.campus_id = judged.campus_id
left join {{ ref('stg_evidence__campuses') }} as campuses
    on campuses.campus_id = judged.campus_id
left join {{ ref('int_capacity__design_families') }} as families
    on families.campus_id = judged.campus_id
    and families.building_number is not distinct from judged.building_number
where first_seen.seen_date is not null or not_yet.not_yet_date is not null
