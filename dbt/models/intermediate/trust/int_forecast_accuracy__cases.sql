{#
    Every forecast beside what became of it. The tables of the engines have equal columns: a further engine adds its name.
#}
{% set engines = ['volumes', 'capacity'] %}

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
    -- What has not happened by then; a forecast made from that very vintage is not censored by it but open.
    case
        when actuals.censored_at_value > forecasts.forecast_as_of - date '2020-01-01' then actuals.censored_at_value
    end as censored_at_value,
    coalesce(case when rescoped.subject is not null then 'rescoped' end, actuals.actual_flag) as score_flag,
    case
        when actuals.actual_value is null
            and actuals.censored_at_value > forecasts.forecast_as_of - date '2020-01-01' then 'censored'
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
left join {{ ref('int_forecast_accuracy__capacity_rescoped') }} as rescoped
    on forecasts.engine = 'capacity'
    and rescoped.subject = forecasts.subject
    and rescoped.forecast_as_of = forecasts.forecast_as_of
