{# Published capacity of labs that the untracked part is measured against: one row per lab, cloud ('all' for the lab's whole) and date.
   Contracts, targets and additions of whole clouds are ceilings and stay out. Each figure stands for itself: parts published by
   cloud, chip deals and site leases are never added up. Low and high are taken as p05 and p95. #}
with figures as (

    select
        *,
        try_cast(as_of_date as date) as observed_date,
        ln(high / nullif(low, 0)) / (2 * 1.6448536) as log_sd
    from {{ ref('stg_evidence__lab_capacity_published') }}
    where comparison in ('lab_total', 'cloud_part')

),

stated as (

    select
        figure_id as total_id,
        lab,
        case when comparison = 'lab_total' then 'all' else cloud_provider end as cloud_provider,
        observed_date,
        value as capacity_mw,
        log_sd as capacity_log_sd,
        power_basis,
        source_url,
        root_id,
        known_from
    from figures
    where unit ilike 'MW%'
        and value_kind in ('company_statement', 'estimate')

),

-- Chips times IT power per chip: what the lab has on that cloud at least.
by_chips as (

    select
        figures.figure_id as total_id,
        figures.lab,
        figures.cloud_provider,
        figures.observed_date,
        figures.value * watts.value / 1e6 as capacity_mw,
        sqrt(power(coalesce(figures.log_sd, 0), 2) + power(ln(watts.high / watts.low) / (2 * 1.2815516), 2))
            as capacity_log_sd,
        figures.power_basis,
        figures.source_url,
        figures.root_id,
        greatest(figures.known_from, watts.known_from) as known_from
    from figures
    inner join {{ ref('stg_assumptions') }} as watts
        on watts.engine = 'volumes'
        and watts.subject = 'site_power'
        and watts.parameter = 'Trainium2_it_power_w_per_chip'
    where figures.metric = 'trainium2_chips_used'

),

-- The chips' part of all the lab's power gives the whole.
by_share as (

    select
        figures.figure_id as total_id,
        figures.lab,
        'all' as cloud_provider,
        figures.observed_date,
        by_chips.capacity_mw / figures.value as capacity_mw,
        sqrt(power(by_chips.capacity_log_sd, 2) + power(coalesce(figures.log_sd, 0), 2)) as capacity_log_sd,
        figures.power_basis,
        figures.source_url,
        figures.root_id,
        greatest(figures.known_from, by_chips.known_from) as known_from
    from figures
    inner join by_chips
        on by_chips.lab = figures.lab
        and by_chips.observed_date = figures.observed_date
    where figures.metric = 'trainium2_share_of_it_power'

),

all_figures as (

    select * from stated
    union all
    select * from by_chips
    union all
    select * from by_share

)

select *
from all_figures
where observed_date is not null
    and capacity_mw > 0
-- Two figures for one day: the newer one, not their mean, which nobody has said.
qualify row_number() over (
    partition by lab, cloud_provider, observed_date
    order by known_from desc, total_id
) = 1
