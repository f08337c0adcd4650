{# A date's calendar quarter, '2025Q3'. #}
{% macro calendar_quarter(column) -%}
    year({{ column }})::varchar || 'Q' || quarter({{ column }})::varchar
{%- endmacro %}
