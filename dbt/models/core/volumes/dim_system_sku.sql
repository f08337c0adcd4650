{#
    One row per Trainium system SKU: names, fabric, power and ramp, what the evidence says of the system and what is
    assumed where it is silent.
#}
with aliases as (

    select
        alias_of_system_id as system_id,
        string_agg(system_name, '; ' order by system_id) as alias_text
    from {{ ref('stg_evidence__systems') }}
    where alias_of_system_id is not null
    group by alias_of_system_id

),

assumed as (

    select
        subject,
        max(value) filter (where parameter = 'chips_per_rack') as chips_per_rack
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
    group by subject

),

watts as (

    select
        split_part(parameter, '_', 1) as generation,
        value as it_power_w_per_chip
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
        and subject = 'site_power'
        and ends_with(parameter, '_it_power_w_per_chip')

)

select
    skus.sku_id,
    skus.generation,
    skus.accelerator_id,
    skus.system_id,
    skus.aws_name,
    skus.industry_codename,
    skus.codename_basis,
    skus.runtime_code,
    nullif(concat_ws('; ', skus.runtime_code, skus.industry_codename, systems.system_name, aliases.alias_text), '')
        as aliases,
    systems.chips_per_system,
    systems.racks_per_system,
    assumed.chips_per_rack,
    case
        when systems.racks_per_system * assumed.chips_per_rack = systems.chips_per_system then 'evidence'
        else 'assumed'
    end as chips_per_rack_basis,
    skus.scale_up_fabric,
    skus.scale_up_topology_class,
    systems.scale_up_topology,
    skus.fabric_press_claim,
    skus.fabric_press_claim is not null as is_fabric_claim_conflict,
    coalesce(systems.it_power_kw, systems.chips_per_system * watts.it_power_w_per_chip / 1000) as it_power_kw,
    case
        when systems.it_power_kw is not null then 'stated by the source of the system'
        when systems.chips_per_system * watts.it_power_w_per_chip is not null
            then 'assumed W per chip x chips of the system'
    end as it_power_basis,
    systems.announced_date,
    systems.volume_ramp_quarter,
    systems.lifecycle_status,
    skus.ramp_evidence,
    systems.source_url,
    systems.basis_class,
    systems.root_id,
    systems.known_from
from {{ ref('int_volumes__skus') }} as skus
left join {{ ref('stg_evidence__systems') }} as systems
    on systems.system_id = skus.system_id
left join aliases
    on aliases.system_id = skus.system_id
left join assumed
    on assumed.subject = skus.sku_id
left join watts
    on watts.generation = skus.generation
