{#
    Rows that raw accepted but the warehouse cannot place. They are not lost: the next build after the crosswalk has
    learned the name takes them in by itself.
#}
with unknown_campus as (

    select
        'epoch_data_centers' as source,
        'data_center_timelines' as resource,
        timelines._sha256 as sha256,
        timelines._row as row_number,
        'unknown_campus' as rule,
        'Data center' as column_name,
        timelines."Data center" as value,
        'No campus is called ''' || timelines."Data center"
            || '''. Add the name to ingest/sources/evidence/sample/site_names.csv with the campus it stands for.' as message,
        min(vintages.vintage_date) as known_from
    from {{ source('raw', 'epoch_data_centers__data_center_timelines') }} as timelines
    inner join ({{ vintages('epoch_data_centers', 'data_center_timelines') }}) as vintages
        on vintages.sha256 = timelines._sha256
    left join {{ ref('stg_evidence__site_names') }} as site_names
        on site_names.site_name = timelines."Data center"
    where site_names.campus_id is null
    group by all

)

select * from unknown_campus
