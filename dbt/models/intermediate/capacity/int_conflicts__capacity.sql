{#
    Where two claims about a site cannot both hold: two vintages of one source, two rows of one vintage, or two sources.
    Each rule has a name, the claim that is used and the one that is not. Claims that are no numbers are given as text.
#}
{%- set epoch_url = "'https://epoch.ai/data/data_centers/data_center_timelines.csv'" -%}
with steps as (

    select * from {{ ref('int_capacity__steps') }}

),

vintages as (

    select * from {{ ref('stg_epoch_data_centers__timeline_vintages') }}

),

timelines as (

    select * from {{ ref('stg_epoch_data_centers__timelines') }}

),

-- One vintage against another.
names as (

    select
        campus_id,
        site_name,
        min(vintage_date) as first_vintage_date,
        max(vintage_date) as last_vintage_date
    from vintages
    group by campus_id, site_name

),

renamed as (

    select
        'site_renamed' as conflict_rule,
        'campus_timeline' as mart_name,
        'campus' as subject_kind,
        old.campus_id as subject_id,
        new.first_vintage_date::varchar as period,
        null::varchar as unit,
        null::double as winning_value,
        null::double as losing_value,
        new.site_name as winning_text,
        old.site_name as losing_text,
        old.last_vintage_date as losing_known_from,
        'epoch' as losing_source,
        'one campus under two names; the newest name holds, and rows under both belong to the campus' as winner_rule
    from names as old
    inner join (
        select *
        from names
        qualify row_number() over (partition by campus_id order by last_vintage_date desc, first_vintage_date desc) = 1
    ) as new
        on new.campus_id = old.campus_id
        and new.site_name <> old.site_name

),

disappeared as (

    select
        'site_disappeared' as conflict_rule,
        'campus_timeline' as mart_name,
        'campus' as subject_kind,
        vintages.campus_id as subject_id,
        newest.vintage_date::varchar as period,
        'facility_mw' as unit,
        null::double as winning_value,
        max(vintages.facility_capacity_mw) as losing_value,
        'not listed' as winning_text,
        'listed until ' || max(vintages.vintage_date) as losing_text,
        max(vintages.vintage_date) as losing_known_from,
        'epoch' as losing_source,
        'the newest full vintage does not list the campus; it gives no capacity' as winner_rule
    from vintages
    cross join (
        select max(vintage_date) as vintage_date
        from vintages
        where vintage_scope = 'full'
    ) as newest
    where vintages.campus_id not in (select campus_id from timelines)
        and newest.vintage_date is not null
    group by vintages.campus_id, newest.vintage_date

),

building_counts as (

    select
        campus_id,
        vintage_date,
        max(buildings_operational) as n_buildings
    from vintages
    group by campus_id, vintage_date

),

buildings_disappeared as (

    select
        'buildings_disappeared' as conflict_rule,
        'building_capacity_quarterly' as mart_name,
        'campus' as subject_kind,
        old.campus_id as subject_id,
        new.vintage_date::varchar as period,
        'buildings' as unit,
        new.n_buildings::double as winning_value,
        max(old.n_buildings)::double as losing_value,
        null::varchar as winning_text,
        null::varchar as losing_text,
        arg_max(old.vintage_date, old.n_buildings) as losing_known_from,
        'epoch' as losing_source,
        'the newest vintage expects fewer buildings than an older one; the newest holds' as winner_rule
    from building_counts as old
    inner join (
        select *
        from building_counts
        where (campus_id, vintage_date) in (select (campus_id, max(vintage_date)) from timelines group by campus_id)
    ) as new
        on new.campus_id = old.campus_id
        and new.vintage_date > old.vintage_date
        and new.n_buildings < old.n_buildings
    group by old.campus_id, new.vintage_date, new.n_buildings

),

-- Two rows, or two columns, of one vintage.
decreased as (

    select
        'capacity_decreased' as conflict_rule,
        'campus_capacity_steps' as mart_name,
        'campus' as subject_kind,
        campus_id as subject_id,
        observed_date::varchar as period,
        'facility_mw' as unit,
        facility_capacity_mw as winning_value,
        facility_capacity_mw - facility_increment_mw as losing_value,
        null::varchar as winning_text,
        null::varchar as losing_text,
        known_from as losing_known_from,
        'epoch' as losing_source,
        'capacity falls from one row to the next; the later row holds, as a derating' as winner_rule
    from steps
    where facility_increment_mw < 0

    union all

    select
        'buildings_decreased' as conflict_rule,
        'building_capacity_quarterly' as mart_name,
        'campus' as subject_kind,
        campus_id as subject_id,
        observed_date::varchar as period,
        'buildings' as unit,
        buildings_so_far::double as winning_value,
        buildings_operational::double as losing_value,
        null::varchar as winning_text,
        null::varchar as losing_text,
        known_from as losing_known_from,
        'epoch' as losing_source,
        'fewer buildings than in an earlier row; the higher count is kept, no building is pulled down' as winner_rule
    from steps
    where buildings_operational < buildings_so_far

),

impossible_pue as (

    select
        case
            when steps.facility_capacity_mw = steps.it_capacity_mw then 'pue_of_one'
            when steps.facility_capacity_mw < steps.it_capacity_mw then 'facility_below_it'
            else 'facility_it_ratio'
        end as conflict_rule,
        'campus_capacity_steps' as mart_name,
        'campus' as subject_kind,
        steps.campus_id as subject_id,
        steps.observed_date::varchar as period,
        'it_mw' as unit,
        steps.it_capacity_mw as winning_value,
        steps.facility_capacity_mw / (1 + overhead.value) as losing_value,
        'IT power as printed' as winning_text,
        'IT power that the printed facility power allows at the usual PUE' as losing_text,
        steps.known_from as losing_known_from,
        'epoch' as losing_source,
        'facility over IT power is outside what a PUE can be; the printed figures are kept and flagged' as winner_rule
    from steps
    inner join {{ ref('stg_assumptions') }} as limits
        on limits.engine = 'capacity'
        and limits.subject = 'quality'
        and limits.parameter = 'facility_per_it_ratio'
    inner join {{ ref('stg_assumptions') }} as overhead
        on overhead.engine = 'capacity'
        and overhead.subject = 'pue'
        and overhead.parameter = 'overhead_share'
    where steps.it_capacity_mw > 0
        and (
            steps.facility_capacity_mw / steps.it_capacity_mw <= limits.low
            or steps.facility_capacity_mw / steps.it_capacity_mw > limits.high
        )

),

series as (

    select
        campus_id,
        max(vintage_date) as vintage_date,
        string_agg(
            concat_ws('/', observed_date, buildings_operational, it_capacity_mw, facility_capacity_mw), ' '
            order by observed_date
        ) as printed_series
    from timelines
    group by campus_id
    having max(facility_capacity_mw) > 0

),

identical as (

    select
        'identical_series' as conflict_rule,
        'campus_capacity_steps' as mart_name,
        'campus' as subject_kind,
        later.campus_id as subject_id,
        later.vintage_date::varchar as period,
        null::varchar as unit,
        null::double as winning_value,
        null::double as losing_value,
        earlier.campus_id as winning_text,
        later.campus_id as losing_text,
        later.vintage_date as losing_known_from,
        'epoch' as losing_source,
        'two sites with the same dates and figures: one is probably a copy; both are kept and flagged' as winner_rule
    from series as later
    inner join series as earlier
        on earlier.printed_series = later.printed_series
        and earlier.campus_id < later.campus_id

),

readings as (

    select
        campus_id,
        observed_date,
        known_from,
        stage_number_seen,
        stage_number_denied,
        unnest({{ building_number_list('building_numbers') }}) as building_number
    from {{ ref('int_capacity__status_looks') }}
    where not is_projection and not is_carried_over

),

went_back as (

    select
        'stage_went_back' as conflict_rule,
        'campus_timeline' as mart_name,
        'building' as subject_kind,
        {{ building_id('later.campus_id', 'later.building_number') }} as subject_id,
        later.observed_date::varchar as period,
        null::varchar as unit,
        null::double as winning_value,
        null::double as losing_value,
        any_value(seen.stage) || ' seen on ' || min(earlier.observed_date) as winning_text,
        any_value(denied.stage) || ' denied on ' || later.observed_date as losing_text,
        max(later.known_from) as losing_known_from,
        'epoch' as losing_source,
        'a later look denies a stage that an earlier one showed; the first sighting holds' as winner_rule
    from readings as later
    inner join readings as earlier
        on earlier.campus_id = later.campus_id
        and earlier.building_number = later.building_number
        and earlier.observed_date < later.observed_date
        and earlier.stage_number_seen >= later.stage_number_denied
    left join {{ stage_ladder('seen') }}
        on seen.stage_number = earlier.stage_number_seen
    left join {{ stage_ladder('denied') }}
        on denied.stage_number = later.stage_number_denied
    -- What the look itself shows beyond the denied stage is no step back.
    where coalesce(later.stage_number_seen, 0) < later.stage_number_denied
    group by later.campus_id, later.building_number, later.observed_date

),

-- One source against another.
stage_readings as (

    select
        'stage_reading' as conflict_rule,
        'campus_timeline' as mart_name,
        'building' as subject_kind,
        other.building_id as subject_id,
        other.observed_date::varchar as period,
        'stage_number' as unit,
        max(readings.stage_number_seen)::double as winning_value,
        max(ladder.stage_number)::double as losing_value,
        null::varchar as winning_text,
        null::varchar as losing_text,
        max(other.known_from) as losing_known_from,
        'epoch' as losing_source,
        'two readings of one text; the rules of this project over the ones the list was first made with' as winner_rule
    from {{ ref('stg_evidence__status_observations') }} as other
    inner join {{ stage_ladder() }}
        on ladder.stage = case other.status when 'mep_cooling_installed' then 'cooling_installed' else other.status end
    inner join readings
        on {{ building_id('readings.campus_id', 'readings.building_number') }} = other.building_id
        and readings.observed_date = other.observed_date
    where other.metric like 'building_stage:%'
        and other.evidence_kind <> 'forecast'
    group by other.building_id, other.observed_date
    having max(readings.stage_number_seen) <> max(ladder.stage_number)

),

planned_sizes as (

    select
        'planned_size' as conflict_rule,
        'campus_capacity_quarterly' as mart_name,
        'campus' as subject_kind,
        other.campus_id as subject_id,
        max(printed.vintage_date)::varchar as period,
        'facility_mw' as unit,
        max(printed.facility_capacity_mw) as winning_value,
        other.value as losing_value,
        null::varchar as winning_text,
        null::varchar as losing_text,
        max(other.known_from) as losing_known_from,
        any_value(other.source_url) || ' ' || any_value(other.root_id) as losing_source,
        'largest facility power of the dated timeline over an undated plan of another source' as winner_rule
    from {{ ref('stg_evidence__status_observations') }} as other
    inner join timelines as printed
        on printed.campus_id = other.campus_id
    where other.metric like 'planned_facility_power_mw%'
        and other.root_id <> 'epoch-ai-data-centers'
        and other.value > 0
    group by other.campus_id, other.value
    having abs(max(printed.facility_capacity_mw) / other.value - 1) > 0.05

),

building_claims as (

    select
        'building_count' as conflict_rule,
        'building_capacity_quarterly' as mart_name,
        'campus' as subject_kind,
        other.campus_id as subject_id,
        other.observed_date::varchar as period,
        'buildings' as unit,
        max_by(printed.buildings_operational, printed.observed_date)::double as winning_value,
        other.value as losing_value,
        null::varchar as winning_text,
        null::varchar as losing_text,
        max(other.known_from) as losing_known_from,
        any_value(other.source_url) || ' ' || any_value(other.root_id) as losing_source,
        'the count of the dated timeline over a statement of another source' as winner_rule
    from {{ ref('stg_evidence__status_observations') }} as other
    inner join timelines as printed
        on printed.campus_id = other.campus_id
        and printed.observed_date <= other.observed_date
        and not printed.is_projection
    where other.metric = 'buildings_operational'
        and other.root_id <> 'epoch-ai-data-centers'
    group by other.campus_id, other.observed_date, other.value
    having max_by(printed.buildings_operational, printed.observed_date) <> other.value

),

claims as (

    {% for part in ['renamed', 'disappeared', 'buildings_disappeared', 'decreased', 'impossible_pue', 'identical',
        'went_back', 'stage_readings', 'planned_sizes', 'building_claims'] -%}
    select * from {{ part }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    conflict_rule,
    mart_name,
    subject_kind,
    subject_id,
    period,
    unit,
    1 + row_number() over (
        partition by conflict_rule, mart_name, subject_id, period
        order by losing_known_from desc, losing_text, losing_value
    ) as claim_rank,
    winning_value,
    winning_text,
    {{ epoch_url }} as winning_source_url,
    'epoch-ai-data-centers' as winning_root_id,
    losing_value,
    losing_text,
    case when losing_source = 'epoch' then {{ epoch_url }} else split_part(losing_source, ' ', 1) end as losing_source_url,
    case when losing_source = 'epoch' then 'epoch-ai-data-centers' else split_part(losing_source, ' ', 2) end
        as losing_root_id,
    'derived' as losing_basis_class,
    losing_known_from,
    winner_rule
from claims
