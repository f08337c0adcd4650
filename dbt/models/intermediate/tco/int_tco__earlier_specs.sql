-- Grain: system x earlier specification. A system announced under another name with other figures keeps both: what was
-- claimed of it then is tested against what it was then. Costs are those of the system itself.
with chips as (

    select
        accelerator_id,
        max(spec_value) filter (where spec_name = 'dense_fp16_tflops') as dense_fp16_tflops,
        max(spec_value) filter (where spec_name = 'dense_fp8_tflops') as dense_fp8_tflops,
        max(spec_value) filter (where spec_name = 'dense_fp4_tflops') as dense_fp4_tflops,
        max(spec_value) filter (where spec_name = 'memory_bandwidth_gb_per_s') / 1000 as memory_bandwidth_tb_per_s
    from {{ ref('fct_accelerator_specs') }}
    where is_winner
    group by accelerator_id

)

select
    systems.system_id,
    former.system_id as former_system_id,
    former.accelerator_id,
    chips.dense_fp16_tflops,
    chips.dense_fp8_tflops,
    chips.dense_fp4_tflops,
    chips.memory_bandwidth_tb_per_s,
    accelerators.known_from as spec_as_of_date,
    greatest(former.known_from, accelerators.known_from) as known_from
from {{ ref('dim_system') }} as former
inner join {{ ref('dim_system') }} as systems
    on systems.system_id = former.alias_of_system_id
    and systems.accelerator_id <> former.accelerator_id
inner join {{ ref('dim_accelerator') }} as accelerators
    on accelerators.accelerator_id = former.accelerator_id
inner join chips
    on chips.accelerator_id = former.accelerator_id
