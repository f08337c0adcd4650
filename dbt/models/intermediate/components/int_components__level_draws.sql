{{ config(materialized="view") }}

{#
    Component demand at three levels, summed within a draw. A sum with an unknown part is unknown, never the sum of the
    rest.
#}
{% set components = [
    'hbm_stacks', 'hbm_gb', 'package_starts', 'cowos_wafers', 'scale_up_switch_trays', 'scale_up_switch_chips'
] %}

select
    'sku' as sku_level,
    sku_id,
    generation,
    quarter_start_date,
    draw_id,
    {{ components | join(', ') }}
from {{ ref('int_components__draws') }}
{% for level, sku_id, generation in [
    ('generation', "'all:' || generation", 'generation'),
    ('family', "'all:Trainium'", "'all'")
] %}
union all
select
    '{{ level }}' as sku_level,
    {{ sku_id }} as sku_id,
    {{ generation }} as generation,
    quarter_start_date,
    draw_id,
    {% for component in components -%}
    case when count(*) = count({{ component }}) then sum({{ component }}) end as {{ component }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('int_components__draws') }}
{# By position: the family has constants where the generation has a column. #}
group by 2, 3, 4, 5
{% endfor %}
