{# Taiwan's official calendar counts years from 1911: '1140816' or '114/08/16' is 2025-08-16. #}
{% macro roc_date(column) -%}
    make_date(
        left({{ roc_digits(column) }}, 3)::bigint + 1911,
        substr({{ roc_digits(column) }}, 4, 2)::bigint,
        right({{ roc_digits(column) }}, 2)::bigint
    )
{%- endmacro %}

{# '11407' or '114/07' is the month '2025-07'. #}
{% macro roc_month(column) -%}
    (left({{ roc_digits(column) }}, 3)::bigint + 1911)::varchar || '-' || right({{ roc_digits(column) }}, 2)
{%- endmacro %}

{% macro roc_digits(column) -%}
    replace({{ column }}, '/', '')
{%- endmacro %}
