with source as (

    select
        vintages.vintage_date,
        vintages.vintage_scope,
        vintages.vintage_kind,
        vintages.url as vintage_url,
        hardware.* exclude (_known_from, _vintage_kind, _vintage_scope)
    from {{ source('raw', 'epoch_ml_hardware__ml_hardware') }} as hardware
    inner join ({{ vintages('epoch_ml_hardware', 'ml_hardware') }}) as vintages
        on vintages.sha256 = hardware._sha256
        and vintages.part = hardware._part

),

renamed as (

    select
        -- ids
        {{ field('Hardware name', 'varchar', 'hardware_name') }},

        -- text
        {{ field('Manufacturer', 'varchar', 'manufacturer') }},
        {{ field('Type', 'varchar', 'hardware_type') }},
        {{ field('Foundry', 'varchar', 'foundry') }},
        {{ field('Notes', 'varchar', 'note') }},
        nullif(trim("Link to datasheet"), '') as datasheet_urls_text,
        vintage_scope,
        vintage_kind,
        vintage_url as source_url,

        -- numerics: the source gives SI units; an empty cell is unknown, never zero
        nullif("Memory (bytes)", '')::double / 1e9 as memory_gb,
        nullif("Memory bandwidth (byte/s)", '')::double / 1e9 as memory_bandwidth_gb_per_s,
        nullif("Intranode bandwidth (byte/s)", '')::double / 1e9 as intranode_bandwidth_gb_per_s,
        nullif("Internode bandwidth (bit/s)", '')::double / 1e9 as internode_bandwidth_gbit_per_s,
        {{ field('TDP (W)', 'double', 'tdp_w') }},
        nullif("Tensor-FP16/BF16 performance (FLOP/s)", '')::double / 1e12 as tensor_fp16_tflops,
        nullif("FP8 performance (FLOP/s)", '')::double / 1e12 as fp8_tflops,
        nullif("FP4 performance (FLOP/s)", '')::double / 1e12 as fp4_tflops,
        nullif("FP64 (double precision) performance (FLOP/s)", '')::double / 1e12 as fp64_tflops,
        nullif("FP32 (single precision) performance (FLOP/s)", '')::double / 1e12 as fp32_tflops,
        nullif("TF32 (TensorFloat-32) performance (FLOP/s)", '')::double / 1e12 as tf32_tflops,
        nullif("FP16 (half precision) performance (FLOP/s)", '')::double / 1e12 as half_precision_fp16_tflops,
        nullif("INT8 performance (OP/s)", '')::double / 1e12 as int8_tops,
        nullif("INT4 performance (OP/s)", '')::double / 1e12 as int4_tops,
        {{ field('Die Size (mm^2)', 'double', 'die_area_mm2') }},
        {{ field('Process size (nm)', 'double', 'process_node_nm') }},
        nullif("Transistors (millions)", '')::double / 1e3 as transistor_count_b,
        {{ field('Memory bus (bit)', 'double', 'memory_bus_bits') }},
        {{ field('Release price (USD)', 'double', 'release_price_usd') }},

        -- dates
        {{ field('Release date', 'date', 'release_date') }},
        nullif("Last modified", '')::timestamptz at time zone 'UTC' as last_modified_at,
        vintage_date,
        vintage_date as known_from

    from source

)

select
    *,
    {{ epoch_is_latest(['hardware_name']) }} as is_latest
from renamed
