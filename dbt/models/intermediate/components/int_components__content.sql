{#
    What one package or rack of a system SKU holds, as far as anybody says: a figure is missing where nobody does, and is
    not zero. One row per SKU and component, with the grade of its weakest input and the day on which the newest of them
    became known. Values that are uncertain are drawn in int_components__bill_draws; here stands what they rest on.
#}
with components (component, unit, per_flow, parameters) as (

    values
    ('hbm_stacks', 'stacks', 'package', ['hbm_stacks_per_package', 'packaging_yield']),
    ('hbm_gb', 'GB', 'package', ['packaging_yield']),
    ('package_starts', 'packages', 'package', ['packaging_yield']),
    ('cowos_wafers', 'wafers', 'package', ['packages_per_cowos_wafer', 'cowos_share']),
    ('scale_up_switch_trays', 'trays', 'rack', ['switch_trays_per_rack']),
    ('scale_up_switch_chips', 'chips', 'rack', ['switch_chips_per_rack'])

),

needed as (

    select
        component,
        unit,
        per_flow,
        unnest(parameters) as parameter
    from components

),

specs as (

    select
        accelerator_id,
        memory_gb,
        memory_type,
        source_url,
        known_from,
        -- The memory size and type count as remembered only if they themselves are.
        case
            when contains(coalesce(recall_fields, ''), 'memory_gb') then 'recall'
            else basis_class
        end as capacity_basis,
        case
            when contains(coalesce(recall_fields, ''), 'memory_type') then 'recall'
            else basis_class
        end as type_basis
    from {{ ref('stg_evidence__accelerators') }}

),

inputs as (

    select
        skus.sku_id,
        skus.generation,
        needed.component,
        needed.unit,
        needed.per_flow,
        needed.parameter,
        assumptions.value is not null as is_known,
        case
            when assumptions.value is null then null
            when starts_with(assumptions.note, 'Recall') then 'recall'
            when starts_with(assumptions.note, 'Derived') then 'derived'
            when starts_with(assumptions.note, 'Prior') or assumptions.source_url is null then 'prior'
            else 'sourced'
        end as basis,
        assumptions.source_url,
        assumptions.known_from
    from {{ ref('int_volumes__skus') }} as skus
    cross join needed
    left join {{ ref('stg_assumptions') }} as assumptions
        -- How many packages a wafer gives is a belief of the volumes engine, whose supply ceiling rests on it too.
        on assumptions.engine = case needed.parameter when 'packages_per_cowos_wafer' then 'volumes' else 'components' end
        and assumptions.subject = case needed.per_flow when 'rack' then skus.sku_id else skus.generation end
        and assumptions.parameter = needed.parameter
    union all
    select
        skus.sku_id,
        skus.generation,
        'hbm_gb' as component,
        'GB' as unit,
        'package' as per_flow,
        'memory_gb' as parameter,
        specs.memory_gb is not null as is_known,
        specs.capacity_basis as basis,
        specs.source_url,
        specs.known_from
    from {{ ref('int_volumes__skus') }} as skus
    left join specs
        on specs.accelerator_id = skus.accelerator_id

)

select
    inputs.sku_id,
    inputs.generation,
    inputs.component,
    inputs.unit,
    inputs.per_flow,
    case when starts_with(inputs.component, 'hbm') then specs.memory_type end as component_type,
    case when starts_with(inputs.component, 'hbm') then specs.type_basis end as component_type_basis,
    case when inputs.component = 'hbm_gb' then specs.memory_gb end as memory_gb,
    bool_and(inputs.is_known) as is_known,
    -- The weakest input grades the whole.
    case max(list_position(['sourced', 'derived', 'prior', 'recall'], inputs.basis))
        when 1 then 'sourced' when 2 then 'derived' when 3 then 'prior' when 4 then 'recall'
    end as basis,
    string_agg(distinct inputs.source_url, ' ; ' order by inputs.source_url) as source_url,
    max(inputs.known_from) as known_from
from inputs
inner join {{ ref('int_volumes__skus') }} as skus
    on skus.sku_id = inputs.sku_id
left join specs
    on specs.accelerator_id = skus.accelerator_id
group by all
