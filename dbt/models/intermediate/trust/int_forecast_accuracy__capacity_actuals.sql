{#
    What the capacity forecasts can be held against, known by as_of: what the newest vintage of the site timelines prints as past.
    The truth is the source's own later count, not a meter. Three cases:
    - a site's facility MW at a quarter's end, once a vintage was taken then;
    - the same for all sites a vintage held, so that the question is the one asked on that day;
    - the date a level was reached, in days after 2020-01-01; a level not reached yet is censored at the vintage's date.
    A site that left the source counts with the last vintage that held it.
#}
-- What a vintage of the last days of a quarter shows is the quarter's end.
{% set tolerance_days = 7 %}
-- Later vintages restate MW by a few percent; a level named in MW is reached within this share of it.
{% set level_share = 0.95 %}
{% set carried_share = 0.01 %}

with vintages as (

    select
        timelines.*,
        timelines.vintage_date = max(timelines.vintage_date) over (partition by timelines.campus_id) as is_newest
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }} as timelines
    where timelines.facility_capacity_mw is not null

),

campuses as (

    select
        campus_id,
        max(vintage_date) as vintage_date,
        -- Whether the newest full vintage has dropped the site.
        max(vintage_date) < (select max(vintage_date) from vintages where vintage_scope = 'full') as is_gone
    from vintages
    group by campus_id

),

-- A forecast date that has passed unchanged and that no later look repeats was not seen.
unconfirmed as (

    select
        campus_id,
        min(observed_date) as first_unconfirmed_date
    from {{ ref('int_capacity__steps') }}
    where date_basis = 'unconfirmed'
        and step_number > 1
    group by campus_id

),

asked_sites as (

    select distinct
        subject as campus_id,
        period,
        period_end_date,
        forecast_as_of
    from {{ ref('stg_forecasts__capacity') }}
    where target = 'site_facility_mw'
        and period_end_date - {{ tolerance_days }} <= (select max(vintage_date) from vintages)

),

site_quarters as (

    select
        campus_id,
        period,
        min(period_end_date) as period_end_date
    from asked_sites
    group by campus_id, period

),

site_levels as (

    select
        asked.campus_id,
        asked.period,
        asked.period_end_date,
        arg_max(newest.facility_capacity_mw, newest.observed_date) as facility_capacity_mw,
        any_value(newest.vintage_date) as vintage_date,
        any_value(campuses.is_gone) as is_gone,
        any_value(newest.vintage_date) >= asked.period_end_date - {{ tolerance_days }} as is_current,
        coalesce(any_value(unconfirmed.first_unconfirmed_date) <= asked.period_end_date, false) as is_unconfirmed
    from site_quarters as asked
    inner join vintages as newest
        on newest.campus_id = asked.campus_id
        and newest.is_newest
        and not newest.is_projection
        and newest.observed_date <= asked.period_end_date
    inner join campuses
        on campuses.campus_id = asked.campus_id
    left join unconfirmed
        on unconfirmed.campus_id = asked.campus_id
    group by asked.campus_id, asked.period, asked.period_end_date

),

-- The day on which the level at a quarter's end could first be known.
site_first_known as (

    select
        levels.campus_id,
        levels.period,
        min(vintages.vintage_date) as first_known_from
    from site_levels as levels
    inner join vintages
        on vintages.campus_id = levels.campus_id
        and vintages.vintage_date >= levels.period_end_date - {{ tolerance_days }}
    group by levels.campus_id, levels.period

),

sites as (

    select
        'site_facility_mw' as target,
        levels.campus_id as subject,
        levels.period,
        'mw' as unit,
        levels.facility_capacity_mw as actual_value,
        levels.vintage_date as actual_known_from,
        first_known.first_known_from,
        null::date as censored_at_date,
        case when levels.is_unconfirmed then 'unconfirmed' end as actual_flag
    from site_levels as levels
    inner join site_first_known as first_known
        on first_known.campus_id = levels.campus_id
        and first_known.period = levels.period
    where levels.is_current

),

