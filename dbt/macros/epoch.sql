{#
    True for the rows of a vintage that hold at as_of: a full vintage replaces all before it, a later partial one only
    the keys it names. `table` separates tables that are read together.
#}
{% macro epoch_is_latest(keys, table="''") -%}
    vintage_date = max(vintage_date) over (partition by {{ table }}, {{ keys | join(', ') }})
        and vintage_date >= coalesce(
            max(case when vintage_scope = 'full' then vintage_date end) over (partition by {{ table }}),
            date '-infinity'
        )
{%- endmacro %}

{#
    The names in a cell such as `Anthropic #confident, Cursor #confident`, one row each, numbered as printed, with the word
    that says how sure Epoch is (NULL: no word). `relation` has one text column per role. A cell without any word that
    runs on for more than eight words is a remark, not a list of names: its text stays in the column and gives no rows.
#}
{% macro epoch_parties(relation, keys, roles) -%}
    {% for role, column in roles.items() %}
    select
        {{ keys | join(',\n        ') }},
        '{{ role }}' as role,
        party.position as party_position,
        regexp_replace(party.text, '\s*#\w+\s*$', '') as party_name,
        lower(nullif(regexp_extract(party.text, '#(\w+)\s*$', 1), '')) as stated_confidence
    from {{ relation }}
    cross join lateral (
        select
            unnest(string_split_regex(trim({{ column }}), '\s*,\s*')) as text,
            generate_subscripts(string_split_regex(trim({{ column }}), '\s*,\s*'), 1) as position
    ) as party
    where party.text <> ''
        and (contains({{ column }}, '#') or not regexp_matches({{ column }}, '(\S+\s+){8}\S'))
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# What a figure rests on, in one of four words; the cell is typed in by hand (`Esimate`, `Microsft Nscale disclosure`). #}
{% macro epoch_basis(cell) -%}
    case
            when {{ cell }} ilike 'esti%' or {{ cell }} ilike 'esim%' then 'estimate'
            when {{ cell }} ilike '%disclosure%' then 'company_disclosure'
            when {{ cell }} ilike 'calculation%' then 'calculation'
            when {{ cell }} <> '' then 'other'
        end
{%- endmacro %}
