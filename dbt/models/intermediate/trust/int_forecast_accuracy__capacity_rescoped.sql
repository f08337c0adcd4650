{#
    Sites whose long past the source has rewritten since a forecast: another level half a year before the vintage that the
    forecast rests on. Buildings were added to the site or taken from it, or recounted; no forecast of dates can foresee that.
    Younger rows do not count: they are moved when a site turns out late.
#}
{% set long_past_days = 180 %}
{% set different_share = 0.2 %}
{% set different_mw = 25 %}

with vintages as (

    select
        campus_id,
        observed_date,
        facility_capacity_mw,
        vintage_date,
        vintage_date = max(vintage_date) over (partition by campus_id) as is_newest
    from {{ ref('stg_epoch_data_centers__timeline_vintages') }}
    where facility_capacity_mw is not null

),

asked as (

    select
        forecasts.campus_id,
        forecasts.forecast_as_of,
        max(vintages.vintage_date) as vintage_date
    from (
        select distinct
            subject as campus_id,
            forecast_as_of
        from {{ ref('stg_forecasts__capacity') }}
        where target <> 'all_sites_facility_mw'
    ) as forecasts
    inner join vintages
        on vintages.campus_id = forecasts.campus_id
        and vintages.vintage_date <= forecasts.forecast_as_of
    group by forecasts.campus_id, forecasts.forecast_as_of

),

levels as (

    select
        asked.campus_id,
        asked.forecast_as_of,
        coalesce(
            arg_max(vintages.facility_capacity_mw, vintages.observed_date)
                filter (where vintages.vintage_date = asked.vintage_date), 0
        ) as facility_capacity_mw_then,
        coalesce(
            arg_max(vintages.facility_capacity_mw, vintages.observed_date) filter (where vintages.is_newest), 0
        ) as facility_capacity_mw_now
    from asked
    inner join vintages
        on vintages.campus_id = asked.campus_id
        and vintages.observed_date <= asked.vintage_date - {{ long_past_days }}
    group by asked.campus_id, asked.forecast_as_of

)

select
    campus_id as subject,
    forecast_as_of,
    facility_capacity_mw_then,
    facility_capacity_mw_now
from levels
where abs(facility_capacity_mw_then - facility_capacity_mw_now)
    > greatest({{ different_mw }}, {{ different_share }} * greatest(facility_capacity_mw_then, facility_capacity_mw_now))
