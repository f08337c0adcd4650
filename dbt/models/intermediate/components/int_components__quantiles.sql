{# Intervals of component demand, long. Unknown in any draw is unknown: a quantile of the other draws would be another quantity. #}
{% set components = [
    'hbm_stacks', 'hbm_gb', 'package_starts', 'cowos_wafers', 'scale_up_switch_trays', 'scale_up_switch_chips'
] %}

with quantiles as (

    select
        sku_level,
        sku_id,
        generation,
        quarter_start_date,
        {% for component in components -%}
        case when count(*) = count({{ component }})
            then quantile_cont({{ component }}, [0.05, 0.5, 0.95]) end as {{ component }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_components__level_draws') }}
    group by sku_level, sku_id, generation, quarter_start_date

)

{% for component in components -%}
select
    sku_level,
    sku_id,
    generation,
    quarter_start_date,
    '{{ component }}' as component,
    {{ component }}[1] as demand_value_p05,
    {{ component }}[2] as demand_value_p50,
    {{ component }}[3] as demand_value_p95
from quantiles
{{ 'union all' if not loop.last }}
{% endfor %}
