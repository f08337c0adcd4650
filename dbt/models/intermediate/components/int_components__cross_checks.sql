{#
    What others publish on Trainium's CoWoS wafers in a calendar year, beside what our volumes and bill of materials give
    for that year. The published figures are not used anywhere: this is a comparison, and `scope` says what each counts.
#}
with published as (

    select
        estimate_id,
        case when sku ilike 'Trainium2%' then 'Trainium2' else sku end as generation,
        period_start,
        period_end,
        value as published_wafer_units,
        sku as scope,
        publisher,
        source_url,
        root_id,
        known_from
    from {{ ref('stg_evidence__volume_estimates') }}
    where accelerator_family = 'Trainium'
        and metric = 'cowos_wafers'
        and basis_class <> 'recall'
        and value > 0

),

years as (

    select
        published.estimate_id,
        draws.draw_id,
        case when count(*) = count(draws.cowos_wafers) then sum(draws.cowos_wafers) end as wafer_units
    from published
    inner join {{ ref('int_components__level_draws') }} as draws
        on draws.sku_level = 'generation'
        and draws.generation = published.generation
        and draws.quarter_start_date between published.period_start and published.period_end
    group by published.estimate_id, draws.draw_id

)

select
    published.*,
    quantile_cont(years.wafer_units, 0.05) as wafer_units_p05,
    quantile_cont(years.wafer_units, 0.50) as wafer_units_p50,
    quantile_cont(years.wafer_units, 0.95) as wafer_units_p95
from published
left join years
    on years.estimate_id = published.estimate_id
group by all
