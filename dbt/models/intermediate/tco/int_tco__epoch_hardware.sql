-- Grain: accelerator x specification. Epoch AI's table of chips as second claims about the same parts: people typed it in
-- from data sheets, so it counts as a source but not as an origin of its own (root_id is NULL).
with names (hardware_name, accelerator_id) as (

    values
    ('AMD Instinct MI300A', 'mi300a'),
    ('AMD Instinct MI300X', 'mi300x'),
    ('AMD Instinct MI325X', 'mi325x'),
    ('AMD Instinct MI350X', 'mi350x'),
    ('AMD Instinct MI355X', 'mi355x'),
    ('AMD Radeon Instinct MI250X', 'mi250x'),
    ('Amazon Trainium2', 'trainium2'),
    ('Amazon Trainium3', 'trainium3'),
    ('Google TPU v2', 'tpu-v2'),
    ('Google TPU v3', 'tpu-v3'),
    ('Google TPU v4', 'tpu-v4'),
    ('Google TPU v4i', 'tpu-v4i'),
    ('Google TPU v5e', 'tpu-v5e'),
    ('Google TPU v5p', 'tpu-v5p'),
    ('Google TPU v6e Trillium', 'tpu-v6e'),
    ('Google TPU v7 Ironwood', 'tpu-v7'),
    ('Huawei Ascend 910C', 'ascend-910c'),
    ('Intel Habana Gaudi2', 'gaudi2'),
    ('Intel Habana Gaudi3', 'gaudi3'),
    ('Maia 100 (M100)', 'maia-100'),
    ('NVIDIA A10 PCIe', 'a10'),
    ('NVIDIA A100 SXM4 40 GB', 'a100-sxm-40gb'),
    ('NVIDIA A100 SXM4 80 GB', 'a100-sxm-80gb'),
    ('NVIDIA A10G', 'a10g'),
    ('NVIDIA A40 PCIe', 'a40'),
    ('NVIDIA A800 PCIe 40 GB', 'a800-pcie-40gb'),
    ('NVIDIA A800 PCIe 80 GB', 'a800-pcie-80gb'),
    ('NVIDIA A800 SXM', 'a800-sxm-80gb'),
    ('NVIDIA B100', 'b100'),
    ('NVIDIA B200', 'b200'),
    ('NVIDIA B300 (Blackwell Ultra)', 'b300'),
    ('NVIDIA GB200', 'gb200'),
    ('NVIDIA GB300 (Blackwell Ultra)', 'gb300'),
    ('NVIDIA GH200', 'gh200-144gb'),
    ('NVIDIA H100 NVL', 'h100-nvl'),
    ('NVIDIA H100 PCIe', 'h100-pcie'),
    ('NVIDIA H100 SXM5 80GB', 'h100-sxm'),
    ('NVIDIA H200 SXM', 'h200-sxm'),
    ('NVIDIA H800 SXM5', 'h800-sxm'),
    ('NVIDIA HGX H20', 'h20'),
    ('NVIDIA L2 PCle', 'l2'),
    ('NVIDIA L20 PCle', 'l20'),
    ('NVIDIA L4', 'l4'),
    ('NVIDIA L40', 'l40'),
    ('NVIDIA RTX 6000 Ada Generation', 'rtx-6000-ada'),
    ('NVIDIA Rubin CPX', 'rubin-cpx'),
    ('NVIDIA Tesla P100 SXM2', 'p100-sxm2'),
    ('NVIDIA Tesla T4', 't4'),
    ('NVIDIA Tesla V100 PCIe 16 GB', 'v100-pcie-16gb'),
    ('NVIDIA Tesla V100 PCIe 32 GB', 'v100-pcie-32gb'),
    ('NVIDIA Tesla V100 SXM2 16 GB', 'v100-sxm2-16gb'),
    ('NVIDIA Tesla V100 SXM2 32 GB', 'v100-sxm2-32gb'),
    ('NVIDIA Tesla V100 SXM3 32 GB', 'v100-sxm3-32gb'),
    ('NVIDIA Tesla V100S PCIe 32 GB', 'v100s-pcie-32gb')

),

hardware as (

    select
        names.accelerator_id,
        rows.hardware_name,
        rows.tdp_w,
        rows.memory_gb,
        rows.memory_bandwidth_gb_per_s,
        rows.tensor_fp16_tflops as dense_fp16_tflops,
        rows.fp8_tflops as dense_fp8_tflops,
        rows.fp4_tflops as dense_fp4_tflops,
        rows.source_url,
        rows.known_from
    from {{ ref('stg_epoch_ml_hardware__hardware') }} as rows
    inner join names using (hardware_name)
    where rows.is_latest

)

select
    'epoch:' || hardware_name as claim_id,
    accelerator_id,
    spec_name,
    spec_value,
    'sourced' as basis_class,
    source_url,
    'Epoch AI' as publisher,
    null::varchar as root_id,
    known_from
from hardware
unpivot (
    spec_value for spec_name in (
        tdp_w,
        memory_gb,
        memory_bandwidth_gb_per_s,
        dense_fp16_tflops,
        dense_fp8_tflops,
        dense_fp4_tflops
    )
)
