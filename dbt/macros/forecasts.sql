{# The 21 quantiles of a stored forecast, under the names all engines share. #}
{% macro forecast_quantiles() -%}
    {%- for level in ['01'] + range(5, 100, 5) | map('string') | list + ['99'] -%}
        {%- set name = 'p' ~ ('0' ~ level)[-2:] -%}
        {{ field(name, 'double', 'forecast_value_' ~ name) }}
        {{- ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
