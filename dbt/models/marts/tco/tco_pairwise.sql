select
    pairs.metric,
    pairs.system_id,
    pairs.rival_system_id,
    pairs.buyer_class,
    pairs.assumption_vintage,
    systems.vendor,
    systems.system_name,
    rivals.vendor as rival_vendor,
    rivals.system_name as rival_system_name,
    pairs.cheaper_probability,
    pairs.cost_ratio_to_rival_p05,
    pairs.cost_ratio_to_rival_p50,
    pairs.cost_ratio_to_rival_p95,
    pairs.break_even_tco_usd_per_chip_hour_p05,
    pairs.break_even_tco_usd_per_chip_hour_p50,
    pairs.break_even_tco_usd_per_chip_hour_p95,
    pairs.break_even_mfu_share_p05,
    pairs.break_even_mfu_share_p50,
    pairs.break_even_mfu_share_p95,
    pairs.break_even_utilisation_share_p05,
    pairs.break_even_utilisation_share_p50,
    pairs.break_even_utilisation_share_p95,
    pairs.break_even_capex_usd_per_chip_p05,
    pairs.break_even_capex_usd_per_chip_p50,
    pairs.break_even_capex_usd_per_chip_p95,
    own.mfu_share,
    own.utilisation_share,
    own.capex_usd_per_chip,
    inputs.capex_basis,
    inputs.is_derived_bound,
    rival_inputs.is_derived_bound as is_rival_derived_bound,
    'estimated' as value_kind,
    greatest(inputs.known_from, rival_inputs.known_from) as known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__pairwise') }} as pairs
inner join {{ ref('int_tco__system_inputs') }} as inputs using (system_id, assumption_vintage)
inner join {{ ref('int_tco__system_inputs') }} as rival_inputs
    on rival_inputs.system_id = pairs.rival_system_id
    and rival_inputs.assumption_vintage = pairs.assumption_vintage
inner join {{ ref('dim_system') }} as systems
    on systems.system_id = pairs.system_id
inner join {{ ref('dim_system') }} as rivals
    on rivals.system_id = pairs.rival_system_id
inner join {{ ref('int_tco__inputs') }} as own
    on own.system_id = pairs.system_id
    and own.buyer_class = pairs.buyer_class
    and own.assumption_vintage = pairs.assumption_vintage
