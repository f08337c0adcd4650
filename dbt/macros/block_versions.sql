{#
    The rows of a resource whose content is a window over blocks (a month of a reporter) that are revised as wholes: each
    version of a block known by as_of, with `vintage_date` when it became known and `is_latest` on the version that
    counts. A row that a later version of its block lacks is gone with it; a block that has left the window stays as it
    was. The same block seen again unchanged is no new version.

    block: the columns (quoted) that name a block within a part; columns: all columns (quoted) that make up a row.
#}
{% macro block_versions(source_name, resource, block, columns) -%}
    with dated as (

        select
            rows_of_content.*,
            vintages.vintage_date,
            vintages.url
        from {{ source('raw', source_name ~ '__' ~ resource) }} as rows_of_content
        inner join ({{ vintages(source_name, resource) }}) as vintages
            on vintages.sha256 = rows_of_content._sha256
            and vintages.part = rows_of_content._part

    ),

    versions as (

        select
            _part,
            {{ block | join(', ') }},
            vintage_date,
            -- The order of rows says nothing; no row is there twice, or equal ones would cancel.
            bit_xor(hash({{ columns | join(', ') }})) as fingerprint
        from dated
        group by _part, {{ block | join(', ') }}, vintage_date
        qualify fingerprint is distinct from lag(fingerprint) over (
            partition by _part, {{ block | join(', ') }}
            order by vintage_date
        )

    )

    select
        dated.*,
        dated.vintage_date = max(dated.vintage_date) over (
            partition by dated._part{% for column in block %}, dated.{{ column }}{% endfor %}
        ) as is_latest
    from dated
    inner join versions
        on versions._part = dated._part
        {% for column in block -%}
        and versions.{{ column }} = dated.{{ column }}
        {% endfor -%}
        and versions.vintage_date = dated.vintage_date
{%- endmacro %}
