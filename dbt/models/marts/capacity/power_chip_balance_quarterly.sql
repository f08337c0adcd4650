with own_designs as (

    select *
    from (values ('AWS', 'Trainium'), ('Google Cloud', 'TPU')) as designs (cloud_provider, own_chip_family)

),

compared as (

    select
        cloud_provider,
        string_agg(campus_id, ', ' order by campus_id) as compared_campuses,
        count(*) as n_compared_campuses,
        max(known_from) as known_from
    from {{ ref('int_capacity__compared_campuses') }}
    group by cloud_provider

),

balance as (

    select
        balance.*,
        own_designs.own_chip_family,
        compared.compared_campuses,
        compared.n_compared_campuses,
        -- Nothing installed, nothing powered: a comparison that has not begun.
        balance.gap_it_power_mw_p50 is not null and balance.chips_wait_for_power_probability_share is null
            as is_not_begun
    from {{ ref('int_capacity__power_chip_balance') }} as balance
    left join own_designs
        on own_designs.cloud_provider = balance.cloud_provider
    left join compared
        on compared.cloud_provider = balance.cloud_provider

)

select
    balance.cloud_provider,
    quarters.calendar_quarter,
    quarters.quarter_start_date,
    balance.own_chip_family,
    balance.binding_constraint,
    balance.chips_wait_for_power_probability_share,
    {% for measure in [
        'gap_it_power_mw', 'needed_it_power_mw', 'energised_it_capacity_mw', 'dark_it_capacity_mw',
        'waiting_chip_units', 'installed_chip_units', 'fleet_needed_it_power_mw', 'other_chips_needed_it_power_mw',
        'listed_energised_it_capacity_mw', 'energised_ratio_to_fleet_needed'
    ] %}
    balance.{{ measure }}_p05,
    balance.{{ measure }}_p50,
    balance.{{ measure }}_p95,
    {% endfor %}
    balance.it_power_w_per_chip as it_power_w_per_chip_p50,
    balance.compared_campuses,
    balance.n_compared_campuses,
    case
        when balance.is_not_begun then 'known_zero'
        when balance.chips_wait_for_power_probability_share is null then 'unknown'
        else 'known'
    end as coverage_status,
    concat_ws(
        '; ',
        case
            when balance.is_not_begun then 'no hall of the compared campuses is energised yet: chips, if any, stand elsewhere'
            when balance.chips_wait_for_power_probability_share is not null
                then balance.own_chip_family || ' at the compared campuses only, a share of the fleet by belief'
            when balance.compared_campuses is not null then 'no power of the compared campuses is known'
            when balance.cloud_provider = 'AWS' then 'no campus of Anthropic on AWS is known'
            else 'no verdict: nobody says which part of the fleet stands at the listed campuses'
        end,
        case
            when balance.own_chip_family is null
                then 'chips of an own design are in no published count'
            when balance.installed_chip_units_p50 is null
                then 'no published sale of ' || balance.own_chip_family || ' is as late as this quarter'
        end,
        case
            when balance.other_chips_needed_it_power_mw_p50 is null
                then 'no published purchase of other chips is as late as this quarter'
            else 'other chips: running total of the published quarters, a lower bound'
        end,
        'no power figure for ' || balance.chips_without_power_figure
    ) as coverage_reason,
    quarters.value_kind,
    quarters.as_of_date,
    'power-chip-balance-1' as methodology_version
from balance
inner join {{ ref('int_capacity__quarters') }} as quarters
    on quarters.quarter_start_date = balance.quarter_start_date
