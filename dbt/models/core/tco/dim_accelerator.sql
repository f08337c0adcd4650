-- Grain: one accelerator package. Identity only; figures are claims and live in fct_accelerator_specs.
select
    accelerator_id,
    vendor,
    family,
    generation,
    accelerator_name,
    announced_date as announced_period,
    available_date as available_period,
    process_node,
    memory_type,
    scale_up_bandwidth_direction,
    lifecycle_status,
    source_quality,
    recall_fields,
    basis_class = 'recall' or recall_fields is not null as has_recall_fields,
    basis_class,
    source_url,
    publisher,
    root_id,
    known_from
from {{ ref('stg_evidence__accelerators') }}
