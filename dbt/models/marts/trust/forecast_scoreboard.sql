with scores as (

    select
        *,
        -- What has not happened yet belongs to what was foreseen: it counts where a score allows for it.
        case score_basis when 'censored' then 'out_of_sample' else score_basis end as board_basis,
        case when score_scale = 'relative' then crps_pct else crps_value end as pooled_crps
    from {{ ref('forecast_accuracy') }}
    where score_basis <> 'open'

),

compared as (

    select
        scores.*,
        ours.crps_pct as gigawatch_crps_pct,
        ours.crps_value as gigawatch_crps_value,
        ours.pooled_crps as gigawatch_pooled_crps,
        ours.crps_to_date_value as gigawatch_crps_to_date_value
    from scores
    left join scores as ours
        on ours.engine = scores.engine
        and ours.target = scores.target
        and ours.subject = scores.subject
        and ours.period = scores.period
        and ours.forecast_as_of = scores.forecast_as_of
        and ours.actual_root_id = scores.actual_root_id
        and ours.forecaster = 'gigawatch'

),

-- Once with everything, and for targets of which some rows are doubtful once more without these.
sampled as (

    select
        *,
        'all' as sample
    from compared
    union all
    select
        *,
        'unflagged' as sample
    from compared
    qualify bool_or(score_flag is not null) over (partition by engine, target)

)

select
    engine,
    target,
    target_kind,
    score_basis,
    sample,
    coalesce(subject, '(all)') as subject,
    coalesce(horizon_months::varchar, '(all)') as horizon,
    coalesce(forecast_as_of::varchar, '(all)') as forecast_day,
    forecaster,
    unit,
    score_scale,
    count(actual_value) as n_forecasts,
    count(distinct scored_subject) as n_subjects,
    count(*) filter (where actual_value is null) as n_censored,
    avg(crps_pct) filter (where score_scale = 'relative') as crps_pct_mean,
    avg(100 * pinball_loss_value / nullif(actual_value, 0)) filter (where score_scale = 'relative')
        as pinball_loss_pct_mean,
    avg(error_pct) filter (where score_scale = 'relative') as error_pct_mean,
    avg(abs(error_pct)) filter (where score_scale = 'relative') as absolute_error_pct_mean,
    avg(crps_value) filter (where score_scale = 'absolute') as crps_value_mean,
    avg(pinball_loss_value) filter (where score_scale = 'absolute') as pinball_loss_value_mean,
    avg(error_value) filter (where score_scale = 'absolute') as error_value_mean,
    avg(abs(error_value)) filter (where score_scale = 'absolute') as absolute_error_value_mean,
    avg(crps_to_date_value) as crps_to_date_value_mean,
    avg(is_inside_p05_p95::integer) as inside_p05_p95_share,
    avg(is_inside_p10_p90::integer) as inside_p10_p90_share,
    count(gigawatch_crps_value) as n_in_common,
    avg(gigawatch_crps_pct) filter (where score_scale = 'relative') as gigawatch_crps_pct_mean,
    avg(gigawatch_crps_value) filter (where score_scale = 'absolute') as gigawatch_crps_value_mean,
    avg(pooled_crps) filter (where gigawatch_pooled_crps is not null)
        / nullif(avg(gigawatch_pooled_crps), 0) as crps_ratio_to_gigawatch,
    avg(crps_to_date_value) filter (where gigawatch_crps_to_date_value is not null)
        / nullif(avg(gigawatch_crps_to_date_value), 0) as crps_to_date_ratio_to_gigawatch,
    case
        when forecaster <> 'gigawatch' then avg((gigawatch_pooled_crps < pooled_crps)::integer)
    end as gigawatch_win_share,
    {{ as_of_date() }} as as_of_date,
    'forecast-accuracy-2' as methodology_version
from (
    select
        * exclude (score_basis),
        board_basis as score_basis,
        case when actual_value is not null then subject end as scored_subject
    from sampled
    where sample = 'all' or score_flag is null
)
group by
    engine,
    target,
    target_kind,
    score_basis,
    sample,
    forecaster,
    unit,
    score_scale,
    grouping sets ((), (subject), (horizon_months), (forecast_as_of))
