{# Hourly price under a savings plan of the given term, out of the JSON list Azure puts on an item. NULL: not offered. #}
{% macro azure_savings_plan_usd_per_hour(term) -%}
    list_filter(
        json_extract(nullif("savingsPlan", '')::json, '$[*]'),
        lambda plan: json_extract_string(plan, '$.term') = '{{ term }}'
    )[1] ->> '$.retailPrice'
{%- endmacro %}
