{#
    What each dated row of the valid timelines says about which building. Where a vintage came with its texts they are
    read here; the bundled vintages have none (sentences are not ours to pass on), so for them the same rules were run
    beforehand and evidence holds what they found. Per campus and date the newest reading known by as_of counts.
#}
with read_here as (

    {{ status_looks(ref('stg_epoch_data_centers__timeline_vintages')) }}

),

readings as (

    select
        campus_id,
        observed_date,
        vintage_date,
        building_numbers,
        stage_number_seen,
        stage_number_denied,
        evidence_kind,
        capacity_evidence_kind,
        cooling_type,
        'text|' || campus_id || '|' || observed_date || '|' || vintage_date || '|' || clause_number as look_id,
        true as is_read_here
    from read_here

    union all

    select
        looks.campus_id,
        looks.observed_date,
        looks.vintage_date,
        coalesce(looks.building_numbers, '') as building_numbers,
        seen.stage_number as stage_number_seen,
        denied.stage_number as stage_number_denied,
        looks.evidence_kind,
        looks.capacity_evidence_kind,
        looks.cooling_type,
        looks.look_id,
        false as is_read_here
    from {{ ref('stg_evidence__status_looks') }} as looks
    left join {{ stage_ladder('seen') }}
        on seen.stage = looks.stage_seen
    left join {{ stage_ladder('denied') }}
        on denied.stage = looks.stage_denied

),

newest as (

    select *
    from readings
    qualify rank() over (
        partition by campus_id, observed_date
        order by vintage_date desc, is_read_here desc
    ) = 1

),

-- A date that an earlier vintage printed as a forecast was carried over, not seen.
carried_over as (

    select distinct
        campus_id,
        observed_date
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }}
    where is_projection

)

select
    newest.look_id,
    newest.campus_id,
    newest.observed_date,
    newest.building_numbers,
    -- A word like `operational` in a row that counts no running building is about something else.
    case when newest.stage_number_seen = 9 and timelines.buildings_operational = 0 then null else newest.stage_number_seen end
        as stage_number_seen,
    newest.stage_number_denied,
    -- A forecast row, and a date carried over from one, has no image behind it, whatever its text speaks of.
    case when timelines.is_projection or carried_over.campus_id is not null then 'estimate' else newest.evidence_kind end
        as evidence_kind,
    newest.capacity_evidence_kind,
    newest.cooling_type,
    timelines.is_projection,
    carried_over.campus_id is not null and not timelines.is_projection as is_carried_over,
    newest.vintage_date,
    newest.vintage_date as known_from
from newest
-- A row that the valid vintage no longer has was moved or withdrawn.
inner join {{ ref('stg_epoch_data_centers__timelines') }} as timelines
    on timelines.campus_id = newest.campus_id
    and timelines.observed_date = newest.observed_date
left join carried_over
    on carried_over.campus_id = newest.campus_id
    and carried_over.observed_date = newest.observed_date
