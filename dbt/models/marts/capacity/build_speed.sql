select
    speeds.group_kind,
    speeds.group_name,
    speeds.interval_name,
    speeds.n_spells::bigint as n_spells,
    speeds.n_censored::bigint as n_censored,
    speeds.n_estimated::bigint as n_estimated,
    speeds.months_p10,
    speeds.months_p50,
    speeds.months_p90,
    'estimated' as value_kind,
    'https://epoch.ai/data/data_centers/data_center_timelines.csv' as source_url,
    speeds.known_from::date as known_from,
    {{ as_of_date() }} as as_of_date,
    quarters.methodology_version
from {{ ref('int_capacity__build_speed') }} as speeds
cross join (
    select any_value(methodology_version) as methodology_version
    from {{ ref('int_capacity__quarters') }}
) as quarters
