{# Growth from `before` to `now` in percent, to three decimals: finer than any published revenue allows. #}
{% macro growth_pct(now, before) -%}
    round(100 * (({{ now }}) / ({{ before }}) - 1), 3)
{%- endmacro %}
