-- Grain: one language model whose shape is known: what the roofline and the training cost need. A card none of whose rows
-- names a source was written from memory; it is flagged and calibrates nothing.
select
    split_part(subject, '/', 2) as model,
    max(value) filter (where parameter = 'params_total_b') as params_total_b,
    max(value) filter (where parameter = 'params_active_b') as params_active_b,
    max(value) filter (where parameter = 'layers_count') as layers,
    max(value) filter (where parameter = 'model_width_count') as d_model,
    max(value) filter (where parameter = 'experts_count') as experts,
    max(value) filter (where parameter = 'experts_per_token_count') as experts_per_token,
    max(value) filter (where parameter = 'kv_values_per_token_count') as kv_values_per_token,
    max(value) filter (where parameter = 'query_heads_per_kv_count') as query_heads_per_kv,
    max(value) filter (where parameter = 'training_sequence_tokens') as training_sequence_tokens,
    bool_or(source_url is null) as has_recall_card,
    max(source_url) as source_url,
    max(known_from) as known_from
from {{ ref('stg_assumptions') }}
where engine = 'tco'
    and subject like 'card/%'
group by all
