-- Every usable figure about what a chip costs, per chip and classified by what the figure includes. Left out: figures
-- from memory, ratios, placeholders, bounds (those come from the assumption rows) and prices older than the product.
with priced as (

    select
        figures.capex_id as evidence_id,
        figures.accelerator_id,
        case
            when figures.component = 'rack BoM' then 'published_bom'
            when figures.component like 'all-in upfront%' then 'published_all_in'
            when figures.component in ('server (8-GPU)', 'rack-scale server', 'system price', 'rack')
                or figures.component like 'rack (% estimate)'
                or figures.component like 'rack (% range)'
                or figures.component like 'finished racks sold%' then 'server_price'
            when figures.component like 'accelerator incl. server share%' then 'list_server_price'
            when figures.component = 'accelerator (retail/list)' then 'list_chip_price'
            when figures.component in ('accelerator', 'modelled selling price')
                or figures.component like 'accelerator (average selling price%'
                or figures.component like 'accelerator (90\% CI%' escape '\'
                or figures.component like 'accelerator price paid%'
                or figures.component like 'equivalent purchase price%' then 'chip_price'
        end as capex_basis,
        case
            when figures.per = 'chip' then 1
            when figures.per in ('server', 'rack', 'system', 'superchip') then figures.units_per
        end as chips,
        coalesce(figures.value_usd, sqrt(figures.low_usd * figures.high_usd)) as value_usd,
        figures.low_usd,
        figures.high_usd,
        figures.source_url,
        figures.root_id,
        figures.known_from
    from {{ ref('stg_evidence__capex_components') }} as figures
    inner join {{ ref('dim_accelerator') }} as accelerators using (accelerator_id)
    where figures.basis_class <> 'recall'
        and figures.evidence_basis not in ('derived_bound', 'placeholder', 'published_ratio')
        -- Periods compare as text: '2025-07-01' is not before '2025-03'.
        and (accelerators.announced_period is null or figures.known_from::varchar >= accelerators.announced_period)

)

select
    evidence_id,
    accelerator_id,
    capex_basis,
    value_usd / chips as price_usd_per_chip,
    least(low_usd, value_usd) / chips as price_low_usd_per_chip,
    greatest(high_usd, value_usd) / chips as price_high_usd_per_chip,
    null::double as published_tco_usd_per_chip_hour,
    source_url,
    root_id,
    known_from
from priced
where capex_basis is not null
    and value_usd > 0
    and chips > 0

union all

select
    figure_id,
    accelerator_id,
    'inverse_tco',
    null,
    null,
    null,
    value,
    source_url,
    root_id,
    known_from
from {{ ref('stg_evidence__published_tco') }}
where metric = 'own TCO'
    and unit in ('USD/GPU-hour', 'USD/chip-hour')
    and buyer_class = 'hyperscaler'
    and evidence_basis = 'published_estimate'
    and accelerator_id is not null

union all

select
    'assumption:' || subject,
    subject,
    'prior_bound',
    value,
    low,
    high,
    null,
    source_url,
    source_url,
    known_from
from {{ ref('stg_assumptions') }}
where engine = 'tco'
    and parameter = 'all_in_capex_usd_per_chip'
