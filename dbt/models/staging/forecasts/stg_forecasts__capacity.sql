{#
    Our dated forecasts of sites and the rivals', by the day whose knowledge they rest on: an as-of build sees those of its past. The
    newest run of the back-test counts, since each says again what would have been said.
#}
with source as (

    select * from {{ source('raw', 'forecasts_capacity__forecasts') }}
    where (_sha256, _part) in ({{ latest_content('forecasts_capacity', 'forecasts') }})
        and {{ known_by_as_of('_known_from') }}

),

renamed as (

    select
        -- ids
        'capacity' as engine,
        {{ field('target', 'varchar') }},
        {{ field('subject', 'varchar') }},
        {{ field('period', 'varchar') }},
        {{ field('forecaster', 'varchar') }},

        -- text
        {{ field('unit', 'varchar') }},
        'actual' as target_kind,
        -- Percent mean nothing of a date or of a site without power: scores of sites are pooled in their unit.
        case when target = 'all_sites_facility_mw' then 'relative' else 'absolute' end as score_scale,

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
