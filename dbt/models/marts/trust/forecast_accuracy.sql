with scores as (

    select
        *,
        -- The best rival in hindsight: a hard yardstick, since nobody knew beforehand which rival would be best.
        min(crps_value) filter (where forecaster::varchar not like 'gigawatch%') over one_case as best_rival_crps_value,
        arg_min(forecaster, crps_value) filter (where forecaster::varchar not like 'gigawatch%') over one_case as best_rival,
        -- A date has no natural zero, so percent of it mean nothing.
        case when unit::varchar <> 'days' then nullif(actual_value, 0) end as percent_base_value
    from {{ ref('int_forecast_accuracy__scores') }}
    window one_case as (partition by engine, target, subject, period, forecast_as_of, actual_root_id)

)

-- Typed one by one: Python hands an empty early build over without types.
select
    engine::varchar as engine,
    target::varchar as target,
    target_kind::varchar as target_kind,
    subject::varchar as subject,
    period::varchar as period,
    period_end_date::date as period_end_date,
    horizon_months::integer as horizon_months,
    forecaster::varchar as forecaster,
    forecast_as_of::date as forecast_as_of,
    made_on::date as made_on,
    is_reconstructed::boolean as is_reconstructed,
    is_point_forecast::boolean as is_point_forecast,
    score_basis::varchar as score_basis,
    score_flag::varchar as score_flag,
    score_scale::varchar as score_scale,
    unit::varchar as unit,
    p05 as forecast_value_p05,
    p10 as forecast_value_p10,
    p50 as forecast_value_p50,
    p90 as forecast_value_p90,
    p95 as forecast_value_p95,
    actual_value,
    actual_root_id::varchar as actual_root_id,
    actual_known_from::date as actual_known_from,
    censored_at_value::double as censored_at_value,
    error_value,
    100 * error_value / percent_base_value as error_pct,
    crps_value,
    100 * crps_value / percent_base_value as crps_pct,
    crps_to_date_value,
    pinball_loss_value,
    is_inside_p05_p95::boolean as is_inside_p05_p95,
    is_inside_p10_p90::boolean as is_inside_p10_p90,
    best_rival::varchar as best_rival,
    crps_value / nullif(best_rival_crps_value, 0) as crps_ratio_to_best_rival,
    {{ as_of_date() }} as as_of_date,
    'forecast-accuracy-2' as methodology_version
from scores
