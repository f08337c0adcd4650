{% set metrics = [
    'tco_usd_per_chip_hour',
    'tco_usd_per_useful_chip_hour',
    'usd_per_marketed_pflop_hour',
    'usd_per_marketed_fp8_pflop_hour',
    'usd_per_marketed_fp4_pflop_hour',
    'usd_per_effective_pflop_hour',
    'usd_per_tb_per_s_hour',
    'usd_per_gb_hour',
    'usd_per_scale_up_tb_per_s_hour',
    'usd_per_scale_up_domain_hour',
    'usd_per_million_output_tokens',
] %}
with workload as (

    select
        accelerator_id,
        model,
        precision,
        isl_tokens,
        osl_tokens,
        target_tok_per_s_user,
        count(*) as n_benchmark_runs
    from {{ ref('int_tco__benchmark_runs') }}
    group by all

)

select
    estimates.system_id,
    estimates.buyer_class,
    estimates.assumption_vintage,
    systems.vendor,
    systems.system_name,
    inputs.accelerator_id,
    estimates.capex_usd_per_chip_p05,
    estimates.capex_usd_per_chip_p50,
    estimates.capex_usd_per_chip_p95,
    estimates.capital_usd_per_chip_hour_p05,
    estimates.capital_usd_per_chip_hour_p50,
    estimates.capital_usd_per_chip_hour_p95,
    estimates.operating_usd_per_chip_hour_p05,
    estimates.operating_usd_per_chip_hour_p50,
    estimates.operating_usd_per_chip_hour_p95,
    {% for metric in metrics -%}
    estimates.{{ metric }}_p05,
    estimates.{{ metric }}_p50,
    estimates.{{ metric }}_p95,
    case
        when estimates.{{ metric }}_p50 is not null
            then rank() over (
                partition by estimates.buyer_class, estimates.assumption_vintage
                order by estimates.{{ metric }}_p50
            )
    end as {{ metric }}_rank_p50,
    {% endfor -%}
    estimates.cheaper_than_gb200_per_effective_pflop_probability,
    estimates.cheaper_than_gb200_per_tb_per_s_probability,
    inputs.dense_fp16_tflops,
    inputs.dense_fp8_tflops,
    inputs.dense_fp4_tflops,
    inputs.memory_bandwidth_tb_per_s,
    inputs.memory_gb,
    inputs.scale_up_bandwidth_gb_per_s,
    inputs.scale_up_domain_chips,
    inputs.scale_up_domain_chips * inputs.memory_bandwidth_tb_per_s as scale_up_domain_memory_bandwidth_tb_per_s,
    inputs.mfu_basis,
    coalesce(inputs.n_mfu_runs, 0) as n_mfu_runs,
    workload.model as benchmark_model,
    workload.precision as benchmark_precision,
    workload.isl_tokens as benchmark_prompt_tokens,
    workload.osl_tokens as benchmark_answer_tokens,
    workload.target_tok_per_s_user as benchmark_tok_per_s_user,
    estimates.output_tok_per_s_chip,
    estimates.throughput_status,
    coalesce(workload.n_benchmark_runs, 0) as n_benchmark_runs,
    inputs.capex_basis,
    inputs.is_derived_bound,
    inputs.has_recall_specs,
    'estimated' as value_kind,
    inputs.spec_as_of_date,
    inputs.known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__estimates') }} as estimates
inner join {{ ref('int_tco__system_inputs') }} as inputs using (system_id, assumption_vintage)
inner join {{ ref('dim_system') }} as systems using (system_id)
left join workload on workload.accelerator_id = inputs.accelerator_id
