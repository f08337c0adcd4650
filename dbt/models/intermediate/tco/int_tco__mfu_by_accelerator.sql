-- Grain: accelerator with an MFU belief. The accelerator's own assumption row beats its family's. Runs count as evidence
-- only in BF16 on a real workload: FP8 and FP4 runs use another denominator, matrix benchmarks are no training.
with beliefs as (

    select
        subject,
        known_from
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'mfu_dense_bf16_share'

),

runs as (

    select
        accelerators.accelerator_id,
        accelerators.family,
        count(*) as n_runs
    from {{ ref('stg_evidence__effective_flops') }} as flops
    inner join {{ ref('dim_accelerator') }} as accelerators using (accelerator_id)
    where flops.precision = 'bf16'
        and flops.mfu_basis not like 'assumed%'
        and flops.basis_class <> 'recall'
        and flops.workload not like 'GEMM%'
    group by all

)

select
    accelerators.accelerator_id,
    coalesce(own.subject, family.subject) as mfu_subject,
    case
        when own_runs.n_runs > 0 then 'own_runs'
        when own.subject is null
            and accelerators.family in (select runs.family from runs) then 'family_runs'
        else 'prior'
    end as mfu_basis,
    coalesce(own_runs.n_runs, 0) as n_mfu_runs,
    coalesce(own.known_from, family.known_from) as known_from
from {{ ref('dim_accelerator') }} as accelerators
left join beliefs as own on own.subject = accelerators.accelerator_id
left join beliefs as family on family.subject = accelerators.family
left join runs as own_runs on own_runs.accelerator_id = accelerators.accelerator_id
where coalesce(own.subject, family.subject) is not null
