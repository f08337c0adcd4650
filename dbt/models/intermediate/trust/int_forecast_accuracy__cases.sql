{#
    Every forecast beside what became of it. The tables of the engines have equal columns: a further engine adds its name.
#}
{% set engines = ['volumes'] %}

with forecasts as (

    {% for engine in engines -%}
    select * from {{ ref('stg_forecasts__' ~ engine) }}
    {{ 'union all by name' if not loop.last }}
    {% endfor %}

),

actuals as (

    {% for engine in engines -%}
    select * from {{ ref('int_forecast_accuracy__' ~ engine ~ '_actuals') }}
    {{ 'union all by name' if not loop.last }}
    {% endfor %}

)

select
    forecasts.*,
    actuals.actual_value::double as actual_value,
    coalesce(actuals.actual_root_id, '(none)') as actual_root_id,
    actuals.actual_known_from::date as actual_known_from,
    case
        when actuals.actual_value is null then 'open'
        when actuals.first_known_from > forecasts.forecast_as_of then 'out_of_sample'
        else 'in_sample'
    end as score_basis
from forecasts
left join actuals
    on actuals.engine = forecasts.engine
    and actuals.target = forecasts.target
    and actuals.subject = forecasts.subject
    and actuals.period = forecasts.period
    and actuals.unit = forecasts.unit
