with scores as (

    select * from {{ ref('forecast_accuracy') }}
    where score_basis <> 'open'

),

compared as (

    select
        scores.*,
        ours.crps_pct as gigawatch_crps_pct
    from scores
    left join scores as ours
        on ours.engine = scores.engine
        and ours.target = scores.target
        and ours.subject = scores.subject
        and ours.period = scores.period
        and ours.forecast_as_of = scores.forecast_as_of
        and ours.actual_root_id = scores.actual_root_id
        and ours.forecaster = 'gigawatch'

)

select
    engine,
    target,
    target_kind,
    score_basis,
    coalesce(subject, '(all)') as subject,
    coalesce(horizon_months::varchar, '(all)') as horizon,
    forecaster,
    count(*) as n_forecasts,
    avg(crps_pct) as crps_pct_mean,
    avg(100 * pinball_loss_value / nullif(actual_value, 0)) as pinball_loss_pct_mean,
    avg(error_pct) as error_pct_mean,
    avg(abs(error_pct)) as absolute_error_pct_mean,
    avg(is_inside_p05_p95::integer) as inside_p05_p95_share,
    avg(is_inside_p10_p90::integer) as inside_p10_p90_share,
    count(gigawatch_crps_pct) as n_in_common,
    avg(gigawatch_crps_pct) as gigawatch_crps_pct_mean,
    avg(crps_pct) filter (where gigawatch_crps_pct is not null)
        / nullif(avg(gigawatch_crps_pct), 0) as crps_ratio_to_gigawatch,
    case
        when forecaster <> 'gigawatch' then avg((gigawatch_crps_pct < crps_pct)::integer)
    end as gigawatch_win_share,
    {{ as_of_date() }} as as_of_date,
    'forecast-accuracy-1' as methodology_version
from compared
group by
    engine,
    target,
    target_kind,
    score_basis,
    forecaster,
    grouping sets ((), (subject), (horizon_months))
