-- Grain: mart x system, and accelerator for the specifications. What a reader will not find, and which input is missing.
with vintages as (

    select subject as assumption_vintage
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'price_cutoff_year'

),

costed as (

    select
        system_id,
        list(assumption_vintage order by assumption_vintage) as costed_vintages,
        max(mfu_basis) as mfu_basis,
        max(dense_fp16_tflops) as dense_fp16_tflops,
        max(dense_fp8_tflops) as dense_fp8_tflops,
        max(dense_fp4_tflops) as dense_fp4_tflops,
        max(memory_bandwidth_tb_per_s) as memory_bandwidth_tb_per_s,
        max(scale_up_bandwidth_gb_per_s) as scale_up_bandwidth_gb_per_s,
        max(scale_up_domain_chips) as scale_up_domain_chips
    from {{ ref('int_tco__system_inputs') }}
    group by system_id

),

throughput as (

    select
        system_id,
        max(throughput_status) as throughput_status
    from {{ ref('int_tco__estimates') }}
    group by system_id

),

inputs as (

    select
        systems.system_id,
        costed.system_id is not null as is_costed,
        case
            when systems.is_alias then 'second name of ' || systems.alias_of_system_id
            when regexp_matches(systems.lifecycle_status, '^(cancelled|concept|codename)')
                then 'never sold as a system: ' || systems.lifecycle_status
        end as why_not_covered,
        concat_ws(
            '; ',
            case when systems.chips_per_system is null then 'chips per system' end,
            case when accelerators.accelerator_id is null then 'accelerator ' || systems.accelerator_id end,
            case when capex.accelerator_id is null then 'any price, bill of materials or published TCO' end,
            case when power.system_id is null then 'power: no system power and no TDP' end
        ) as missing_cost_inputs,
        concat_ws(
            '; ',
            case
                when len(costed.costed_vintages) < (select count(*) from vintages)
                    then 'prices known only in ' || array_to_string(costed.costed_vintages, ', ')
            end
        ) as partial_cost_inputs,
        concat_ws(
            '; ',
            case when costed.dense_fp16_tflops is null then 'dense FP16 peak' end,
            case when costed.dense_fp8_tflops is null then 'dense FP8 peak' end,
            case when costed.dense_fp4_tflops is null then 'dense FP4 peak' end,
            case when costed.memory_bandwidth_tb_per_s is null then 'memory bandwidth' end,
            case when costed.scale_up_bandwidth_gb_per_s is null then 'scale-up bandwidth' end,
            case when costed.scale_up_domain_chips is null then 'chips per scale-up domain' end,
            case when costed.mfu_basis is null then 'MFU (per effective PFLOP)' end,
            case throughput.throughput_status
                when 'no_benchmark' then 'benchmark run of the workload (per million output tokens)'
                when 'unreachable' then 'benchmark run as fast as the target speed (per million output tokens)'
            end
        ) as missing_metric_inputs
    from {{ ref('dim_system') }} as systems
    left join {{ ref('dim_accelerator') }} as accelerators using (accelerator_id)
    left join (select distinct accelerator_id from {{ ref('int_tco__capex_by_accelerator') }}) as capex
        using (accelerator_id)
    left join {{ ref('int_tco__power_by_system') }} as power using (system_id)
    left join costed using (system_id)
    left join throughput using (system_id)

),

specs as (

    select
        accelerators.accelerator_id,
        list(claims.spec_name) as known_specs
    from {{ ref('dim_accelerator') }} as accelerators
    left join {{ ref('fct_accelerator_specs') }} as claims
        on claims.accelerator_id = accelerators.accelerator_id
        and claims.is_winner
    group by accelerators.accelerator_id

),

missing_specs as (

    select
        accelerator_id,
        concat_ws(
            '; ',
            case when not list_contains(known_specs, 'dense_fp16_tflops') then 'dense FP16 peak' end,
            case when not list_contains(known_specs, 'memory_bandwidth_gb_per_s') then 'memory bandwidth' end,
            case when not list_contains(known_specs, 'memory_gb') then 'memory size' end,
            case when not list_contains(known_specs, 'tdp_w') then 'TDP' end
        ) as missing
    from specs

),

by_mart as (

    select
        'tco_by_system' as mart_name,
        system_id,
        is_costed,
        why_not_covered,
        missing_cost_inputs,
        partial_cost_inputs as known_but
    from inputs

    union all

    select
        'tco_metrics',
        system_id,
        is_costed,
        why_not_covered,
        missing_cost_inputs,
        concat_ws(
            '; ',
            nullif(partial_cost_inputs, ''),
            'NULL where missing: ' || nullif(missing_metric_inputs, '')
        )
    from inputs

)

select
    mart_name,
    'system' as subject_kind,
    system_id as subject_id,
    case
        when is_costed then 'known'
        when why_not_covered is not null then 'not_covered'
        else 'unknown'
    end as coverage_status,
    coalesce(
        case
            when is_costed then nullif(known_but, '')
            when why_not_covered is not null then why_not_covered
            else 'missing: ' || nullif(missing_cost_inputs, '')
        end,
        'all inputs known'
    ) as reason
from by_mart

union all

select
    'accelerator_specs',
    'accelerator',
    accelerator_id,
    case when missing = 'dense FP16 peak; memory bandwidth; memory size; TDP' then 'unknown' else 'known' end,
    coalesce('NULL where missing: ' || nullif(missing, ''), 'all inputs known')
from missing_specs
