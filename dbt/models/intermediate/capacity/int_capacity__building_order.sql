{#
    Which building the n-th to open is. The source counts running buildings; its texts name some of them by number, and
    not always from 1 on. Named buildings open in the order of the first dates for which a text says that they run. As
    many buildings that no text says to run come before one as its date's count leaves beside the named ones, and none
    where the named ones are those that counting on from 1 would give.
#}
with mentions as (

    select
        campus_id,
        observed_date,
        stage_number_seen,
        is_projection,
        unnest({{ building_number_list('building_numbers') }}) as building_number
    from {{ ref('int_capacity__status_looks') }}

),

numbers as (

    select
        campus_id,
        unnest(range(1, max(buildings_operational) + 1)) as building_number
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }}
    group by campus_id

    union

    select
        campus_id,
        building_number
    from mentions

),

buildings as (

    select
        numbers.campus_id,
        numbers.building_number,
        min(mentions.observed_date) filter (where mentions.stage_number_seen = 9) as running_date,
        coalesce(bool_or(mentions.stage_number_seen = 9 and not mentions.is_projection), false) as is_seen_running,
        max(mentions.stage_number_seen) as stage_number
    from numbers
    left join mentions
        on mentions.campus_id = numbers.campus_id
        and mentions.building_number = numbers.building_number
    group by numbers.campus_id, numbers.building_number

),

counts as (

    select
        campus_id,
        observed_date,
        is_projection,
        max(buildings_operational) over (
            partition by campus_id
            order by observed_date
        ) as n_running
    from {{ ref('stg_epoch_data_centers__timelines') }}

),

named as (

    select
        buildings.campus_id,
        buildings.building_number,
        counts.n_running,
        row_number() over (
            partition by buildings.campus_id
            order by buildings.running_date, buildings.building_number
        ) as named_rank
    from buildings
    inner join counts
        on counts.campus_id = buildings.campus_id
        and counts.observed_date = buildings.running_date

),

-- What a date's count leaves beside the named ones ran before, unnamed, unless a later text names it after all.
placed as (

    select
        campus_id,
        building_number,
        named_rank,
        min(case
            when building_number > named_rank then greatest(coalesce(n_running, 0) - named_rank, 0)
            else 0
        end) over (
            partition by campus_id
            order by named_rank
            rows between current row and unbounded following
        ) as n_unnamed_before
    from named

),

running_now as (

    select
        campus_id,
        max(n_running) as n_running
    from counts
    where not is_projection
    group by campus_id

),

-- While some of them run already, nobody says which: a stage shown tells rather that a building does not run yet.
unnamed as (

    select
        buildings.campus_id,
        buildings.building_number,
        row_number() over (
            partition by buildings.campus_id
            order by
                case when coalesce(running_now.n_running, 0) <= coalesce(named_running.n_buildings, 0)
                    then buildings.stage_number end desc nulls last,
                buildings.building_number
        ) as unnamed_rank
    from buildings
    left join running_now
        on running_now.campus_id = buildings.campus_id
    left join (
        select
            campus_id,
            count(*) as n_buildings
        from buildings
        where is_seen_running
        group by campus_id
    ) as named_running
        on named_running.campus_id = buildings.campus_id
    where buildings.running_date is null

)

select
    campus_id,
    row_number() over (partition by campus_id order by place, named_rank) as opening_rank,
    building_number,
    case when named_rank is null then 'counted_in_order' else 'named_in_text' end as numbering_basis
from (
    select
        campus_id,
        building_number,
        named_rank,
        n_unnamed_before + 0.5 as place
    from placed

    union all

    select
        campus_id,
        building_number,
        null as named_rank,
        unnamed_rank as place
    from unnamed
)
