{#
    What others print for a whole calendar year, beside the year's sum of the quarterly series (summed draw by draw). A claim
    for a year is never cut into quarters; is_inside says whether it lies in the series' 90% interval.
#}
with claims as (

    select
        estimate_id,
        publisher,
        year(period_start) as calendar_year,
        case accelerator_family when 'TPU' then 'Google' when 'Nvidia DC GPU' then 'Nvidia' end as designer,
        nullif(regexp_extract(sku, 'bought by (\w+)', 1), '') as buyer,
        case when sku ilike 'hopper%' then 'h100-h200' end as accelerator,
        value as units,
        root_id,
        known_from
    from {{ ref('stg_evidence__volume_estimates') }}
    where period_type = 'year'
        and metric = 'chips'
        and basis_class <> 'recall'
        and (
            (accelerator_family in ('TPU', 'Nvidia DC GPU') and sku = 'all')
            or sku ilike 'hopper bought by %'
        )

),

years as (

    select
        claims.estimate_id,
        draws.draw_id,
        sum(draws.units) as units,
        count(distinct draws.quarter_start_date) as n_quarters
    from claims
    inner join {{ ref('int_purchases__draws') }} as draws
        on draws.designer = claims.designer
        and year(draws.quarter_start_date) = claims.calendar_year
        and draws.buyer is not distinct from claims.buyer
        and (claims.accelerator is null or draws.accelerator = claims.accelerator)
    group by all

)

select
    claims.estimate_id,
    claims.publisher,
    claims.calendar_year,
    claims.designer,
    claims.accelerator,
    claims.buyer,
    claims.units as claimed_units,
    quantile_cont(years.units, 0.05) as series_units_p05,
    quantile_cont(years.units, 0.50) as series_units_p50,
    quantile_cont(years.units, 0.95) as series_units_p95,
    max(years.n_quarters) as n_quarters,
    -- The series must have the whole year before it can be held against a claim for it.
    case
        when max(years.n_quarters) = 4
            then claims.units between quantile_cont(years.units, 0.05) and quantile_cont(years.units, 0.95)
    end as is_inside,
    claims.root_id,
    claims.known_from
from claims
inner join years
    on years.estimate_id = claims.estimate_id
group by claims.estimate_id, claims.publisher, claims.calendar_year, claims.designer, claims.accelerator, claims.buyer,
    claims.units, claims.root_id, claims.known_from
