{# One row per Trainium system SKU: names, what the evidence says of the system, what is assumed where it is silent. #}
with aliases as (

    select
        alias_of_system_id as system_id,
        string_agg(system_name, '; ' order by system_id) as also_called
    from {{ ref('stg_evidence__systems') }}
    where alias_of_system_id is not null
    group by alias_of_system_id

)

select
    skus.sku_id,
    skus.generation,
    skus.accelerator_id,
    skus.system_id,
    skus.aws_name,
    skus.industry_codename,
    skus.codename_basis,
    aliases.also_called,
    systems.chips_per_system,
    systems.racks_per_system,
    chips_per_rack.value as chips_per_rack,
    systems.it_power_kw,
    systems.scale_up_topology,
    systems.announced_date,
    systems.volume_ramp_quarter,
    systems.lifecycle_status,
    systems.source_url,
    systems.basis_class,
    systems.root_id,
    systems.known_from
from {{ ref('int_volumes__skus') }} as skus
left join {{ ref('stg_evidence__systems') }} as systems
    on systems.system_id = skus.system_id
left join aliases
    on aliases.system_id = skus.system_id
left join {{ ref('stg_assumptions') }} as chips_per_rack
    on chips_per_rack.engine = 'volumes'
    and chips_per_rack.subject = skus.sku_id
    and chips_per_rack.parameter = 'chips_per_rack'
