with skus as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'sku' as subject_kind,
        sku_id as subject_id,
        'known' as coverage_status,
        'the split of ' || generation || ' into systems is a prior: no source counts this system; evidence: '
            || ramp_evidence as reason
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

-- What Amazon has counted, and what has been said and taken back: a level without a count rests on the rest.
disclosures as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'disclosure' as subject_kind,
        generations.generation as subject_id,
        case when bool_or(statements.is_used) then 'known' else 'unknown' end as coverage_status,
        case
            when bool_or(statements.is_used) then 'a count by Amazon anchors the level'
            else 'no count by Amazon is known: the level rests on suppliers, brokers and site power'
        end as reason
    from (select distinct generation from {{ ref('int_volumes__skus') }}) as generations
    left join {{ ref('int_volumes__statements') }} as statements
        on statements.generation in (generations.generation, 'all')
        and statements.evidence_kind = 'disclosure'
    group by generations.generation

),

withdrawn as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'withdrawn_statement' as subject_kind,
        estimate_id as subject_id,
        'unknown' as coverage_status,
        'withdrawn by ' || publisher || ': no longer used, intervals are wider for it' as reason
    from {{ ref('int_volumes__statements') }}
    where exclusion_reason = 'withdrawn by its publisher'

),

-- Months without any revenue, single or within a sum, between a supplier's first month and its last due one: the engine
-- goes on, its interval widens. A month is due on the 10th of the next one; a quarter 50 days after its end.
known_months as (

    select
        ticker,
        revenue_month_date,
        false as is_quarterly
    from {{ ref('int_volumes__supplier_revenue') }}
    union
    select
        ticker,
        unnest(list_transform(string_split(months, ';'), x -> (x || '-01')::date)) as revenue_month_date,
        revenue_usd_m is not null as is_quarterly
    from {{ ref('int_volumes__revenue_spans') }}

),

calendar as (

    select
        ticker,
        unnest(generate_series(
            min(revenue_month_date),
            greatest(
                max(revenue_month_date),
                case
                    when bool_or(is_quarterly) then date_trunc('month', {{ as_of_date() }} - interval 50 day) - interval 3 month
                    else date_trunc('month', {{ as_of_date() }} - interval 9 day) - interval 1 month
                end
            ),
            interval 1 month
        ))::date as revenue_month_date,
        max(revenue_month_date) as last_known_month_date
    from known_months
    where revenue_month_date >= date '2023-01-01'
    group by ticker

),

missing_months as (

    select
        calendar.ticker,
        calendar.revenue_month_date,
        calendar.revenue_month_date > calendar.last_known_month_date as is_after_the_last
    from calendar
    left join known_months
        on known_months.ticker = calendar.ticker
        and known_months.revenue_month_date = calendar.revenue_month_date
    where known_months.ticker is null

),

revenue_gaps as (

    select
        'trainium_volumes_quarterly' as mart_name,
        case when is_after_the_last then 'supplier_revenue_stopped' else 'supplier_revenue_gap' end as subject_kind,
        ticker as subject_id,
        'unknown' as coverage_status,
        case when is_after_the_last then 'stopped: ' else '' end || 'no revenue known for '
            || string_agg(strftime(revenue_month_date, '%Y-%m'), ', ' order by revenue_month_date)
            || ': intervals are wider for it' as reason
    from missing_months
    group by ticker, is_after_the_last

),

site_power as (

    select
        'trainium_volumes_quarterly' as mart_name,
        'site_power' as subject_kind,
        'trainium_campuses' as subject_id,
        case when count(*) > 0 then 'known' else 'unknown' end as coverage_status,
        case
            when count(*) > 0
                then 'used: IT power of ' || max(n_campuses) || ' campuses up to ' || max(observed_date)
            else 'no power seen at a campus with Trainium'
        end as reason
    from {{ ref('int_volumes__site_power') }}

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
            select ticker from {{ ref('int_exposure__revenue') }}
        ) as has_revenue
    from suppliers
    full outer join contents
        on contents.ticker = suppliers.ticker

),

identifiers as (

    select
        'supplier_exposure' as mart_name,
        'column' as subject_kind,
        'composite_figi' as subject_id,
        case when count(composite_figi) = count(*) then 'known' else 'unknown' end as coverage_status,
        'known for ' || count(composite_figi) || ' of ' || count(*) || ' listings: ' || min(identifier_note) as reason
    from {{ ref('dim_supplier') }}
    having count(*) > 0

)

select * from skus
union all
select * from before_launch
union all
select * from inferentia
union all
select * from disclosures
union all
select * from withdrawn
union all
select * from revenue_gaps
union all
select * from site_power
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
        when has_revenue then 'content is a prior; share of revenue in the quarters whose own revenue is known'
        else 'content is a prior; no revenue of a quarter is known, so no share of it'
    end as reason
from exposures
union all
select * from identifiers
