{#
    Supplier x generation pairs whose revenue enters the inference, with the months that do, single ones and those known
    only together. A month of the base window tells only the base; a supplier with too few base months tells nothing.
#}
with parameters as (

    select
        subject,
        max(value) filter (where parameter = 'base_first_month') as base_first_month,
        max(value) filter (where parameter = 'base_last_month') as base_last_month,
        max(value) filter (where parameter = 'min_base_months') as min_base_months,
        max(value) filter (where parameter = 'first_package_month') as first_package_month,
        bool_or(starts_with(parameter, 'content_usd_per_')) as has_content
    from {{ ref('stg_assumptions') }}
    where engine = 'volumes'
    group by subject

),

spans as (

    select
        ticker,
        unnest(string_split(months, ';')) as revenue_month
    from {{ ref('int_volumes__revenue_spans') }}

),

revenue as (

    select
        ticker,
        revenue_month_date
    from {{ ref('int_volumes__supplier_revenue') }}
    union all
    select
        ticker,
        strptime(revenue_month || '-01', '%Y-%m-%d')::date as revenue_month_date
    from spans

),

months as (

    select
        revenue.ticker,
        revenue.revenue_month_date,
        datediff('month', date '2023-01-01', revenue.revenue_month_date)
            between parameters.base_first_month and parameters.base_last_month as is_base
    from revenue
    inner join parameters
        on parameters.subject = revenue.ticker
    where parameters.base_first_month is not null

),

bases as (

    select
        ticker,
        count(*) filter (where is_base)::integer as n_base_months
    from months
    group by ticker

),

pairs as (

    select
        split_part(parameters.subject, '/', 1) as ticker,
        generations.subject as generation,
        date '2023-01-01' + to_months(generations.first_package_month::integer) as first_package_date
    from parameters
    inner join parameters as generations
        on generations.subject = split_part(parameters.subject, '/', 2)
    where parameters.has_content

)

select
    pairs.ticker,
    pairs.generation,
    coalesce(bases.n_base_months, 0) as n_base_months,
    coalesce(bases.n_base_months >= (select max(min_base_months) from parameters), false) as is_used,
    min(months.revenue_month_date) as first_month_date,
    max(months.revenue_month_date) as last_month_date,
    count(months.revenue_month_date)::integer as n_months
from pairs
left join bases
    on bases.ticker = pairs.ticker
left join months
    on months.ticker = pairs.ticker
    and not months.is_base
    and months.revenue_month_date >= pairs.first_package_date
group by all
