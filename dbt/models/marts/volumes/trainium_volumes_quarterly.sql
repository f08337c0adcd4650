with engine_report as (

    select max(n_effective_draws) as n_effective_draws
    from {{ ref('int_volumes__posterior') }}

)

select
    levels.sku_id,
    levels.sku_level,
    {{ calendar_quarter('levels.quarter_start_date') }} as calendar_quarter,
    levels.quarter_start_date,
    levels.generation,
    skus.accelerator_id,
    skus.system_id,
    skus.aws_name,
    skus.industry_codename,
    {% for measure in [
        'package_units', 'rack_units', 'installed_chip_units',
        'package_units_cumulative', 'rack_units_cumulative', 'installed_chip_units_cumulative', 'work_in_progress_units',
        'low_scenario_package_units', 'low_scenario_rack_units', 'low_scenario_installed_chip_units',
        'high_scenario_package_units', 'high_scenario_rack_units', 'high_scenario_installed_chip_units'
    ] -%}
    levels.{{ measure }}_p05,
    levels.{{ measure }}_p50,
    levels.{{ measure }}_p95,
    {% endfor -%}
    {% for lag in ['package_to_rack_lag_months', 'rack_to_installed_lag_months'] -%}
    lags.{{ lag }}_p05,
    lags.{{ lag }}_p50,
    lags.{{ lag }}_p95,
    {% endfor -%}
    {% for measure in ['package_units_cumulative', 'installed_chip_units_cumulative'] -%}
    undisclosed.{{ measure }}_p05 as without_disclosure_{{ measure }}_p05,
    undisclosed.{{ measure }}_p50 as without_disclosure_{{ measure }}_p50,
    undisclosed.{{ measure }}_p95 as without_disclosure_{{ measure }}_p95,
    {% endfor -%}
    case
        when levels.quarter_start_date + interval 3 month <= {{ as_of_date() }} then 'estimated'
        when levels.quarter_start_date <= {{ as_of_date() }} then 'nowcast'
        else 'forecast'
    end as value_kind,
    case when levels.is_before_first_package then 'known_zero' else 'known' end as coverage_status,
    roots.is_anchored_on_disclosure,
    roots.anchored_on_roots,
    roots.n_sources,
    roots.n_independent_roots,
    roots.n_supplier_signals,
    engine_report.n_effective_draws,
    {{ as_of_date() }} as as_of_date,
    'volumes-3' as methodology_version
from {{ ref('int_volumes__level_quantiles') }} as levels
cross join engine_report
inner join {{ ref('int_volumes__roots') }} as roots
    on roots.generation = levels.generation
    and roots.quarter_start_date = levels.quarter_start_date
left join {{ ref('dim_system_sku') }} as skus
    on skus.sku_id = levels.sku_id
-- The family has no delay of its own: its generations differ.
left join {{ ref('int_volumes__lags') }} as lags
    on lags.generation = levels.generation
-- Nobody counts SKUs, so a run without the count speaks of generations and of all together.
left join {{ ref('int_volumes__without_disclosure') }} as undisclosed
    on undisclosed.generation = levels.generation
    and undisclosed.quarter_start_date::date = levels.quarter_start_date
    and levels.sku_level <> 'sku'
