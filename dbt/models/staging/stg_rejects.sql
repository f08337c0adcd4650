{#
    Rows that raw accepted but the warehouse cannot place. They are not lost: the next build after the crosswalk has
    learned the name takes them in by itself.
#}
{% set named_by = {
    'data_center_timelines': 'Data center',
    'data_centers': 'Name',
    'data_center_chip_quantities': 'Data center',
} %}

with unknown_campus as (

    {% for resource, column in named_by.items() %}
    select
        'epoch_data_centers' as source,
        '{{ resource }}' as resource,
        printed._part as part,
        printed._sha256 as sha256,
        printed._row as row_number,
        'unknown_campus' as rule,
        '{{ column }}' as column_name,
        printed."{{ column }}" as value,
        'No campus is called ''' || printed."{{ column }}"
            || '''. Add the name to ingest/sources/evidence/sample/site_names.csv with the campus it stands for.' as message,
        min(vintages.vintage_date) as known_from
    from {{ source('raw', 'epoch_data_centers__' ~ resource) }} as printed
    inner join ({{ vintages('epoch_data_centers', resource) }}) as vintages
        on vintages.sha256 = printed._sha256
        and vintages.part = printed._part
    left join {{ ref('stg_evidence__site_names') }} as site_names
        on site_names.site_name = printed."{{ column }}"
    where site_names.campus_id is null
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from unknown_campus
