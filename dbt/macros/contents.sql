{#
    A resource is fetched many times; each distinct content is loaded into raw once. These macros say which content
    counts. Contents the loader rejected never do: the last good bytes stay in force.

    A resource may come in parts (a company, a state, a region; '' without parts). Each part has contents, a latest one
    and vintages of its own, so raw rows are joined on both:
    on contents.sha256 = raw._sha256 and contents.part = raw._part

    Order is by when a content became known, then by when it was had, never by when it was loaded: an older vintage
    that is back-filled later takes its place in the past and changes nothing about newer ones.
#}

{# Every good fetch of a resource: part, content hash, when it became known, and how complete it is. #}
{% macro good_fetches(source_name, resource) -%}
    select
        fetches.part,
        fetches.sha256,
        fetches.attempted_at,
        fetches.known_from,
        fetches.url,
        fetches.vintage_kind,
        fetches.vintage_scope,
        loads.load_id
    from {{ source('raw', 'fetches') }} as fetches
    inner join {{ source('raw', 'loads') }} as loads
        on loads.source = fetches.source
        and loads.resource = fetches.resource
        and loads.part = fetches.part
        and loads.sha256 = fetches.sha256
        and loads.status = 'loaded'
    where fetches.source = '{{ source_name }}'
        and fetches.resource = '{{ resource }}'
        and fetches.outcome = 'fetched'
{%- endmacro %}

{#
    Hash of the newest content of each part, for resources whose rows carry their own known_from (evidence): a
    correction made today must reach an as-of build of last year, and the rows' own dates keep later knowledge out.
    Use it as: where (_sha256, _part) in (...)
#}
{% macro latest_content(source_name, resource) -%}
    select
        sha256,
        part
    from ({{ good_fetches(source_name, resource) }})
    qualify row_number() over (
        partition by part
        order by known_from desc, attempted_at desc, sha256
    ) = 1
{%- endmacro %}

{# The contents of a resource known by as_of, each dated when it first became known. #}
{% macro known_contents(source_name, resource) -%}
    select
        part,
        sha256,
        min(known_from) as known_from,
        min(attempted_at) as attempted_at,
        min(url) as url
    from ({{ good_fetches(source_name, resource) }})
    where {{ known_by_as_of() }}
    group by part, sha256
{%- endmacro %}

{#
    The vintages of a resource known by as_of: one row per change of content of a part, dated when it first became known.
    Fetching the same bytes again is no new vintage; going back to old bytes is one; of two contents of one day the
    later one counts.
#}
{% macro vintages(source_name, resource) -%}
    select
        part,
        sha256,
        vintage_date,
        url,
        vintage_kind,
        vintage_scope
    from (
        select
            *,
            lag(sha256) over (
                partition by part, vintage_scope
                order by vintage_date
            ) as previous_sha256
        from (
            select
                *,
                known_from::date as vintage_date
            from ({{ good_fetches(source_name, resource) }})
            where {{ known_by_as_of() }}
            qualify row_number() over (
                partition by part, vintage_scope, known_from::date
                order by known_from desc, attempted_at desc, sha256
            ) = 1
        )
    )
    where sha256 is distinct from previous_sha256
{%- endmacro %}
