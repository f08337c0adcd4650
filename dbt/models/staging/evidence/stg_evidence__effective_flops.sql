with source as (

    select * from {{ source('raw', 'evidence__effective_flops') }}
    where (_sha256, _part) in ({{ latest_content('evidence', 'effective_flops') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        {{ field('effective_flops_id', 'varchar') }},
        {{ field('accelerator_id', 'varchar') }},

        -- text
        {{ field('workload', 'varchar') }},
        {{ field('precision', 'varchar') }},
        {{ field('mfu_basis', 'varchar') }},
        {{ field('measured_period', 'varchar') }},

        -- numerics
        {{ field('chips', 'bigint') }},
        {{ field('effective_tflops_per_chip', 'double') }},
        {{ field('mfu_bf16_peak_pct', 'double') }},
        {{ field('mfu_used_precision_peak_pct', 'double') }},
        {{ field('stated_mfu_pct', 'double') }},

        -- provenance
        {{ provenance() }}

    from source

)

select * from renamed
