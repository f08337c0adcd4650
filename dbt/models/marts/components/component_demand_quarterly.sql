with content as (

    select
        'sku' as sku_level,
        sku_id,
        generation,
        component,
        unit,
        component_type,
        component_type_basis,
        list_position(['sourced', 'derived', 'prior', 'recall'], basis) as basis_position,
        source_url,
        known_from
    from {{ ref('int_components__content') }}

),

levels as (

    select * from content
    union all
    select * replace ('generation' as sku_level, 'all:' || generation as sku_id) from content
    union all
    select * replace ('family' as sku_level, 'all:Trainium' as sku_id, 'all' as generation) from content

),

described as (

    select
        sku_level,
        sku_id,
        generation,
        component,
        any_value(unit) as unit,
        case when sku_level <> 'family' then max(component_type) end as component_type,
        case when sku_level <> 'family' then max(component_type_basis) end as component_type_basis,
        ['sourced', 'derived', 'prior', 'recall'][max(basis_position)] as content_basis,
        string_agg(distinct source_url, ' ; ' order by source_url) as content_source_url,
        max(known_from) as known_from
    from levels
    group by sku_level, sku_id, generation, component

)

select
    quantiles.component,
    quantiles.sku_id,
    quantiles.sku_level,
    quantiles.generation,
    {{ calendar_quarter('quantiles.quarter_start_date') }} as calendar_quarter,
    quantiles.quarter_start_date,
    described.component_type,
    described.component_type_basis,
    described.unit,
    quantiles.demand_value_p05,
    quantiles.demand_value_p50,
    quantiles.demand_value_p95,
    case
        when quantiles.quarter_start_date + interval 3 month <= {{ as_of_date() }} then 'estimated'
        when quantiles.quarter_start_date <= {{ as_of_date() }} then 'nowcast'
        else 'forecast'
    end as value_kind,
    case
        when quantiles.demand_value_p95 is null then 'unknown'
        -- Zero so far, not zero again: what has run out is an estimate.
        when max(quantiles.demand_value_p95) over so_far = 0 then 'known_zero'
        else 'known'
    end as coverage_status,
    described.content_basis,
    described.content_source_url,
    roots.n_sources,
    roots.n_independent_roots,
    described.known_from,
    {{ as_of_date() }} as as_of_date,
    'components-1' as methodology_version
from {{ ref('int_components__quantiles') }} as quantiles
inner join described
    on described.sku_id = quantiles.sku_id
    and described.component = quantiles.component
inner join {{ ref('int_volumes__roots') }} as roots
    on roots.generation = quantiles.generation
    and roots.quarter_start_date = quantiles.quarter_start_date
window so_far as (
    partition by quantiles.sku_id, quantiles.component
    order by quantiles.quarter_start_date
    rows between unbounded preceding and current row
)
