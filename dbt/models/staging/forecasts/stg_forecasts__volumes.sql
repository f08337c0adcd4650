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

        -- booleans
        {{ field('is_point_forecast', 'boolean') }},

        -- numerics
        {{ field('horizon_months', 'integer') }},
        {{ field('p01', 'double', 'forecast_value_p01') }},
        {{ field('p05', 'double', 'forecast_value_p05') }},
        {{ field('p10', 'double', 'forecast_value_p10') }},
        {{ field('p15', 'double', 'forecast_value_p15') }},
        {{ field('p20', 'double', 'forecast_value_p20') }},
        {{ field('p25', 'double', 'forecast_value_p25') }},
        {{ field('p30', 'double', 'forecast_value_p30') }},
        {{ field('p35', 'double', 'forecast_value_p35') }},
        {{ field('p40', 'double', 'forecast_value_p40') }},
        {{ field('p45', 'double', 'forecast_value_p45') }},
        {{ field('p50', 'double', 'forecast_value_p50') }},
        {{ field('p55', 'double', 'forecast_value_p55') }},
        {{ field('p60', 'double', 'forecast_value_p60') }},
        {{ field('p65', 'double', 'forecast_value_p65') }},
        {{ field('p70', 'double', 'forecast_value_p70') }},
        {{ field('p75', 'double', 'forecast_value_p75') }},
        {{ field('p80', 'double', 'forecast_value_p80') }},
        {{ field('p85', 'double', 'forecast_value_p85') }},
        {{ field('p90', 'double', 'forecast_value_p90') }},
        {{ field('p95', 'double', 'forecast_value_p95') }},
        {{ field('p99', 'double', 'forecast_value_p99') }},

        -- dates: what it knew, and when it was computed
        {{ field('period_end_date', 'date') }},
        {{ field('forecast_as_of', 'date') }},
        {{ field('made_on', 'date') }},
        made_on > forecast_as_of as is_reconstructed,
        forecast_as_of::date as known_from

    from source

)

select * from renamed
