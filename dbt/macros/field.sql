{# One raw text column, typed; an empty cell is NULL. Raw has checked that the text casts. #}
{% macro field(column, type, name=none) -%}
    nullif("{{ column }}", '')::{{ type }} as {{ name or column }}
{%- endmacro %}

{# The provenance columns every evidence row ends with. #}
{% macro provenance() -%}
    nullif(source_url, '') as source_url,
        nullif(publisher, '') as publisher,
        nullif(published_date, '')::date as published_date,
        nullif(known_from, '')::date as known_from,
        nullif(known_from_basis, '') as known_from_basis,
        nullif(basis_class, '') as basis_class,
        nullif(root_id, '') as root_id,
        nullif(audit_flag, '') as audit_flag
{%- endmacro %}
