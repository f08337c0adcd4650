select
    modelled.level,
    modelled.lab,
    modelled.cloud_provider,
    quarters.calendar_quarter,
    quarters.quarter_start_date,
    modelled.lab = 'Unassigned' as is_unassigned,
    sources.owners,
    modelled.it_capacity_mw_p05,
    modelled.it_capacity_mw_p50,
    modelled.it_capacity_mw_p95,
    modelled.it_capacity_mw_mean,
    modelled.facility_capacity_mw_p05,
    modelled.facility_capacity_mw_p50,
    modelled.facility_capacity_mw_p95,
    modelled.facility_capacity_mw_mean,
    {% for stage in ['energised', 'under_construction', 'planned', 'untracked', 'total'] -%}
    {% for statistic in ['p05', 'p50', 'p95', 'mean'] -%}
    modelled.{{ stage }}_it_capacity_mw_{{ statistic }},
    {% endfor %}
    {%- endfor -%}
    modelled.n_campuses::bigint as n_campuses,
    modelled.confident_share,
    modelled.speculative_share,
    -- Of a campus where nothing runs yet nobody can say what it does.
    case
        when modelled.level = 'total' then null
        when modelled.it_capacity_mw_p95 > 0 then coalesce(workloads.workload, 'unknown')
        else 'unknown'
    end as workload,
    case when modelled.it_capacity_mw_p95 > 0 then workloads.workload_source_url end as workload_source_url,
    quarters.value_kind,
    coalesce(sources.n_sources, 0)::bigint as n_sources,
    coalesce(sources.n_independent_roots, 0)::bigint as n_independent_roots,
    quarters.as_of_date,
    quarters.methodology_version
from {{ ref('int_capacity__quarterly') }} as modelled
inner join {{ ref('int_capacity__quarters') }} as quarters
    on quarters.quarter_start_date = modelled.quarter_start_date
left join {{ ref('int_capacity__lab_sources') }} as sources
    on sources.level = modelled.level
    and sources.lab = modelled.lab
    and sources.cloud_provider = modelled.cloud_provider
left join {{ ref('int_capacity__lab_workloads') }} as workloads
    on workloads.level = modelled.level
    and workloads.lab = modelled.lab
    and workloads.cloud_provider = modelled.cloud_provider
    and workloads.quarter_start_date = modelled.quarter_start_date
where modelled.level in ('lab_cloud', 'lab', 'total')
