{# How far a claim is trusted when two claims meet: a sourced one beats a derived one beats memory. #}
{% macro basis_rank(column='basis_class') -%}
    case {{ column }} when 'sourced' then 1 when 'derived' then 2 else 3 end
{%- endmacro %}
