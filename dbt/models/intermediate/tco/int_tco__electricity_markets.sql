-- Grain: US state. Its industrial electricity price over the US average of the same year, both from the same table, so
-- that a change of the price level over the years does not pass for a difference between places.
with prices as (

    select
        market_or_scope as market,
        value as usd_per_kwh,
        year(coalesce(published_date, known_from)) as price_year,
        parameter_id,
        source_url,
        known_from
    from {{ ref('stg_evidence__opex_parameters') }}
    where parameter = 'electricity_price_industrial'
        and unit = 'USD/kWh'
        and basis_class <> 'recall'
        and value > 0

),

us as (

    select *
    from prices
    where market = 'US average'
    qualify row_number() over (partition by price_year order by known_from desc, parameter_id) = 1

)

select
    prices.market,
    prices.price_year,
    prices.usd_per_kwh,
    us.usd_per_kwh as us_usd_per_kwh,
    prices.usd_per_kwh / us.usd_per_kwh as price_to_us_ratio,
    [prices.parameter_id, us.parameter_id] as evidence_ids,
    prices.source_url,
    greatest(prices.known_from, us.known_from) as known_from
from prices
inner join us using (price_year)
where prices.market <> 'US average'
qualify row_number() over (partition by prices.market order by prices.price_year desc, prices.parameter_id) = 1
