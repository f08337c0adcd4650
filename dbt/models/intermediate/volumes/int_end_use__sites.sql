{#
    Chips a campus holds at the end of each quarter, as published: per chip the last observation by then (never a sum of
    observations, which are running totals). An observation dated after as_of is the publisher's plan.
#}
with observations as (

    select
        campus_id,
        split_part(metric, ':', 2) as chip_type,
        observed_date,
        value as chips,
        source_url,
        root_id,
        known_from
    from {{ ref('stg_evidence__status_observations') }}
    where metric like 'chips_installed_cumulative:%'
        and value is not null
        and observed_date is not null

    union all

    select
        campus_id,
        chip_type,
        observed_date,
        installed_chip_units as chips,
        source_url,
        'github:epoch-research/data-centers' as root_id,
        known_from
    from {{ ref('stg_epoch_data_centers__chip_quantities') }}
    where is_latest
        and installed_chip_units is not null

),

newest as (

    select
        *,
        case
            when chip_type like 'TPU%' then 'TPU'
            else chip_type
        end as accelerator
    from observations
    where chip_type in ('Trainium2', 'Trainium3')
        or chip_type like 'TPU%'
    qualify row_number() over (
        partition by campus_id, chip_type, observed_date
        order by known_from desc, source_url
    ) = 1

),

quarters as (

    select distinct
        accelerator,
        quarter_start_date
    from {{ ref('int_end_use__installed') }}

),

by_chip as (

    select
        newest.accelerator,
        newest.campus_id,
        newest.chip_type,
        quarters.quarter_start_date,
        newest.chips,
        newest.observed_date,
        newest.source_url,
        newest.root_id,
        newest.known_from
    from newest
    inner join quarters
        on quarters.accelerator = newest.accelerator
        and newest.observed_date < quarters.quarter_start_date + interval 3 month
    qualify row_number() over (
        partition by newest.campus_id, newest.chip_type, quarters.quarter_start_date
        order by newest.observed_date desc, newest.known_from desc
    ) = 1

)

select
    accelerator,
    campus_id,
    quarter_start_date,
    sum(chips) as chips,
    max(observed_date) as observed_date,
    max(observed_date) > {{ as_of_date() }} as is_plan,
    min(source_url) as source_url,
    min(root_id) as root_id,
    max(known_from) as known_from
from by_chip
group by all
