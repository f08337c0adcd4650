-- Grain: mart x accelerator. Which accelerators have a cost per token, on what basis, and what the others lack.
with served as (

    select
        accelerator_id,
        bool_or(basis = 'measured') as is_measured,
        bool_or(basis = 'modelled' and output_tok_per_s_chip is not null) as is_modelled
    from {{ ref('int_tco__tokens_frontier') }}
    group by accelerator_id

),

trained as (

    select distinct accelerator_id
    from {{ ref('int_tco__training_tokens') }}

),

-- What is asked for: the workloads of the assumption rows, at a speed per user; other runs cost no token here.
runs as (

    select
        runs.accelerator_id,
        count(*) as n_runs
    from {{ ref('int_tco__inference_runs') }} as runs
    inner join (
        select
            max(value) filter (where parameter = 'prompt_tokens') as prompt_tokens,
            max(value) filter (where parameter = 'answer_tokens') as answer_tokens
        from {{ ref('stg_assumptions') }}
        where engine = 'tco'
            and subject like 'workload/%'
        group by subject
    ) as workloads using (prompt_tokens, answer_tokens)
    group by runs.accelerator_id

),

inputs as (

    select
        accelerators.accelerator_id,
        coalesce(served.is_measured, false) as is_measured,
        coalesce(served.is_modelled, false) as is_modelled,
        trained.accelerator_id is not null as is_trained,
        concat_ws(
            '; ',
            case when chips.system_id is null then 'cost of a chip-hour' end,
            case
                when coalesce(chips.dense_fp16_tflops, chips.dense_fp8_tflops, chips.dense_fp4_tflops) is null
                    then 'any dense peak'
            end,
            case when chips.memory_bandwidth_tb_per_s is null then 'memory bandwidth' end,
            case when chips.memory_gb is null then 'memory size' end,
            case when runs.n_runs is null then 'benchmark run of a compared workload' end
        ) as missing_to_serve,
        concat_ws(
            '; ',
            case when chips.system_id is null then 'cost of a chip-hour' end,
            case when chips.dense_fp16_tflops is null then 'dense BF16 peak' end,
            case when mfu.accelerator_id is null then 'MFU' end
        ) as missing_to_train
    from {{ ref('dim_accelerator') }} as accelerators
    left join {{ ref('int_tco__serving_chips') }} as chips using (accelerator_id)
    left join {{ ref('int_tco__mfu_by_accelerator') }} as mfu using (accelerator_id)
    left join served using (accelerator_id)
    left join trained using (accelerator_id)
    left join runs using (accelerator_id)

)

select
    'tokens_frontier' as mart_name,
    'accelerator' as subject_kind,
    accelerator_id as subject_id,
    case when is_measured or is_modelled then 'known' else 'unknown' end as coverage_status,
    case
        when is_measured and is_modelled then 'measured and modelled; dense models and drafts are never modelled'
        when is_measured then 'measured only'
        when is_modelled then 'modelled only, missing: ' || missing_to_serve
        else 'missing: ' || coalesce(nullif(missing_to_serve, ''), 'a speed within reach of the roofline')
    end as reason
from inputs

union all

select
    'training_token_costs',
    'accelerator',
    accelerator_id,
    case when is_trained then 'known' else 'unknown' end,
    case
        when is_trained then 'dense models only: no MFU of a mixture of experts is in use'
        else 'missing: ' || coalesce(nullif(missing_to_train, ''), 'a dense model whose shape is known')
    end
from inputs
