{#
    On every date on which a campus has a count: the power its chips need, over all chips in force that day, against the IT
    power the campus's own timeline shows by then.
#}
with dates as (

    select distinct
        campus_id,
        observed_date
    from {{ ref('int_capacity__chip_counts') }}

),

needed as (

    select
        dates.campus_id,
        dates.observed_date,
        count(*) filter (where counts.installed_chip_units > 0) as n_chip_types,
        sum(counts.installed_chip_units) as installed_chip_units,
        -- One chip without a power figure leaves the campus without a sum.
        case
            when count(*) = count(power.it_power_w_per_chip_p50)
                then sum(counts.installed_chip_units * power.it_power_w_per_chip_p50) / 1e6
        end as needed_it_power_mw
    from dates
    inner join {{ ref('int_capacity__chip_counts') }} as counts
        on counts.campus_id = dates.campus_id
        and counts.observed_date <= dates.observed_date
        and (counts.replaced_date is null or counts.replaced_date > dates.observed_date)
    left join {{ ref('int_capacity__chip_power') }} as power
        on power.chip = counts.chip
    group by all

),

levels as (

    select
        dates.campus_id,
        dates.observed_date,
        steps.it_capacity_mw_modelled as campus_it_capacity_mw
    from dates
    inner join {{ ref('int_capacity__steps') }} as steps
        on steps.campus_id = dates.campus_id
        and steps.observed_date <= dates.observed_date
    qualify row_number() over (
        partition by dates.campus_id, dates.observed_date
        order by steps.observed_date desc
    ) = 1

)

select
    needed.campus_id,
    needed.observed_date,
    needed.n_chip_types,
    needed.needed_it_power_mw,
    levels.campus_it_capacity_mw,
    needed.needed_it_power_mw / nullif(levels.campus_it_capacity_mw, 0) as needed_ratio_to_campus_power,
    -- With two kinds of chip the campus's power does not tell the watts of either.
    case
        when needed.n_chip_types = 1 and needed.installed_chip_units > 0 and levels.campus_it_capacity_mw > 0
            then levels.campus_it_capacity_mw * 1e6 / needed.installed_chip_units
    end as implied_it_power_w_per_chip
from needed
left join levels
    on levels.campus_id = needed.campus_id
    and levels.observed_date = needed.observed_date
