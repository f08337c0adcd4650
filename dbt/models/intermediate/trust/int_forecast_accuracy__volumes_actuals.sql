{#
    What the volumes forecasts can be held against, known by as_of: Amazon's own count and suppliers' own revenue, which are
    actual, and for packages, which nobody states, the estimates of others, agreement with which is no proof.
    first_known_from: when any value of the thing was first known; a forecast is out of sample only before that day.
#}
with landed as (

    select
        'landed_chips_stated' as target,
        generation as subject,
        {{ calendar_quarter('period_end') }} as period,
        value_units as actual_value,
        'units' as unit,
        root_id as actual_root_id,
        known_from as actual_known_from,
        min(known_from) over (partition by root_id) as first_known_from
    from {{ ref('int_volumes__statements') }}
    where is_used
        and evidence_kind = 'disclosure'
        -- A count at another day is not the count at the quarter's end.
        and period_end = date_trunc('quarter', period_end) + interval 3 month - interval 1 day

),

revenue_first_known as (

    select
        ticker,
        revenue_month,
        min(known_from) as first_known_from
    from {{ ref('int_supplier_revenue__claims') }}
    group by ticker, revenue_month

),

revenue as (

    select
        'supplier_revenue' as target,
        revenue.ticker as subject,
        revenue.revenue_month as period,
        revenue.revenue_twd_thousand / 1000 as actual_value,
        'twd_m' as unit,
        revenue.root_id as actual_root_id,
        revenue.known_from as actual_known_from,
        revenue_first_known.first_known_from
    from {{ ref('int_volumes__supplier_revenue') }} as revenue
    inner join revenue_first_known
        on revenue_first_known.ticker = revenue.ticker
        and revenue_first_known.revenue_month = revenue.revenue_month

),

epoch_quarters as (

    select
        *,
        min(known_from) over (partition by chip_type, period_end_date) as first_known_from
    from {{ ref('stg_epoch_chips__estimates') }}
    where designer_name = 'Amazon'
        and estimate_kind = 'sales'
        and period_kind = 'quarter'
        and chip_type is not null

),

epoch as (

    select
        'packages_in_quarter' as target,
        chip_type as subject,
        {{ calendar_quarter('period_end_date') }} as period,
        package_units_p50 as actual_value,
        'units' as unit,
        'epoch-ai-chip-estimates' as actual_root_id,
        known_from as actual_known_from,
        first_known_from
    from epoch_quarters
    where is_latest

),

analysts as (

    select
        'packages_in_year' as target,
        generation as subject,
        year(period_end)::varchar as period,
        value_units as actual_value,
        'units' as unit,
        root_id as actual_root_id,
        known_from as actual_known_from,
        known_from as first_known_from
    from {{ ref('int_volumes__statements') }}
    where is_used
        and evidence_kind = 'analyst_total'

),

actuals as (

    select * from landed
    union all by name
    select * from revenue
    union all by name
    select * from epoch
    union all by name
    select * from analysts

)

select
    'volumes' as engine,
    *,
    null::double as censored_at_value,
    null::varchar as actual_flag
from actuals
