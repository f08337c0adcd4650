with bandwidth as (

    select
        accelerator_id,
        spec_value / 1000 as memory_bandwidth_tb_per_s
    from {{ ref('fct_accelerator_specs') }}
    where spec_name = 'memory_bandwidth_gb_per_s'
        and is_winner

),

computed as (

    select
        systems.*,
        systems.scale_up_domain_chips * bandwidth.memory_bandwidth_tb_per_s
            as scale_up_domain_memory_bandwidth_tb_per_s,
        systems.chips_per_system * bandwidth.memory_bandwidth_tb_per_s as system_memory_bandwidth_tb_per_s
    from {{ ref('dim_system') }} as systems
    left join bandwidth using (accelerator_id)

),

reference as (

    select scale_up_domain_memory_bandwidth_tb_per_s
    from computed
    where system_id = 'gb200-nvl72'

)

select
    computed.system_id,
    computed.vendor,
    computed.system_class,
    computed.system_name,
    computed.accelerator_id,
    computed.lifecycle_status,
    computed.alias_of_system_id,
    computed.is_alias,
    computed.announced_period,
    computed.volume_ramp_quarter,
    computed.chips_per_system,
    computed.racks_per_system,
    computed.scale_up_domain_chips,
    computed.scale_up_topology,
    computed.scale_up_domain_memory_bandwidth_tb_per_s,
    reference.scale_up_domain_memory_bandwidth_tb_per_s / computed.scale_up_domain_memory_bandwidth_tb_per_s
        as gb200_nvl72_domain_bandwidth_ratio,
    computed.system_memory_bandwidth_tb_per_s,
    computed.stated_memory_bandwidth_tb_per_s,
    -- Rounding in print stays below one percent; more is another chip count or another bandwidth per chip.
    coalesce(
        abs(computed.stated_memory_bandwidth_tb_per_s - computed.system_memory_bandwidth_tb_per_s)
        > 0.01 * computed.system_memory_bandwidth_tb_per_s,
        false
    ) as has_bandwidth_conflict,
    computed.it_power_kw,
    computed.it_power_kw / computed.chips_per_system as it_power_kw_per_chip,
    power.power_kw_per_chip as all_in_power_kw_per_chip,
    power.power_basis,
    computed.basis_class,
    computed.has_recall_fields,
    computed.recall_fields,
    computed.source_url,
    computed.publisher,
    computed.known_from,
    {{ as_of_date() }} as as_of_date
from computed
left join {{ ref('int_tco__power_by_system') }} as power using (system_id)
left join reference on true
