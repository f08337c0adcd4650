with source as (

    select * from {{ source('raw', 'evidence__accelerators') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'accelerators') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('vendor', 'varchar') }},
        {{ field('family', 'varchar') }},
        {{ field('generation', 'varchar') }},
        {{ field('accelerator_name', 'varchar') }},
        {{ field('announced_date', 'varchar') }},
        {{ field('available_date', 'varchar') }},
        {{ field('process_node', 'varchar') }},
        {{ field('memory_type', 'varchar') }},
        {{ field('scale_up_bandwidth_direction', 'varchar') }},
        {{ field('lifecycle_status', 'varchar') }},
        {{ field('source_quality', 'varchar') }},
        {{ field('recall_fields', 'varchar') }},

        -- numerics
        {{ field('compute_dies_per_package', 'bigint') }},
        {{ field('tdp_w', 'double') }},
        {{ field('memory_gb', 'double') }},
        {{ field('memory_bandwidth_gb_per_s', 'double') }},
        {{ field('dense_fp16_tflops', 'double') }},
        {{ field('dense_fp8_tflops', 'double') }},
        {{ field('dense_fp4_tflops', 'double') }},
        {{ field('scale_up_bandwidth_gb_per_s', 'double') }},
        {{ field('scale_up_domain_chips', 'bigint') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
