{# Counts of chips a lab uses, as others publish them: shown beside the model, never fed to it (they rest on the same campuses). #}
select
    'Trainium2' as accelerator,
    lab as end_user,
    date_trunc('quarter', try_cast(as_of_date as date))::date as quarter_start_date,
    value as published_units,
    low as published_units_low,
    high as published_units_high,
    source_url as published_source_url
from {{ ref('stg_evidence__lab_capacity_published') }}
where metric = 'trainium2_chips_used'
    and try_cast(as_of_date as date) is not null
qualify row_number() over (
    partition by lab, date_trunc('quarter', try_cast(as_of_date as date))
    order by known_from desc, source_url
) = 1
