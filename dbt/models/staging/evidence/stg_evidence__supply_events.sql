with source as (

    select * from {{ source('raw', 'evidence__supply_events') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'supply_events') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('event_id', 'varchar') }},
        {{ field('system_id', 'varchar') }},

        -- text
        {{ field('event_kind', 'varchar') }},
        {{ field('generation', 'varchar') }},
        {{ field('supplier', 'varchar') }},
        {{ field('ticker', 'varchar') }},
        {{ field('volume_effect', 'varchar') }},
        {{ field('timing_effect', 'varchar') }},
        {{ field('unit', 'varchar') }},
        {{ field('date_precision', 'varchar') }},
        {{ field('said_by', 'varchar') }},
        {{ field('summary', 'varchar') }},

        -- numerics
        {{ field('value', 'double') }},

        -- dates: the first day of the period where the day is not known
        {{ field('event_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
