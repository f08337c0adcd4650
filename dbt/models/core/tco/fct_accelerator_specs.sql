-- Grain: one claim about one specification of one accelerator. The catalogue row wins over later mentions of the same
-- figure: it was chosen among the sources with the conventions (dense, unidirectional, vendor's GB) applied.
with catalogue as (

    select
        accelerator_id as claim_id,
        accelerator_id,
        spec_name,
        spec_value,
        true as is_winner,
        coalesce(
            basis_class = 'recall' or list_has_any(string_split(recall_fields, ';'), [spec_name, 'all']), false
        ) as is_recall,
        basis_class,
        source_url,
        publisher,
        root_id,
        known_from
    from {{ ref('stg_evidence__accelerators') }}
    unpivot (
        spec_value for spec_name in (
            tdp_w,
            memory_gb,
            memory_bandwidth_gb_per_s,
            dense_fp16_tflops,
            dense_fp8_tflops,
            dense_fp4_tflops,
            scale_up_bandwidth_gb_per_s
        )
    )

),

mentions as (

    select
        parameter_id as claim_id,
        accelerator_id,
        'tdp_w' as spec_name,
        value as spec_value,
        basis_class,
        source_url,
        publisher,
        root_id,
        known_from
    from {{ ref('stg_evidence__opex_parameters') }}
    where parameter = 'chip_tdp'

    union all

    select
        figure_id,
        accelerator_id,
        case metric
            when 'dense FP16 TFLOP/s per chip' then 'dense_fp16_tflops'
            when 'memory bandwidth per chip' then 'memory_bandwidth_gb_per_s'
        end,
        value,
        basis_class,
        source_url,
        publisher,
        root_id,
        known_from
    from {{ ref('stg_evidence__published_tco') }}
    where metric in ('dense FP16 TFLOP/s per chip', 'memory bandwidth per chip')

    union all

    select
        claim_id,
        accelerator_id,
        spec_name,
        spec_value,
        basis_class,
        source_url,
        publisher,
        root_id,
        known_from
    from {{ ref('int_tco__epoch_hardware') }}

)

select
    claim_id,
    accelerator_id,
    spec_name,
    spec_value,
    is_winner,
    is_recall,
    basis_class,
    source_url,
    publisher,
    root_id,
    known_from
from catalogue

union all

select
    claim_id,
    accelerator_id,
    spec_name,
    spec_value,
    false,
    basis_class = 'recall',
    basis_class,
    source_url,
    publisher,
    root_id,
    known_from
from mentions
where accelerator_id in (select accelerator_id from {{ ref('stg_evidence__accelerators') }})
