with contents as (

    select
        split_part(subject, '/', 1) as ticker,
        split_part(subject, '/', 2) as generation,
        source_url,
        known_from
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
        and starts_with(parameter, 'content_usd_per_')

),

content_of_level as (

    select
        ticker,
        generation,
        case when count(source_url) < count(*) then 'prior' else 'prior_within_sourced_bounds' end as basis,
        string_agg(distinct source_url, ' ; ' order by source_url) as content_source_url,
        max(known_from) as known_from
    from (
        select * from contents
        union all
        select * replace ('all' as generation) from contents
    )
    group by ticker, generation

),

strengths as (

    select
        split_part(subject, '/', 2) as evidence_grade,
        value as evidence_strength
    from {{ ref('stg_assumptions') }}
    where engine = 'components'
        and parameter = 'evidence_strength'

)

select
    quantiles.ticker,
    quantiles.generation,
    quantiles.sku_id,
    quantiles.sku_level,
    {{ calendar_quarter('quantiles.quarter_start_date') }} as calendar_quarter,
    quantiles.quarter_start_date,
    suppliers.supplier,
    evidence.role,
    suppliers.exchange,
    suppliers.composite_figi,
    suppliers.identifier_note,
    quantiles.content_unit,
    quantiles.content_usd_per_unit_p05,
    quantiles.content_usd_per_unit_p50,
    quantiles.content_usd_per_unit_p95,
    quantiles.billed_units_p05,
    quantiles.billed_units_p50,
    quantiles.billed_units_p95,
    quantiles.implied_revenue_usd_m_p05,
    quantiles.implied_revenue_usd_m_p50,
    quantiles.implied_revenue_usd_m_p95,
    coalesce(revenue.reporting_currency, suppliers.reporting_currency) as reporting_currency,
    revenue.supplier_revenue_usd_m,
    revenue.revenue_period_kind,
    revenue.revenue_source,
    quantiles.implied_revenue_usd_m_p05 / revenue.supplier_revenue_usd_m as implied_revenue_share_p05,
    quantiles.implied_revenue_usd_m_p50 / revenue.supplier_revenue_usd_m as implied_revenue_share_p50,
    quantiles.implied_revenue_usd_m_p95 / revenue.supplier_revenue_usd_m as implied_revenue_share_p95,
    revenue.supplier_revenue_yoy_usd_m,
    coalesce(revenue.revenue_growth_status, 'unknown') as revenue_growth_status,
    quantiles.growth_share_p05 as implied_growth_share_p05,
    quantiles.growth_share_p50 as implied_growth_share_p50,
    quantiles.growth_share_p95 as implied_growth_share_p95,
    evidence.evidence_grade,
    evidence.is_generation_named,
    evidence.evidence_source_url,
    -- Strength of the evidence x the median share of growth, which counts from nothing to all of it.
    case
        when quantiles.growth_share_p50 is not null
            then 100 * strengths.evidence_strength * greatest(0, least(1, quantiles.growth_share_p50))
    end as beneficiary_score_pct,
    content_of_level.basis,
    content_of_level.content_source_url,
    case
        when quantiles.quarter_start_date + interval 3 month <= {{ as_of_date() }} then 'estimated'
        when quantiles.quarter_start_date <= {{ as_of_date() }} then 'nowcast'
        else 'forecast'
    end as value_kind,
    roots.n_sources,
    roots.n_independent_roots,
    roots.n_supplier_signals,
    greatest(content_of_level.known_from, revenue.known_from, evidence.known_from) as known_from,
    {{ as_of_date() }} as as_of_date,
    'exposure-3' as methodology_version
from {{ ref('int_exposure__quantiles') }} as quantiles
inner join {{ ref('int_volumes__roots') }} as roots
    on roots.generation = quantiles.generation
    and roots.quarter_start_date = quantiles.quarter_start_date
inner join content_of_level
    on content_of_level.ticker = quantiles.ticker
    and content_of_level.generation = quantiles.generation
left join {{ ref('dim_supplier') }} as suppliers
    on suppliers.ticker = quantiles.ticker
left join {{ ref('int_exposure__evidence') }} as evidence
    on evidence.ticker = quantiles.ticker
    and evidence.generation = quantiles.generation
left join strengths
    on strengths.evidence_grade = evidence.evidence_grade
left join {{ ref('int_exposure__revenue') }} as revenue
    on revenue.ticker = quantiles.ticker
    and revenue.quarter_start_date = quantiles.quarter_start_date
