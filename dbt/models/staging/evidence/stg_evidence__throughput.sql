with source as (

    select * from {{ source('raw', 'evidence__throughput') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'throughput') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('record_id', 'varchar') }},
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('record_kind', 'varchar') }},
        {{ field('accelerator_label', 'varchar') }},
        {{ field('system', 'varchar') }},
        {{ field('model', 'varchar') }},
        {{ field('precision', 'varchar') }},
        {{ field('framework', 'varchar') }},
        {{ field('spec_decode', 'varchar') }},
        {{ field('parallelism', 'varchar') }},
        {{ field('mfu_basis', 'varchar') }},
        {{ field('source_name', 'varchar') }},
        {{ field('evidence_basis', 'varchar') }},

        -- numerics
        {{ field('num_accelerators', 'bigint') }},
        {{ field('params_total_b', 'double') }},
        {{ field('params_active_b', 'double') }},
        {{ field('isl_tokens', 'bigint') }},
        {{ field('osl_tokens', 'bigint') }},
        {{ field('concurrency', 'bigint') }},
        {{ field('interactivity_tok_per_s_user', 'double') }},
        {{ field('total_tok_per_s_chip', 'double') }},
        {{ field('output_tok_per_s_chip', 'double') }},
        {{ field('input_tok_per_s_chip', 'double') }},
        {{ field('mfu', 'double') }},
        {{ field('effective_tflops_per_chip', 'double') }},
        {{ field('measured_power_w_per_chip', 'double') }},

        -- booleans
        {{ field('is_disaggregated', 'boolean') }},

        -- dates
        {{ field('measured_date', 'date') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
