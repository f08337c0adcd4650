{# The build's knowledge date as a SQL date. It is never defaulted: a build that guesses its date cannot be repeated. #}
{% macro as_of_date() -%}
    {%- set as_of = var('as_of', none) -%}
    {%- if not as_of -%}
        {{ exceptions.raise_compiler_error(
            "The variable as_of is missing. Pass the knowledge date of the build as JSON, e.g. "
            ~ "dbt build --vars '{\"as_of\": \"2026-01-03\"}'.") }}
    {%- endif -%}
    {%- if not modules.re.fullmatch('\\d{4}-\\d{2}-\\d{2}', as_of | string) -%}
        {{ exceptions.raise_compiler_error("as_of must be a date like 2026-01-03, got '" ~ as_of ~ "'.") }}
    {%- endif -%}
    date '{{ as_of }}'
{%- endmacro %}

{# True for what was known by the end of the as_of day (UTC). #}
{% macro known_by_as_of(column='known_from') -%}
    {{ column }} < {{ as_of_date() }} + interval 1 day
{%- endmacro %}
