{#
    `Current power (MW)` of Epoch's table of sites meant facility power first and IT power later, under one name. What a
    vintage means is read off its own timelines: the newest dated row of each site states both.
#}
{% set min_telling_sites = 3 %}
{% set min_agreeing_share = 0.8 %}

with sites as (

    select * from {{ ref('stg_epoch_data_centers__sites') }}

),

timelines as (

    select * from {{ ref('stg_epoch_data_centers__timeline_vintages') }}
    where vintage_scope = 'full'

),

-- Both tables come from one zip, but a table that did not change keeps its older vintage.
timeline_vintage as (

    select
        site_vintages.vintage_date,
        max(timelines.vintage_date) as timeline_vintage_date
    from (select distinct vintage_date from sites) as site_vintages
    inner join (select distinct vintage_date from timelines) as timelines
        on timelines.vintage_date <= site_vintages.vintage_date
    group by site_vintages.vintage_date

),

newest_level as (

    select
        timeline_vintage.vintage_date,
        timeline_vintage.timeline_vintage_date,
        timelines.site_name,
        timelines.observed_date,
        timelines.it_capacity_mw,
        timelines.facility_capacity_mw
    from timeline_vintage
    inner join timelines
        on timelines.vintage_date = timeline_vintage.timeline_vintage_date
        and timelines.observed_date <= timeline_vintage.vintage_date
    qualify row_number() over (
        partition by timeline_vintage.vintage_date, timelines.site_name
        order by timelines.observed_date desc
    ) = 1

),

compared as (

    select
        sites.*,
        newest_level.timeline_vintage_date,
        newest_level.observed_date as timeline_observed_date,
        newest_level.it_capacity_mw as timeline_it_capacity_mw,
        newest_level.facility_capacity_mw as timeline_facility_capacity_mw,
        -- Printed figures are rounded to whole megawatts.
        abs(sites.current_power_mw_as_printed - newest_level.it_capacity_mw)
        <= greatest(1, 0.01 * newest_level.it_capacity_mw) as is_it,
        abs(sites.current_power_mw_as_printed - newest_level.facility_capacity_mw)
        <= greatest(1, 0.01 * newest_level.facility_capacity_mw) as is_facility
    from sites
    left join newest_level
        on newest_level.vintage_date = sites.vintage_date
        and newest_level.site_name = sites.site_name

),

-- A site tells if it has power and its two figures differ; a vintage without IT figures (NULL) can only be facility.
told as (

    select
        vintage_date,
        count(*) filter (where coalesce(is_it, false) and not coalesce(is_facility, false)) as n_telling_it,
        count(*) filter (where coalesce(is_facility, false) and not coalesce(is_it, false)) as n_telling_facility,
        count(*) filter (where not coalesce(is_facility, true) and not coalesce(is_it, false)) as n_telling_neither
    from compared
    where timeline_facility_capacity_mw > 0
    group by vintage_date

),

judged as (

    select
        vintage_date,
        n_telling_it,
        n_telling_facility,
        n_telling_neither,
        case
            when n_telling_it >= {{ min_telling_sites }}
                and n_telling_it >= {{ min_agreeing_share }} * (n_telling_it + n_telling_facility + n_telling_neither)
                then 'it'
            when n_telling_facility >= {{ min_telling_sites }}
                and n_telling_facility
                >= {{ min_agreeing_share }} * (n_telling_it + n_telling_facility + n_telling_neither)
                then 'facility'
        end as current_power_basis
    from told

)

select
    compared.campus_id,
    compared.site_name,
    compared.vintage_date,
    coalesce(judged.current_power_basis, 'unknown') as current_power_basis,
    case when judged.current_power_basis = 'it' then compared.current_power_mw_as_printed end as current_it_power_mw,
    case
        when judged.current_power_basis = 'facility' then compared.current_power_mw_as_printed
    end as current_facility_power_mw,
    compared.current_power_mw_as_printed,
    compared.timeline_it_capacity_mw,
    compared.timeline_facility_capacity_mw,
    case judged.current_power_basis
        when 'it' then compared.is_it
        when 'facility' then compared.is_facility
    end as is_confirmed_by_timeline,
    coalesce(judged.n_telling_it, 0) as n_sites_telling_it,
    coalesce(judged.n_telling_facility, 0) as n_sites_telling_facility,
    compared.timeline_observed_date,
    compared.timeline_vintage_date,
    compared.is_latest,
    compared.known_from
from compared
left join judged
    on judged.vintage_date = compared.vintage_date
