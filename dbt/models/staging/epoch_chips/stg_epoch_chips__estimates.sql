{#
    One table of all of Epoch's estimates of chips made and owned. What a table of the source does not have is NULL: tables of
    sales name no owner, the table by designer no chip.
#}
{% set tables = {
    'sales_timelines_by_chip': {'kind': 'sales', 'period': 'quarter', 'has_chip': true, 'has_owner': false},
    'sales_cumulative_by_chip': {'kind': 'sales', 'period': 'cumulative', 'has_chip': true, 'has_owner': false},
    'sales_cumulative_by_designer': {'kind': 'sales', 'period': 'cumulative', 'has_chip': false, 'has_owner': false},
    'owners_quarters_by_chip_type': {'kind': 'owners', 'period': 'quarter', 'has_chip': true, 'has_owner': true},
    'owners_cumulative_by_chip_type': {'kind': 'owners', 'period': 'cumulative', 'has_chip': true, 'has_owner': true},
} %}
{% set statistics = {'p05': '(5th percentile)', 'p50': '(median)', 'p95': '(95th percentile)'} %}
-- 10/1/2025 is 1 October: the form is given, so nothing guesses it.
{% set date_forms = "['%Y-%m-%d', '%m/%d/%Y']" %}

with source as (

    {% for resource, table in tables.items() %}
    select
        '{{ resource }}' as resource,
        '{{ table.kind }}' as estimate_kind,
        '{{ table.period }}' as period_kind,
        {{ 'nullif(estimates."Owner", \'\')' if table.has_owner else 'null::varchar' }} as owner_name,
        {{ 'nullif(estimates."Chip type", \'\')' if table.has_chip else 'null::varchar' }} as chip_type,
        {{ 'nullif(estimates."Incomplete", \'\')' if table.has_owner else 'null::varchar' }} as incomplete_mark,
        {% for statistic, name in statistics.items() -%}
        {{ 'nullif(estimates."Total TDP (W)%s", \'\')::double / 1e6' % ('' if statistic == 'p50' else ' ' ~ name)
            if table.has_owner else 'null::double' }} as total_tdp_mw_{{ statistic }},
        {% endfor -%}
        estimates."Name",
        estimates."Chip manufacturer",
        estimates."Start date",
        estimates."End date",
        estimates."Compute estimate in H100e (median)",
        estimates."H100e (5th percentile)",
        estimates."H100e (95th percentile)",
        estimates."Number of Units",
        estimates."Number of Units (5th percentile)",
        estimates."Number of Units (95th percentile)",
        estimates."Power in MW (median)",
        estimates."Power in MW (5th percentile)",
        estimates."Power in MW (95th percentile)",
        estimates."Notes",
        vintages.vintage_date,
        vintages.vintage_scope,
        vintages.vintage_kind,
        vintages.url as source_url
    from {{ source('raw', 'epoch_chips__' ~ resource) }} as estimates
    inner join ({{ vintages('epoch_chips', resource) }}) as vintages
        on vintages.sha256 = estimates._sha256
        and vintages.part = estimates._part
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

renamed as (

    select
        -- ids
        resource,
        {{ field('Chip manufacturer', 'varchar', 'designer_name') }},
        owner_name,
        chip_type,

        -- text
        estimate_kind,
        period_kind,
        {{ field('Name', 'varchar', 'estimate_name') }},
        {{ field('Notes', 'varchar', 'note') }},
        vintage_scope,
        vintage_kind,
        source_url,

        -- numerics: packages as counted by the source, and their TDP, not what a data centre draws
        {{ field('Number of Units (5th percentile)', 'double', 'package_units_p05') }},
        {{ field('Number of Units', 'double', 'package_units_p50') }},
        {{ field('Number of Units (95th percentile)', 'double', 'package_units_p95') }},
        {{ field('H100e (5th percentile)', 'double', 'h100_equivalents_p05') }},
        {{ field('Compute estimate in H100e (median)', 'double', 'h100_equivalents_p50') }},
        {{ field('H100e (95th percentile)', 'double', 'h100_equivalents_p95') }},
        coalesce(total_tdp_mw_p05, nullif("Power in MW (5th percentile)", '')::double) as chip_tdp_mw_p05,
        coalesce(total_tdp_mw_p50, nullif("Power in MW (median)", '')::double) as chip_tdp_mw_p50,
        coalesce(total_tdp_mw_p95, nullif("Power in MW (95th percentile)", '')::double) as chip_tdp_mw_p95,

        -- booleans: the source has not yet estimated the whole period
        incomplete_mark is not null or coalesce("Notes" ilike 'incomplete%', false) as is_incomplete,

        -- dates
        try_strptime("Start date", {{ date_forms }})::date as period_start_date,
        try_strptime("End date", {{ date_forms }})::date as period_end_date,
        try_strptime(
            regexp_extract("Notes", 'Estimates generated on: (\d\d-\d\d-\d{4} \d\d:\d\d)', 1), '%m-%d-%Y %H:%M'
        ) as estimated_at,
        vintage_date,
        vintage_date as known_from

    from source

)

select
    *,
    {{ epoch_is_latest(
        ['designer_name', 'owner_name', 'chip_type', 'period_start_date', 'period_end_date'], 'resource'
    ) }} as is_latest
from renamed
