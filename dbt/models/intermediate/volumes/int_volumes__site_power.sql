{#
    IT power of the AWS campuses that evidence ties to Anthropic, where Trainium stands, at each quarter's end: the last
    level of each campus by then in the newest vintage that is known. All of it goes back to one root. A site the newest
    vintage does not hold keeps the level of the vintage that last held it.
#}
with campuses as (

    select distinct campus_id
    from {{ ref('stg_evidence__tenancies') }}
    where lab = 'Anthropic'
        and cloud_provider = 'AWS'

),

timelines as (

    select
        timelines.campus_id,
        timelines.observed_date,
        coalesce(timelines.it_capacity_mw, timelines.facility_capacity_mw / facility.value) as it_power_mw,
        timelines.vintage_date,
        timelines.known_from
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }} as timelines
    inner join campuses
        on campuses.campus_id = timelines.campus_id
    inner join {{ ref('stg_assumptions') }} as facility
        on facility.engine = 'volumes'
        and facility.subject = 'site_power'
        and facility.parameter = 'facility_to_it_ratio'
    where not timelines.is_projection
    qualify timelines.vintage_date = max(timelines.vintage_date) over (partition by timelines.campus_id)

),

-- Up to the last day anything was seen: a level held beyond it would be a forecast.
quarter_ends as (

    select unnest(generate_series(date '2023-04-01', max(observed_date), interval 3 month))::date - 1 as observed_date
    from timelines

),

levels as (

    select
        quarter_ends.observed_date,
        timelines.campus_id,
        timelines.it_power_mw,
        timelines.known_from
    from quarter_ends
    inner join timelines
        on timelines.observed_date <= quarter_ends.observed_date
    qualify row_number() over (
        partition by quarter_ends.observed_date, timelines.campus_id
        order by timelines.observed_date desc, timelines.it_power_mw desc
    ) = 1

)

select
    'site_power:' || observed_date as observation_id,
    observed_date,
    sum(it_power_mw) as it_power_mw,
    count(*) filter (where it_power_mw > 0)::integer as n_campuses,
    'epoch-ai-data-centers' as root_id,
    max(known_from) as known_from
from levels
group by observed_date
having sum(it_power_mw) > 0
