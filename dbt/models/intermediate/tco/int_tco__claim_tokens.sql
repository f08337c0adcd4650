-- Grain: accelerator. Modelled output tokens of the workload the cost tables compare, prompts served on other chips. Both
-- sides of a claim are modelled alike, also where one was measured: the error of the model cancels in part.
with workload as (

    select
        split_part(subject, '/', 1) as model,
        split_part(subject, '/', 2) as precision,
        split_part(subject, '/', 3) as spec_decode,
        max(value) filter (where parameter = 'interactivity_tok_per_s_user') as tok_per_s_user,
        max(value) filter (where parameter = 'isl_tokens') as prompt_tokens,
        max(value) filter (where parameter = 'osl_tokens') as answer_tokens
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter in ('interactivity_tok_per_s_user', 'isl_tokens', 'osl_tokens')
    group by subject

)

select
    rows.accelerator_id,
    max(rows.output_tok_per_s_chip) as output_tok_per_s_chip,
    max(rows.throughput_half_width_share) as throughput_half_width_share,
    max(rows.known_from) as known_from
from {{ ref('int_tco__tokens_frontier') }} as rows
inner join workload using (model, precision, spec_decode, tok_per_s_user, prompt_tokens, answer_tokens)
where rows.basis = 'modelled'
    and rows.is_disaggregated
    and rows.output_tok_per_s_chip > 0
group by rows.accelerator_id
