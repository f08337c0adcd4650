with source as (

    select * from {{ source('raw', 'evidence__campuses') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'campuses') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('campus_id', 'varchar') }},
        {{ field('related_campus_id', 'varchar') }},

        -- text
        {{ field('campus_name', 'varchar') }},
        {{ field('operator', 'varchar') }},
        {{ field('cloud_provider', 'varchar') }},
        {{ field('city', 'varchar') }},
        {{ field('state', 'varchar') }},
        {{ field('country', 'varchar') }},
        {{ field('geo_basis', 'varchar') }},
        {{ field('utility', 'varchar') }},
        {{ field('first_construction_date', 'varchar') }},
        {{ field('status_class', 'varchar') }},

        -- numerics
        {{ field('latitude', 'double') }},
        {{ field('longitude', 'double') }},
        {{ field('planned_it_capacity_mw', 'double') }},
        {{ field('planned_facility_capacity_mw', 'double') }},
        {{ field('planned_buildings', 'bigint') }},

        -- booleans
        {{ field('is_tracked_by_epoch', 'boolean') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
