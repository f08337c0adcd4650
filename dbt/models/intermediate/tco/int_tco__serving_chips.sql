-- Grain: one accelerator: its winning specifications and the system that stands for it where a cost per chip is needed.
-- Cost per chip hardly differs between systems with one chip; the vendor's own machine with the largest scale-up domain
-- is taken, clouds and resellers last.
with specs as (

    select
        accelerator_id,
        max(spec_value) filter (where spec_name = 'dense_fp16_tflops') as dense_fp16_tflops,
        max(spec_value) filter (where spec_name = 'dense_fp8_tflops') as dense_fp8_tflops,
        max(spec_value) filter (where spec_name = 'dense_fp4_tflops') as dense_fp4_tflops,
        max(spec_value) filter (where spec_name = 'memory_bandwidth_gb_per_s') / 1000 as memory_bandwidth_tb_per_s,
        max(spec_value) filter (where spec_name = 'memory_gb') as memory_gb,
        max(spec_value) filter (where spec_name = 'scale_up_bandwidth_gb_per_s') as scale_up_gb_per_s,
        coalesce(bool_or(is_recall) filter (where spec_name <> 'tdp_w'), false) as has_recall_specs,
        max(known_from) as known_from
    from {{ ref('fct_accelerator_specs') }}
    where is_winner
    group by accelerator_id

),

representatives as (

    select
        inputs.accelerator_id,
        systems.system_id,
        systems.scale_up_domain_chips
    from (select distinct accelerator_id, system_id from {{ ref('int_tco__system_inputs') }}) as inputs
    inner join {{ ref('dim_system') }} as systems using (system_id)
    qualify row_number() over (
        partition by inputs.accelerator_id
        order by
            systems.system_class = 'cloud_instance',
            systems.scale_up_domain_chips desc nulls last,
            starts_with(systems.system_id, inputs.accelerator_id) desc,
            list_position(['baseboard', 'rack', 'multi_rack_domain', 'pod', 'server'], systems.system_class) nulls last,
            length(systems.system_id),
            systems.system_id
    ) = 1

)

select
    accelerators.accelerator_id,
    accelerators.vendor,
    accelerators.family as accelerator_class,
    representatives.system_id,
    specs.dense_fp16_tflops,
    specs.dense_fp8_tflops,
    specs.dense_fp4_tflops,
    specs.memory_bandwidth_tb_per_s,
    specs.memory_gb,
    specs.scale_up_gb_per_s,
    coalesce(representatives.scale_up_domain_chips, 1) as domain_chips,
    specs.has_recall_specs,
    greatest(accelerators.known_from, specs.known_from) as known_from
from {{ ref('dim_accelerator') }} as accelerators
inner join specs using (accelerator_id)
left join representatives using (accelerator_id)
