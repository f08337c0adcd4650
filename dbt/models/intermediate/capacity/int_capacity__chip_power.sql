{# All-in IT watts per chip as assumed at as_of, by chip; low and high are the 5th and 95th percentile. #}
select
    lower(replace(parameter, '_it_power_w_per_chip', '')) as chip,
    low as it_power_w_per_chip_p05,
    value as it_power_w_per_chip_p50,
    high as it_power_w_per_chip_p95,
    source_url,
    known_from
from {{ ref('stg_assumptions') }}
where ends_with(parameter, '_it_power_w_per_chip')
    and (
        (engine = 'capacity' and subject = 'chip_power')
        -- The volumes engine's own beliefs: the balance has to use the same watts.
        or (engine = 'volumes' and subject = 'site_power')
    )
