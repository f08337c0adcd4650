with listed as (

    select
        elements.*,
        vintages.vintage_date,
        vintages.vintage_scope,
        -- The stamp of the whole map changes by the minute; a version of an element begins where the element changes.
        hash(
            elements."version", elements.lat, elements.lon, elements."center.lat", elements."center.lon", elements.tags
        ) as version_hash
    from {{ source('raw', 'osm_overpass__data_centers') }} as elements
    inner join ({{ vintages('osm_overpass', 'data_centers') }}) as vintages
        on vintages.sha256 = elements._sha256
        and vintages.part = elements._part
    -- Of two answers of one day the full one counts ('full' sorts before 'partial').
    qualify row_number() over (
        partition by elements._part, elements."type", elements.id, vintages.vintage_date
        order by vintages.vintage_scope
    ) = 1

),

compared as (

    select
        *,
        lag(version_hash) over (partition by _part, "type", id order by vintage_date) as previous_hash,
        max(vintage_date) over (partition by _part, "type", id) as last_listed_date,
        coalesce(
            max(vintage_date) filter (where vintage_scope = 'full') over (partition by _part), date '-infinity'
        ) as last_full_date
    from listed

),

versions as (

    select
        *,
        lead(vintage_date) over (partition by _part, "type", id order by vintage_date) is null
            and last_listed_date >= last_full_date as is_latest
    from compared
    where version_hash is distinct from previous_hash

),

renamed as (

    select
        -- ids
        "type" as osm_type,
        id::bigint as osm_id,

        -- text
        upper(right(_part, 2)) as state,
        {{ field('tags.name', 'varchar', 'site_name') }},
        {{ field('tags.operator', 'varchar', 'operator') }},
        {{ field('tags.owner', 'varchar', 'owner') }},
        {{ field('tags.ref', 'varchar', 'building_ref') }},
        {{ field('tags.building', 'varchar', 'building') }},
        {{ field('tags.start_date', 'varchar', 'start_date') }},
        {{ field('tags.opening_date', 'varchar', 'opening_date') }},
        {{ field('tags.website', 'varchar', 'website') }},
        tags as tags_json,
        'https://www.openstreetmap.org/' || "type" || '/' || id as source_url,

        -- numerics
        coalesce(nullif(lat, ''), nullif("center.lat", ''))::double as latitude,
        coalesce(nullif(lon, ''), nullif("center.lon", ''))::double as longitude,
        {{ field('version', 'bigint', 'osm_version') }},

        -- booleans
        coalesce("tags.building", '') = 'construction'
            or coalesce("tags.landuse", '') = 'construction'
            or coalesce("tags.construction", '') <> '' as is_under_construction,
        is_latest,

        -- dates
        {{ field('timestamp', 'timestamp', 'edited_at') }},
        last_listed_date,
        vintage_date as known_from

    from versions

)

select * from renamed
