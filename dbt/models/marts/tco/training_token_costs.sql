select
    rows.accelerator_id,
    rows.model,
    rows.buyer_class,
    rows.assumption_vintage,
    accelerators.vendor,
    accelerators.accelerator_name,
    rows.system_id,
    rows.usd_per_million_training_tokens_p05,
    rows.usd_per_million_training_tokens_p50,
    rows.usd_per_million_training_tokens_p95,
    rows.attention_share,
    rows.has_recall_inputs,
    'estimated' as value_kind,
    rows.known_from::date as known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__training_tokens') }} as rows
inner join {{ ref('dim_accelerator') }} as accelerators using (accelerator_id)
