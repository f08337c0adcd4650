{#
    Intervals at three levels: SKU, generation, all Trainium. Each level is summed within a draw first: a quantile of a
    sum is not a sum of quantiles. A scenario is a part of the draws (int_volumes__scenarios).
#}
with draws as (

    select
        draws.sku_id,
        skus.generation,
        draws.quarter_start_date::date as quarter_start_date,
        draws.draw_id,
        draws.package_units,
        draws.rack_units,
        draws.installed_chip_units,
        -- Usable packages that are in no rack yet; summed up to a quarter it is the stock between the two stages.
        draws.package_units - draws.scrapped_package_units - draws.rack_units * chips_per_rack.value
            as work_in_progress_change_units,
        scenarios.scenario
    from {{ ref('int_volumes__draws') }} as draws
    inner join {{ ref('int_volumes__skus') }} as skus
        on skus.sku_id = draws.sku_id
    inner join {{ ref('int_volumes__scenarios') }} as scenarios
        on scenarios.draw_id = draws.draw_id
    inner join {{ ref('stg_assumptions') }} as chips_per_rack
        on chips_per_rack.engine = 'volumes'
        and chips_per_rack.subject = draws.sku_id
        and chips_per_rack.parameter = 'chips_per_rack'

),

levels as (

    select
        'sku' as sku_level,
        sku_id,
        generation,
        quarter_start_date,
        draw_id,
        scenario,
        package_units,
        rack_units,
        installed_chip_units,
        work_in_progress_change_units
    from draws
    union all
    select
        'generation' as sku_level,
        'all:' || generation as sku_id,
        generation,
        quarter_start_date,
        draw_id,
        any_value(scenario) as scenario,
        sum(package_units) as package_units,
        sum(rack_units) as rack_units,
        sum(installed_chip_units) as installed_chip_units,
        sum(work_in_progress_change_units) as work_in_progress_change_units
    from draws
    group by generation, quarter_start_date, draw_id
    union all
    select
        'family' as sku_level,
        'all:Trainium' as sku_id,
        'all' as generation,
        quarter_start_date,
        draw_id,
        any_value(scenario) as scenario,
        sum(package_units) as package_units,
        sum(rack_units) as rack_units,
        sum(installed_chip_units) as installed_chip_units,
        sum(work_in_progress_change_units) as work_in_progress_change_units
    from draws
    group by quarter_start_date, draw_id

),

running as (

    select
        *,
        sum(package_units) over so_far as package_units_cumulative,
        sum(rack_units) over so_far as rack_units_cumulative,
        sum(installed_chip_units) over so_far as installed_chip_units_cumulative,
        -- Rounding may leave a stock of minus some millionths of a chip.
        greatest(sum(work_in_progress_change_units) over so_far, 0) as work_in_progress_units
    from levels
    window so_far as (
        partition by sku_id, draw_id
        order by quarter_start_date
        rows between unbounded preceding and current row
    )

)

select
    sku_level,
    sku_id,
    generation,
    quarter_start_date,
    {% for measure in [
        'package_units', 'rack_units', 'installed_chip_units',
        'package_units_cumulative', 'rack_units_cumulative', 'installed_chip_units_cumulative', 'work_in_progress_units'
    ] -%}
    quantile_cont({{ measure }}, 0.05) as {{ measure }}_p05,
    quantile_cont({{ measure }}, 0.50) as {{ measure }}_p50,
    quantile_cont({{ measure }}, 0.95) as {{ measure }}_p95,
    {% endfor -%}
    {% for scenario in ['low', 'high'] -%}
    {% for measure in ['package_units', 'rack_units', 'installed_chip_units'] -%}
    quantile_cont({{ measure }}, 0.05) filter (where scenario = '{{ scenario }}') as {{ scenario }}_scenario_{{ measure }}_p05,
    quantile_cont({{ measure }}, 0.50) filter (where scenario = '{{ scenario }}') as {{ scenario }}_scenario_{{ measure }}_p50,
    quantile_cont({{ measure }}, 0.95) filter (where scenario = '{{ scenario }}') as {{ scenario }}_scenario_{{ measure }}_p95,
    {% endfor -%}
    {% endfor -%}
    max(package_units_cumulative) = 0 as is_before_first_package
from running
group by sku_level, sku_id, generation, quarter_start_date
