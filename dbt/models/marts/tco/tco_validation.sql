select
    figures.figure_id,
    figures.metric,
    figures.accelerator_id,
    figures.buyer_class,
    figures.assumption_vintage,
    ours.system_id,
    figures.unit,
    figures.published_value,
    ours.our_value_p05,
    ours.our_value_p50,
    ours.our_value_p95,
    100 * (ours.our_value_p50 / figures.published_value - 1) as error_pct,
    figures.published_value between ours.our_value_p05 and ours.our_value_p95 as is_inside_interval,
    figures.input_reason is not null as was_input,
    figures.input_reason,
    coalesce(
        figures.exclusion_reason,
        case when ours.figure_id is null then 'we cost no such system in this vintage' end
    ) as exclusion_reason,
    figures.exclusion_reason is not null or ours.figure_id is null as is_excluded,
    figures.capex_basis,
    figures.evidence_basis,
    figures.audit_flag,
    figures.source_name,
    figures.source_url,
    figures.known_from,
    'estimated' as value_kind,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__published_figures') }} as figures
left join {{ ref('int_tco__validation') }} as ours using (figure_id)
