{# What component_demand_quarterly knows of each component of a system, and what it leaves out. #}
select
    'component_demand_quarterly' as mart_name,
    'component_of_sku' as subject_kind,
    component || '/' || sku_id as subject_id,
    case when is_known then 'known' else 'unknown' end as coverage_status,
    case
        when is_known then 'content: ' || basis
        when component = 'hbm_gb' then 'no memory size of this generation is published yet'
        else 'nobody states how many of these this system holds'
    end as reason
from {{ ref('int_components__content') }}
union all
select
    'component_demand_quarterly' as mart_name,
    'horizon' as subject_kind,
    '2028Q4' as subject_id,
    'unknown' as coverage_status,
    'components are used before the package or rack is finished, and those of 2029Q1 lie beyond the volumes' as reason
union all
select
    'component_demand_quarterly' as mart_name,
    'component' as subject_kind,
    subject_id,
    'not_covered' as coverage_status,
    reason
from (
    values
    ('active_electrical_cables', 'named in the evidence without a count per system'),
    ('copper_cables', 'counts are published for some systems without saying whether per rack or per pair of racks'),
    ('retimers', 'named in the evidence without a count per system'),
    ('compute_wafers', 'no die size and die yield of a Trainium generation is published')
) as left_out (subject_id, reason)
