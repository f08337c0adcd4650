select
    rows.accelerator_class,
    rows.accelerator_id,
    rows.n_points::bigint as n_points,
    rows.memory_efficiency_share,
    rows.compute_efficiency_share,
    rows.prefill_efficiency_share,
    rows.exposed_network_share,
    rows.fitted_error_share,
    rows.left_out_error_share,
    rows.left_out_bias_ratio,
    rows.class_error_ratio,
    'estimated' as value_kind,
    rows.known_from::date as known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__tokens_calibration') }} as rows
