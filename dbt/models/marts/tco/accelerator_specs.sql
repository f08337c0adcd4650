with specs as (

    select
        accelerator_id,
        max(spec_value) filter (where is_winner and spec_name = 'tdp_w') as tdp_w,
        max(spec_value) filter (where is_winner and spec_name = 'memory_gb') as memory_gb,
        max(spec_value) filter (where is_winner and spec_name = 'memory_bandwidth_gb_per_s') / 1000
            as memory_bandwidth_tb_per_s,
        max(spec_value) filter (where is_winner and spec_name = 'dense_fp16_tflops') as dense_fp16_tflops,
        max(spec_value) filter (where is_winner and spec_name = 'dense_fp8_tflops') as dense_fp8_tflops,
        max(spec_value) filter (where is_winner and spec_name = 'dense_fp4_tflops') as dense_fp4_tflops,
        max(spec_value) filter (where is_winner and spec_name = 'scale_up_bandwidth_gb_per_s')
            as scale_up_bandwidth_gb_per_s,
        count(distinct source_url) as n_sources,
        count(distinct root_id) as n_independent_roots,
        max(known_from) as known_from
    from {{ ref('fct_accelerator_specs') }}
    group by accelerator_id

),

conflicts as (

    select
        mentions.accelerator_id,
        count(*) as n_conflicting_claims
    from {{ ref('fct_accelerator_specs') }} as mentions
    inner join {{ ref('fct_accelerator_specs') }} as winner
        on winner.accelerator_id = mentions.accelerator_id
        and winner.spec_name = mentions.spec_name
        and winner.is_winner
    where not mentions.is_winner
        and abs(mentions.spec_value - winner.spec_value) > 0.01 * winner.spec_value
    group by mentions.accelerator_id

),

trainium2 as (

    select
        dense_fp16_tflops,
        memory_bandwidth_tb_per_s
    from specs
    where accelerator_id = 'trainium2'

)

select
    accelerators.accelerator_id,
    accelerators.vendor,
    accelerators.family,
    accelerators.generation,
    accelerators.accelerator_name,
    accelerators.announced_period,
    accelerators.available_period,
    accelerators.lifecycle_status,
    accelerators.process_node,
    accelerators.memory_type,
    specs.dense_fp16_tflops,
    specs.dense_fp8_tflops,
    specs.dense_fp4_tflops,
    specs.memory_gb,
    specs.memory_bandwidth_tb_per_s,
    specs.tdp_w,
    specs.scale_up_bandwidth_gb_per_s,
    accelerators.scale_up_bandwidth_direction,
    specs.dense_fp16_tflops / trainium2.dense_fp16_tflops as dense_fp16_ratio_to_trainium2,
    specs.memory_bandwidth_tb_per_s / trainium2.memory_bandwidth_tb_per_s as memory_bandwidth_ratio_to_trainium2,
    accelerators.basis_class,
    accelerators.source_quality,
    accelerators.has_recall_fields,
    accelerators.recall_fields,
    coalesce(conflicts.n_conflicting_claims, 0) as n_conflicting_claims,
    -- An accelerator whose figures are all unknown still rests on the source that announced it.
    coalesce(specs.n_sources, 1) as n_sources,
    coalesce(specs.n_independent_roots, 1) as n_independent_roots,
    accelerators.source_url,
    accelerators.publisher,
    coalesce(specs.known_from, accelerators.known_from) as known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('dim_accelerator') }} as accelerators
left join specs using (accelerator_id)
left join conflicts using (accelerator_id)
left join trainium2 on true
