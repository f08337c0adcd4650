{#
    Intervals of content, billed units and implied revenue, and of the part of a supplier's growth on the year before that
    Trainium explains: change of implied revenue within a draw over change of reported revenue. Only where the supplier
    grew; a share of a fall is no share.
#}
with grown as (

    select
        now.ticker,
        now.sku_id,
        now.quarter_start_date,
        now.draw_id,
        (now.implied_revenue_usd_m - year_before.implied_revenue_usd_m) / revenue.supplier_revenue_yoy_usd_m as growth_share
    from {{ ref('int_exposure__draws') }} as now
    inner join {{ ref('int_exposure__revenue') }} as revenue
        on revenue.ticker = now.ticker
        and revenue.quarter_start_date = now.quarter_start_date
        and revenue.revenue_growth_status = 'growing'
    inner join {{ ref('int_exposure__draws') }} as year_before
        on year_before.ticker = now.ticker
        and year_before.sku_id = now.sku_id
        and year_before.draw_id = now.draw_id
        and year_before.quarter_start_date = now.quarter_start_date - interval 1 year

),

growth as (

    select
        ticker,
        sku_id,
        quarter_start_date,
        quantile_cont(growth_share, [0.05, 0.5, 0.95]) as growth_share
    from grown
    group by ticker, sku_id, quarter_start_date

),

levels as (

    select
        sku_level,
        ticker,
        generation,
        sku_id,
        content_unit,
        quarter_start_date,
        quantile_cont(content_usd_per_unit, [0.05, 0.5, 0.95]) as content_usd_per_unit,
        quantile_cont(billed_units, [0.05, 0.5, 0.95]) as billed_units,
        quantile_cont(implied_revenue_usd_m, [0.05, 0.5, 0.95]) as implied_revenue_usd_m
    from {{ ref('int_exposure__draws') }}
    group by sku_level, ticker, generation, sku_id, content_unit, quarter_start_date

)

select
    levels.sku_level,
    levels.ticker,
    levels.generation,
    levels.sku_id,
    levels.content_unit,
    levels.quarter_start_date,
    {% for measure in ['levels.content_usd_per_unit', 'levels.billed_units', 'levels.implied_revenue_usd_m', 'growth.growth_share'] -%}
    {% for position, quantile in [(1, 'p05'), (2, 'p50'), (3, 'p95')] -%}
    {{ measure }}[{{ position }}] as {{ measure.split('.')[1] }}_{{ quantile }},
    {% endfor -%}
    {% endfor -%}
    growth.growth_share is not null as has_growth_share
from levels
left join growth
    on growth.ticker = levels.ticker
    and growth.sku_id = levels.sku_id
    and growth.quarter_start_date = levels.quarter_start_date
