with listed as (

    select
        events.*,
        vintages.vintage_date,
        vintages.vintage_scope
    from {{ source('raw', 'compute_atlas__status_history') }} as events
    inner join ({{ vintages('compute_atlas', 'status_history') }}) as vintages
        on vintages.sha256 = events._sha256
        and vintages.part = events._part
    -- Of two files of one day the full one counts ('full' sorts before 'partial'), with all its events of a facility.
    qualify rank() over (
        partition by events.id, vintages.vintage_date
        order by vintages.vintage_scope
    ) = 1

),

compared as (

    select
        *,
        max(vintage_date) over (partition by id) as facility_last_listed_date,
        coalesce(max(vintage_date) filter (where vintage_scope = 'full') over (), date '-infinity') as last_full_date
    from listed

),

-- An event is a status and a date. A word changed in its note is no new event; a changed date is one, and the old
-- event stays, no longer latest: that is how a slip shows.
events as (

    select
        id,
        status,
        "date" as date_text,
        min(vintage_date) as known_from,
        max(vintage_date) as last_listed_date,
        any_value(facility_last_listed_date) as facility_last_listed_date,
        any_value(last_full_date) as last_full_date,
        max_by({
            'event_number': event_number,
            'note': note,
            'source_url': "source.url",
            'source_label': "source.label",
            'source_publisher': "source.publisher"
        }, (vintage_date, -(event_number::bigint))) as entry
    from compared
    group by id, status, "date"

),

dated as (

    select
        *,
        case length(date_text) when 4 then 'year' when 7 then 'month' else 'day' end as event_date_precision,
        (date_text || left('-01-01', 10 - length(date_text)))::date as event_date
    from events

),

renamed as (

    select
        -- ids
        id as facility_id,
        entry.event_number::bigint as event_number,

        -- text
        status,
        event_date_precision,
        nullif(entry.note, '') as note,
        nullif(entry.source_url, '') as source_url,
        nullif(entry.source_label, '') as source_label,
        nullif(entry.source_publisher, '') as source_publisher,

        -- booleans
        event_date > known_from as is_projection,
        last_listed_date = facility_last_listed_date and facility_last_listed_date >= last_full_date as is_latest,

        -- dates: the first and the last day the stated year, month or day can mean
        event_date,
        case event_date_precision
            when 'year' then make_date(year(event_date), 12, 31)
            when 'month' then last_day(event_date)
            else event_date
        end as event_latest_date,
        last_listed_date,
        known_from

    from dated

)

select * from renamed
