{% set sourced = [
    ('wacc_ratio', 'wacc'),
    ('life_years', 'life'),
    ('residual_share', 'residual'),
    ('opex_usd_per_kw_month', 'opex'),
    ('electricity_usd_per_kwh', 'electricity'),
    ('power_utilisation_ratio', 'power_utilisation'),
    ('pue_ratio', 'pue'),
    ('colo_usd_per_kw_month', 'colo'),
    ('other_opex_usd_per_kw_month', 'other_opex'),
    ('utilisation_share', 'utilisation'),
    ('capex_multiple_ratio', 'capex_multiple'),
] %}
with rates as (

    select
        subject,
        {% for parameter, name in sourced -%}
        max(source_url) filter (where parameter = '{{ parameter }}') as {{ name }}_source_url,
        {% endfor -%}
        max(known_from) as known_from
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
    group by subject

),

mfu as (

    select
        subject,
        source_url as mfu_source_url
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'mfu_dense_bf16_share'

)

select
    centre.system_id,
    centre.buyer_class,
    centre.assumption_vintage,
    systems.vendor,
    systems.system_name,
    inputs.accelerator_id,
    centre.capex_usd_per_chip,
    centre.wacc_ratio,
    centre.life_years,
    centre.residual_share,
    centre.backend_network_capex_share,
    centre.backend_network_cost_ratio,
    centre.all_in_power_kw_per_chip,
    centre.electricity_usd_per_kwh,
    centre.power_utilisation_ratio,
    centre.pue_ratio,
    centre.colo_usd_per_kw_month,
    centre.other_opex_usd_per_kw_month,
    centre.opex_scale_ratio,
    centre.utilisation_share,
    centre.mfu_share,
    centre.dense_fp16_tflops,
    centre.memory_bandwidth_tb_per_s,
    centre.capital_usd_per_chip_hour,
    centre.operating_usd_per_chip_hour,
    centre.tco_usd_per_chip_hour,
    centre.tco_usd_per_useful_chip_hour,
    centre.usd_per_effective_pflop_hour,
    centre.usd_per_tb_per_s_hour,
    inputs.capex_basis,
    inputs.is_derived_bound,
    array_to_string(inputs.capex_evidence_ids, ', ') as capex_evidence_ids,
    inputs.power_basis,
    array_to_string(inputs.power_evidence_ids, ', ') as power_evidence_ids,
    inputs.mfu_subject,
    inputs.mfu_basis,
    mfu.mfu_source_url,
    {% for _, name in sourced -%}
    rates.{{ name }}_source_url,
    {% endfor -%}
    'estimated' as value_kind,
    inputs.spec_as_of_date,
    greatest(inputs.known_from, rates.known_from) as known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__inputs') }} as centre
inner join {{ ref('int_tco__system_inputs') }} as inputs using (system_id, assumption_vintage)
inner join {{ ref('dim_system') }} as systems using (system_id)
left join rates
    on rates.subject = centre.assumption_vintage || '/' || centre.buyer_class
left join mfu
    on mfu.subject = inputs.mfu_subject
