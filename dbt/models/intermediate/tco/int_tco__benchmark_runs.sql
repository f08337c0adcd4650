-- Grain: one inference run of the benchmark workload; only runs of the same model, precision, prompt and answer length
-- and decoding are comparable. The workload is the subject 'model/precision/decoding' of the assumption rows.
with workload as (

    select
        split_part(subject, '/', 1) as model,
        split_part(subject, '/', 2) as precision,
        split_part(subject, '/', 3) as spec_decode,
        max(value) filter (where parameter = 'isl_tokens') as isl_tokens,
        max(value) filter (where parameter = 'osl_tokens') as osl_tokens,
        max(value) filter (where parameter = 'interactivity_tok_per_s_user') as target_tok_per_s_user
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter in ('isl_tokens', 'osl_tokens', 'interactivity_tok_per_s_user')
    group by all

)

select
    runs.record_id,
    runs.accelerator_id,
    runs.framework_family,
    runs.is_disaggregated,
    runs.interactivity_tok_per_s_user,
    runs.output_tok_per_s_chip,
    workload.model,
    workload.precision,
    workload.spec_decode,
    workload.isl_tokens::bigint as isl_tokens,
    workload.osl_tokens::bigint as osl_tokens,
    workload.target_tok_per_s_user,
    runs.root_id,
    runs.known_from
from {{ ref('int_tco__inference_runs') }} as runs
inner join workload
    on runs.model = workload.model
    and runs.precision = workload.precision
    and runs.spec_decode = workload.spec_decode
    and runs.prompt_tokens = workload.isl_tokens
    and runs.answer_tokens = workload.osl_tokens
