-- Grain: one measured inference run with both axes of the frontier, speed per user and tokens per chip. Left out: figures
-- from memory, runs without a speed (offline throughput), and runs the audit found unfit for a cost per token.
select
    record_id,
    accelerator_id,
    model,
    precision,
    coalesce(spec_decode, 'none') as spec_decode,
    coalesce(is_disaggregated, false) as is_disaggregated,
    case
        when framework ilike '%sglang%' then 'sglang'
        when framework ilike '%vllm%' then 'vllm'
        when framework ilike '%trt%' or framework ilike '%tensorrt%' then 'tensorrt'
        else lower(split_part(framework, ' ', 1))
    end as framework_family,
    isl_tokens as prompt_tokens,
    osl_tokens as answer_tokens,
    interactivity_tok_per_s_user,
    output_tok_per_s_chip,
    total_tok_per_s_chip,
    input_tok_per_s_chip,
    measured_date,
    source_url,
    root_id,
    known_from
from {{ ref('stg_evidence__throughput') }}
where record_kind = 'inference_measured'
    and basis_class <> 'recall'
    and accelerator_id is not null
    and isl_tokens > 0
    and osl_tokens > 0
    and interactivity_tok_per_s_user > 0
    and output_tok_per_s_chip > 0
    and coalesce(audit_flag, '') not like 'latency run%'
