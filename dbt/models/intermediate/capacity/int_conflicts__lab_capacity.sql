{# A published whole of a lab, or its part on one cloud, that its listed campuses already exceed: one of the two is wrong, and the
   untracked part is nought. Columns as in marts.conflicts. #}
select
    'tracked_above_published' as conflict_rule,
    'lab_capacity_quarterly' as mart_name,
    'lab' as subject_kind,
    published.lab || case published.comparison when 'cloud_part' then ' | ' || published.cloud_provider else '' end
        as subject_id,
    published.calendar_quarter as period,
    'mw' as unit,
    1 + row_number() over (
        partition by published.lab, published.comparison, published.cloud_provider, published.calendar_quarter
        order by published.known_from desc, published.figure_id
    ) as claim_rank,
    published.tracked_capacity_mw_p50 as winning_value,
    null::varchar as winning_text,
    'https://epoch.ai/data/data_centers/data_center_timelines.csv' as winning_source_url,
    'epoch-ai-data-centers' as winning_root_id,
    published.published_capacity_mw as losing_value,
    null::varchar as losing_text,
    published.source_url as losing_source_url,
    published.root_id as losing_root_id,
    evidence.basis_class as losing_basis_class,
    published.known_from as losing_known_from,
    'the listed campuses, median of the draws, over the published figure; the untracked part is nought' as winner_rule
from {{ ref('lab_capacity_published') }} as published
inner join {{ ref('stg_evidence__lab_capacity_published') }} as evidence
    on evidence.figure_id = published.figure_id
where published.is_tracked_above_published
