-- A site of one's own rests on the shell rows as well: its cost is known only once they are.
with shell as (

    select max(known_from) as known_from
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter in ('shell_capex_usd_per_mw', 'shell_life_years', 'shell_operations_usd_per_kw_month')

)

select
    scenarios.system_id,
    scenarios.buyer_class,
    scenarios.assumption_vintage,
    scenarios.scenario_kind,
    scenarios.scenario_name,
    systems.vendor,
    systems.system_name,
    inputs.accelerator_id,
    scenarios.tco_usd_per_chip_hour_p05,
    scenarios.tco_usd_per_chip_hour_p50,
    scenarios.tco_usd_per_chip_hour_p95,
    scenarios.tco_usd_per_chip_hour_mean,
    scenarios.tco_ratio_to_base_p05,
    scenarios.tco_ratio_to_base_p50,
    scenarios.tco_ratio_to_base_p95,
    scenarios.tco_ratio_to_base_mean,
    markets.usd_per_kwh as electricity_usd_per_kwh,
    markets.price_year::integer as price_year,
    array_to_string(markets.evidence_ids, ', ') as market_evidence_ids,
    inputs.capex_basis,
    inputs.is_derived_bound,
    'estimated' as value_kind,
    greatest(inputs.known_from, markets.known_from, shell.known_from) as known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__scenarios') }} as scenarios
inner join {{ ref('int_tco__system_inputs') }} as inputs using (system_id, assumption_vintage)
inner join {{ ref('dim_system') }} as systems using (system_id)
left join {{ ref('int_tco__electricity_markets') }} as markets
    on scenarios.scenario_kind = 'electricity_market'
    and markets.market = scenarios.scenario_name
left join shell
    on scenarios.scenario_kind = 'facility'
