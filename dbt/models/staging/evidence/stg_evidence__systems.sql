with source as (

    select * from {{ source('raw', 'evidence__systems') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'systems') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('system_id', 'varchar') }},
        {{ field('accelerator_id', 'varchar') }},
        {{ field('alias_of_system_id', 'varchar') }},

        -- text
        {{ field('vendor', 'varchar') }},
        {{ field('system_class', 'varchar') }},
        {{ field('system_name', 'varchar') }},
        {{ field('scale_up_topology', 'varchar') }},
        {{ field('announced_date', 'varchar') }},
        {{ field('volume_ramp_quarter', 'varchar') }},
        {{ field('lifecycle_status', 'varchar') }},
        {{ field('source_quality', 'varchar') }},
        {{ field('recall_fields', 'varchar') }},

        -- numerics
        {{ field('chips_per_system', 'bigint') }},
        {{ field('scale_up_domain_chips', 'bigint') }},
        {{ field('racks_per_system', 'double') }},
        {{ field('it_power_kw', 'double') }},
        {{ field('stated_memory_bandwidth_tb_per_s', 'double') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
