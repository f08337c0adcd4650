with quantiles as (

    select
        ticker,
        generation,
        content_unit,
        quarter_start_date::date as quarter_start_date,
        {% for measure in ['content_usd_per_unit', 'billed_units', 'implied_revenue_usd_m'] -%}
        quantile_cont({{ measure }}, 0.05) as {{ measure }}_p05,
        quantile_cont({{ measure }}, 0.50) as {{ measure }}_p50,
        quantile_cont({{ measure }}, 0.95) as {{ measure }}_p95{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_volumes__supplier_draws') }}
    group by all

),

suppliers as (

    select
        ticker,
        min(supplier) as supplier,
        string_agg(distinct role, '; ' order by role) as role,
        -- The strongest relation on file: the evidence words it freely, its first word is the grade.
        min_by(
            regexp_extract(relation_strength, '^\w+'),
            list_position(
                ['core', 'strong', 'named', 'likely', 'reported', 'expected', 'announced', 'weak', 'negative'],
                regexp_extract(relation_strength, '^\w+')
            )
        ) as evidence_grade
    from {{ ref('stg_evidence__suppliers') }}
    group by ticker

),

contents as (

    select
        subject,
        case when max(source_url) is null then 'prior' else 'prior_within_sourced_bounds' end as basis
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
        and parameter in ('content_usd_per_package', 'content_usd_per_rack')
    group by subject

)

select
    quantiles.ticker,
    quantiles.generation,
    {{ calendar_quarter('quantiles.quarter_start_date') }} as calendar_quarter,
    quantiles.quarter_start_date,
    suppliers.supplier,
    suppliers.role,
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
    revenue.supplier_revenue_usd_m,
    quantiles.implied_revenue_usd_m_p05 / revenue.supplier_revenue_usd_m as implied_revenue_share_p05,
    quantiles.implied_revenue_usd_m_p50 / revenue.supplier_revenue_usd_m as implied_revenue_share_p50,
    quantiles.implied_revenue_usd_m_p95 / revenue.supplier_revenue_usd_m as implied_revenue_share_p95,
    suppliers.evidence_grade,
    contents.basis,
    case
        when quantiles.quarter_start_date + interval 3 month <= {{ as_of_date() }} then 'estimated'
        when quantiles.quarter_start_date <= {{ as_of_date() }} then 'nowcast'
        else 'forecast'
    end as value_kind,
    roots.n_sources,
    roots.n_independent_roots,
    roots.n_supplier_signals,
    {{ as_of_date() }} as as_of_date,
    'volumes-1' as methodology_version
from quantiles
inner join {{ ref('int_volumes__roots') }} as roots
    on roots.generation = quantiles.generation
    and roots.quarter_start_date = quantiles.quarter_start_date
inner join contents
    on contents.subject = quantiles.ticker || '/' || quantiles.generation
left join suppliers
    on suppliers.ticker = quantiles.ticker
left join {{ ref('int_volumes__supplier_revenue_usd') }} as revenue
    on revenue.ticker = quantiles.ticker
    and revenue.quarter_start_date = quantiles.quarter_start_date
