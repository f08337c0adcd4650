with skus as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'sku' as subject_kind,
        sku_id as subject_id,
        'known' as coverage_status,
        'the split of ' || generation || ' into systems is a prior: no source counts this system' as reason
    from {{ ref('int_volumes__skus') }}

),

before_launch as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'sku_before_launch' as subject_kind,
        sku_id as subject_id,
        'known_zero' as coverage_status,
        'no package before ' || {{ calendar_quarter('min(quarter_start_date)') }} || ': exactly zero' as reason
    from {{ ref('int_volumes__level_quantiles') }}
    where sku_level = 'sku'
        and not is_before_first_package
    group by sku_id
    having min(quarter_start_date) > date '2023-01-01'

),

inferentia as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'accelerator' as subject_kind,
        accelerator_id as subject_id,
        'not_covered' as coverage_status,
        'Inferentia shares suppliers with Trainium1 but has no volume model' as reason
    from {{ ref('stg_evidence__accelerators') }}
    where family = 'Inferentia'

),

-- Months without revenue between a supplier's first and last known one: the engine goes on, its interval widens.
calendar as (

    select
        ticker,
        unnest(generate_series(min(revenue_month_date), max(revenue_month_date), interval 1 month))::date as revenue_month_date
    from {{ ref('int_volumes__supplier_revenue') }}
    group by ticker

),

revenue_gaps as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'supplier_revenue_gap' as subject_kind,
        calendar.ticker as subject_id,
        'unknown' as coverage_status,
        'no monthly revenue known for '
            || string_agg(strftime(calendar.revenue_month_date, '%Y-%m'), ', ' order by calendar.revenue_month_date)
            || ': intervals are wider for it' as reason
    from calendar
    left join {{ ref('int_volumes__supplier_revenue') }} as revenue
        on revenue.ticker = calendar.ticker
        and revenue.revenue_month_date = calendar.revenue_month_date
    where revenue.ticker is null
    group by calendar.ticker

),

silent_suppliers as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'supplier_signal' as subject_kind,
        ticker || '/' || generation as subject_id,
        case when is_used and n_months > 0 then 'known' else 'unknown' end as coverage_status,
        case
            when not is_used then 'too few months in the base window: this revenue is not used'
            when n_months = 0 then 'no month known since the generation began'
            else 'used: ' || n_months || ' months of revenue'
        end as reason
    from {{ ref('int_volumes__supplier_signals') }}

),

suppliers as (

    select
        ticker,
        min(supplier) as supplier
    from {{ ref('stg_evidence__suppliers') }}
    where ticker is not null
    group by ticker

),

contents as (

    select distinct split_part(subject, '/', 1) as ticker
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
        and starts_with(parameter, 'content_usd_per_')

),

exposures as (

    select
        coalesce(suppliers.ticker, contents.ticker) as ticker,
        suppliers.supplier,
        contents.ticker is not null as has_content,
        coalesce(suppliers.ticker, contents.ticker) in (
            select ticker from {{ ref('int_volumes__supplier_revenue_usd') }}
        ) as has_revenue
    from suppliers
    full outer join contents
        on contents.ticker = suppliers.ticker

)

select * from skus
union all
select * from before_launch
union all
select * from inferentia
union all
select * from revenue_gaps
union all
select * from silent_suppliers
union all
select
    'supplier_exposure' as mart_name,
    'supplier' as subject_kind,
    ticker as subject_id,
    case when has_content then 'known' else 'unknown' end as coverage_status,
    case
        when not has_content then 'no content per unit is known or assumed for ' || supplier
        when has_revenue then 'content is a prior; share of revenue where all months of the quarter are known'
        else 'content is a prior; no calendar-quarter revenue is known, so no share of it'
    end as reason
from exposures
