-- Grain: system x assumption vintage, for systems whose price and power are known: what the engine needs to cost them.
-- Left out, with the reason in int_coverage__tco: second names, systems never built, systems without an input.
with chips as (

    select
        accelerator_id,
        max(spec_value) filter (where spec_name = 'dense_fp16_tflops') as dense_fp16_tflops,
        max(spec_value) filter (where spec_name = 'dense_fp8_tflops') as dense_fp8_tflops,
        max(spec_value) filter (where spec_name = 'dense_fp4_tflops') as dense_fp4_tflops,
        max(spec_value) filter (where spec_name = 'scale_up_bandwidth_gb_per_s') as scale_up_bandwidth_gb_per_s,
        max(spec_value) filter (where spec_name = 'memory_bandwidth_gb_per_s') / 1000 as memory_bandwidth_tb_per_s,
        max(spec_value) filter (where spec_name = 'memory_gb') as memory_gb,
        coalesce(
            bool_or(is_recall) filter (
                where spec_name in (
                    'dense_fp16_tflops',
                    'dense_fp8_tflops',
                    'dense_fp4_tflops',
                    'memory_bandwidth_gb_per_s',
                    'memory_gb',
                    'scale_up_bandwidth_gb_per_s'
                )
            ),
            false
        ) as has_recall_specs
    from {{ ref('fct_accelerator_specs') }}
    where is_winner
    group by accelerator_id

)

select
    systems.system_id,
    systems.accelerator_id,
    systems.vendor,
    accelerators.family,
    capex.assumption_vintage,
    capex.capex_basis,
    capex.is_derived_bound,
    capex.price_usd_per_chip,
    capex.price_low_usd_per_chip,
    capex.price_high_usd_per_chip,
    capex.published_tco_usd_per_chip_hour,
    case when capex.capex_basis = 'published_all_in' then shares.published_server_share end as published_server_share,
    power.power_kw_per_chip,
    power.power_basis,
    power.is_power_assumed,
    chips.dense_fp16_tflops,
    chips.dense_fp8_tflops,
    chips.dense_fp4_tflops,
    chips.memory_bandwidth_tb_per_s,
    chips.memory_gb,
    chips.scale_up_bandwidth_gb_per_s,
    systems.scale_up_domain_chips,
    chips.has_recall_specs,
    mfu.mfu_subject,
    mfu.mfu_basis,
    mfu.n_mfu_runs,
    capex.evidence_ids as capex_evidence_ids,
    case when capex.capex_basis = 'published_all_in' then shares.evidence_ids end as server_share_evidence_ids,
    power.evidence_ids as power_evidence_ids,
    list_sort(list_distinct(list_concat(capex.source_urls, power.source_urls))) as source_urls,
    list_sort(list_distinct(list_concat(capex.root_ids, power.root_ids))) as root_ids,
    accelerators.known_from as spec_as_of_date,
    greatest(
        systems.known_from, accelerators.known_from, capex.known_from, power.known_from, mfu.known_from
    ) as known_from
from {{ ref('dim_system') }} as systems
inner join {{ ref('dim_accelerator') }} as accelerators using (accelerator_id)
inner join {{ ref('int_tco__capex_by_accelerator') }} as capex using (accelerator_id)
inner join {{ ref('int_tco__power_by_system') }} as power using (system_id)
left join {{ ref('int_tco__server_share') }} as shares
    on shares.accelerator_id = systems.accelerator_id
    and shares.assumption_vintage = capex.assumption_vintage
left join chips on chips.accelerator_id = systems.accelerator_id
left join {{ ref('int_tco__mfu_by_accelerator') }} as mfu on mfu.accelerator_id = systems.accelerator_id
where not systems.is_alias
    and systems.chips_per_system > 0
    and not regexp_matches(systems.lifecycle_status, '^(cancelled|concept|codename)')
