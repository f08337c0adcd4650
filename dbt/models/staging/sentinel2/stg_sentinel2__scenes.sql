with contents as (

    select distinct
        sha256,
        part
    from ({{ good_fetches('sentinel2_scenes', 'scenes') }})

),

-- A scene is found again each day while it is in the window; it is known since it was published, not since we asked.
source as (

    select
        scenes.*,
        scenes.updated::timestamp::date as known_from
    from {{ source('raw', 'sentinel2_scenes__scenes') }} as scenes
    inner join contents
        on contents.sha256 = scenes._sha256
        and contents.part = scenes._part
    where {{ known_by_as_of('scenes.updated::timestamp') }}
    qualify row_number() over (
        partition by scenes._part, scenes.id, scenes.updated
        order by scenes._load_id, scenes._row
    ) = 1

),

renamed as (

    select
        -- ids: a part is named after its campus, with _ where names of parts allow no -
        replace(_part, '_', '-') as campus_id,
        id as scene_id,

        -- text
        {{ field('grid:code', 'varchar', 'mgrs_tile') }},
        {{ field('platform', 'varchar') }},
        {{ field('s2:processing_baseline', 'varchar', 'processing_baseline') }},
        {{ field('thumbnail.href', 'varchar', 'thumbnail_url') }},
        {{ field('visual.href', 'varchar', 'visual_url') }},
        {{ field('self.href', 'varchar', 'source_url') }},

        -- numerics
        {{ field('eo:cloud_cover', 'double', 'cloud_cover_pct') }},
        {{ field('s2:nodata_pixel_percentage', 'double', 'nodata_pct') }},

        -- booleans
        nullif("s2:nodata_pixel_percentage", '')::double > 50 as is_tile_edge,
        row_number() over (
            partition by _part, id
            order by updated::timestamp desc
        ) = 1 as is_latest,

        -- dates, UTC
        datetime::timestamp as observed_at,
        datetime::timestamp::date as observed_date,
        created::timestamp as created_at,
        updated::timestamp as updated_at,
        known_from

    from source

)

select * from renamed
