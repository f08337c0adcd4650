{# Taiwan's official calendar counts years from 1911: '1140816' is 2025-08-16. #}
{% macro roc_date(column) -%}
    make_date(
        left({{ column }}, -4)::bigint + 1911,
        substr({{ column }}, -4, 2)::bigint,
        right({{ column }}, 2)::bigint
    )
{%- endmacro %}

{# '11407' is the month '2025-07'. #}
{% macro roc_month(column) -%}
    (left({{ column }}, -2)::bigint + 1911)::varchar || '-' || right({{ column }}, 2)
{%- endmacro %}
