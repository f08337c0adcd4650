with totals as (

    select
        system_id,
        buyer_class,
        assumption_vintage,
        usd_per_chip_hour_mean as total_usd_per_chip_hour_mean
    from {{ ref('int_tco__components') }}
    where component = 'total'

)

select
    parts.system_id,
    parts.buyer_class,
    parts.assumption_vintage,
    parts.component,
    parts.component_kind,
    systems.vendor,
    systems.system_name,
    inputs.accelerator_id,
    parts.usd_per_chip_hour_p05,
    parts.usd_per_chip_hour_p50,
    parts.usd_per_chip_hour_p95,
    parts.usd_per_chip_hour_mean,
    parts.usd_per_chip_hour_mean / totals.total_usd_per_chip_hour_mean as tco_share,
    parts.capex_usd_per_chip_p05,
    parts.capex_usd_per_chip_p50,
    parts.capex_usd_per_chip_p95,
    parts.capex_usd_per_chip_mean,
    parts.component_basis,
    inputs.capex_basis,
    inputs.is_derived_bound,
    -- What this part rests on: prices for the purchase, power for the running, and the assumption rows that split them.
    concat_ws(
        ', ',
        case when parts.component_kind <> 'operating' then array_to_string(inputs.capex_evidence_ids, ', ') end,
        case when parts.component = 'server' then array_to_string(inputs.server_share_evidence_ids, ', ') end,
        case when parts.component_kind <> 'capital' then array_to_string(inputs.power_evidence_ids, ', ') end,
        nullif(parts.assumption_subjects, '')
    ) as evidence_ids,
    inputs.power_kw_per_chip as all_in_power_kw_per_chip,
    inputs.power_basis,
    inputs.is_power_assumed,
    'estimated' as value_kind,
    len(inputs.source_urls)::bigint as n_sources,
    len(inputs.root_ids)::bigint as n_independent_roots,
    inputs.known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__components') }} as parts
inner join totals using (system_id, buyer_class, assumption_vintage)
inner join {{ ref('int_tco__system_inputs') }} as inputs using (system_id, assumption_vintage)
inner join {{ ref('dim_system') }} as systems using (system_id)
