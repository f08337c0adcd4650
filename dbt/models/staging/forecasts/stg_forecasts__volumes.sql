{#
    Our dated forecasts and the rivals', by the day whose knowledge they rest on: an as-of build sees those of its past. The
    newest run of the back-test counts, since each says again what would have been said.
#}
with source as (

    select * from {{ source('raw', 'forecasts_volumes__forecasts') }}
    where (_sha256, _part) in ({{ latest_content('forecasts_volumes', 'forecasts') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        'volumes' as engine,
        {{ field('target', 'varchar') }},
        {{ field('subject', 'varchar') }},
        {{ field('period', 'varchar') }},
        {{ field('forecaster', 'varchar') }},

        -- text
        {{ field('unit', 'varchar') }},
        -- What a forecast will be held against: the thing itself, or only somebody else's estimate of it.
        case when target in ('landed_chips_stated', 'supplier_revenue') then 'actual' else 'reference' end as target_kind,
        -- Subjects differ in size by orders of magnitude: their scores are pooled in percent of the outcome.
        'relative' as score_scale,

        -- booleans
        {{ field('is_point_forecast', 'boolean') }},

        -- numerics
        {{ field('horizon_months', 'integer') }},
        {{ forecast_quantiles() }},

        -- dates: what it knew, and when it was computed
        {{ field('period_end_date', 'date') }},
        {{ field('forecast_as_of', 'date') }},
        {{ field('made_on', 'date') }},
        made_on > forecast_as_of as is_reconstructed,
        forecast_as_of::date as known_from

    from source

)

select * from renamed
