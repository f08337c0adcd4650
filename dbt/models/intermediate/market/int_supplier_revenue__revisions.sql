{#
    What was said of a supplier's month after it was first said. The markets publish no corrections, but each report also
    states the month before and the same month a year ago, so a later report gives a correction away. One row per later
    statement, also where it agrees (revision 0); the first statement of a month is the one it is measured against.

    A file rebuilt from collected figures repeats one figure in several cells: it cannot contradict itself, so its
    columns on other months are no statements. Its own month counts; first_vintage_kind tells.
#}
with reports as (

    select
        *,
        'TWSE' as exchange,
        (revenue_month || '-01')::date as month_start_date
    from {{ ref('stg_twse__monthly_revenue_reports') }}
    union all by name
    select
        *,
        'TPEx' as exchange,
        (revenue_month || '-01')::date as month_start_date
    from {{ ref('stg_tpex__monthly_revenue_reports') }}

),

{% set statements = [
    ('own_month', 'revenue_twd_thousand', 'interval 0 month', 'true'),
    ('next_month', 'previous_month_revenue_twd_thousand', 'interval 1 month', "vintage_kind <> 'reconstructed'"),
    ('next_year', 'year_ago_revenue_twd_thousand', 'interval 12 month', "vintage_kind <> 'reconstructed'"),
] -%}
statements as (

    {% for stated_in, column, later_by, is_stated in statements -%}
    select
        ticker,
        exchange,
        strftime(month_start_date - {{ later_by }}, '%Y-%m') as revenue_month,
        '{{ stated_in }}' as stated_in,
        {{ column }} as revenue_twd_thousand,
        vintage_kind,
        source_url,
        report_date,
        known_from
    from reports
    where {{ column }} is not null
        and {{ is_stated }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A report repeats its cells each time one of them changes; only a cell that says something new is a statement.
new_statements as (

    select *
    from statements
    where ticker in (select ticker from {{ ref('int_supplier_revenue__tickers') }})
    qualify revenue_twd_thousand is distinct from lag(revenue_twd_thousand) over (
        partition by ticker, revenue_month, exchange, stated_in
        order by report_date, known_from
    )

),

-- A company that moves from one market to the other keeps its ticker and its history.
with_first as (

    select
        *,
        first_value(revenue_twd_thousand) over by_knowledge as first_revenue_twd_thousand,
        first_value(stated_in) over by_knowledge as first_stated_in,
        first_value(vintage_kind) over by_knowledge as first_vintage_kind,
        first_value(known_from) over by_knowledge as first_known_from,
        row_number() over by_knowledge as statement_number
    from new_statements
    window by_knowledge as (
        partition by ticker, revenue_month
        order by known_from, report_date, list_position(['own_month', 'next_month', 'next_year'], stated_in), exchange
    )

)

select
    ticker,
    revenue_month,
    exchange,
    stated_in,
    first_stated_in,
    first_vintage_kind,
    source_url,
    first_revenue_twd_thousand,
    revenue_twd_thousand as restated_revenue_twd_thousand,
    revenue_twd_thousand - first_revenue_twd_thousand as revision_twd_thousand,
    round(
        100 * (revenue_twd_thousand - first_revenue_twd_thousand) / nullif(abs(first_revenue_twd_thousand), 0), 3
    ) as revision_pct,
    first_known_from as reported_from,
    known_from
from with_first
where statement_number > 1