all_sites as (

    select
        'all_sites_facility_mw' as target,
        totals.subject,
        asked.period,
        'mw' as unit,
        sum(levels.facility_capacity_mw) as actual_value,
        max(levels.vintage_date) as actual_known_from,
        max(first_known.first_known_from) as first_known_from,
        null::date as censored_at_date,
        -- More than a little of it is the level that sites had when they left the source.
        case
            when sum(levels.facility_capacity_mw) filter (where not levels.is_current)
                > {{ carried_share }} * sum(levels.facility_capacity_mw) then 'carried'
        end as actual_flag
    from asked_sites as asked
    inner join (
        select distinct
            subject,
            period,
            forecast_as_of
        from {{ ref('stg_forecasts__capacity') }}
        where target = 'all_sites_facility_mw'
    ) as totals
        on totals.forecast_as_of = asked.forecast_as_of
        and totals.period = asked.period
    left join site_levels as levels
        on levels.campus_id = asked.campus_id
        and levels.period = asked.period
    left join site_first_known as first_known
        on first_known.campus_id = asked.campus_id
        and first_known.period = asked.period
    group by totals.subject, asked.period
    -- A total with a site missing is no total.
    having bool_and(coalesce(levels.is_current or levels.is_gone, false))

),

asked_levels as (

    select distinct
        subject as campus_id,
        period,
        split_part(period, ' ', 1)::double as level_value,
        split_part(period, ' ', 2) = 'MW' as is_in_mw
    from {{ ref('stg_forecasts__capacity') }}
    where target = 'step_date'

),

reached_by_vintage as (

    select
        asked.campus_id,
        asked.period,
        vintages.vintage_date,
        vintages.is_newest,
        min(vintages.observed_date) filter (
            where not vintages.is_projection
                and case
                    when asked.is_in_mw then vintages.facility_capacity_mw >= {{ level_share }} * asked.level_value
                    else vintages.buildings_operational >= asked.level_value
                end
        ) as reached_date
    from asked_levels as asked
    inner join vintages
        on vintages.campus_id = asked.campus_id
    group by asked.campus_id, asked.period, vintages.vintage_date, vintages.is_newest

),

with_last_miss as (

    select
        *,
        max(vintage_date) filter (where reached_date is null) over (partition by campus_id, period)
            as last_miss_vintage_date
    from reached_by_vintage

),

levels_reached as (

    select
        campus_id,
        period,
        max(reached_date) filter (where is_newest) as reached_date,
        max(vintage_date) as vintage_date,
        -- A level that a later vintage took back was not known to be reached.
        min(vintage_date) filter (where vintage_date > coalesce(last_miss_vintage_date, date '-infinity'))
            as first_known_from
    from with_last_miss
    group by campus_id, period

),

step_dates as (

    select
        'step_date' as target,
        levels.campus_id as subject,
        levels.period,
        'days' as unit,
        levels.reached_date - date '2020-01-01' as actual_value,
        case when levels.reached_date is not null then levels.vintage_date end as actual_known_from,
        case when levels.reached_date is not null then levels.first_known_from end as first_known_from,
        levels.vintage_date as censored_at_date,
        case when levels.reached_date >= unconfirmed.first_unconfirmed_date then 'unconfirmed' end as actual_flag
    from levels_reached as levels
    left join unconfirmed
        on unconfirmed.campus_id = levels.campus_id

),

actuals as (

    select * from sites
    union all by name
    select * from all_sites
    union all by name
    select * from step_dates

)

select
    'capacity' as engine,
    target,
    subject,
    period,
    unit,
    actual_value::double as actual_value,
    case when actual_value is not null then 'epoch-ai-data-centers' end as actual_root_id,
    actual_known_from,
    first_known_from,
    (censored_at_date - date '2020-01-01')::double as censored_at_value,
    actual_flag
from actuals
