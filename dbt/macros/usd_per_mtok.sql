{# USD per token as text -> USD per million tokens; rounding undoes the binary noise of 1e-07 * 1e6. #}
{% macro usd_per_mtok(column) -%}
    round(nullif("{{ column }}", '')::double * 1e6, 9)
{%- endmacro %}
