{# Farther away a plant serves the grid, not the campus; a turbine behind the meter stands on the site or beside it. #}
{%- set within_km = 30 %}
{%- set km_per_degree = 111.2 %}
with campuses as (

    select
        campus_id,
        latitude,
        longitude
    from {{ ref('stg_evidence__campuses') }}
    where country = 'US'
        and latitude is not null
        and longitude is not null

),

generators as (

    select *
    from {{ ref('stg_eia_860m__generators') }}
    where is_latest
        and latitude is not null
        and longitude is not null

),

pairs as (

    select
        campuses.campus_id,
        generators.inventory_sheet,
        generators.plant_id,
        generators.generator_id,
        generators.plant_name,
        generators.entity_name,
        generators.technology,
        generators.energy_source_code,
        generators.prime_mover_code,
        generators.status_code,
        generators.is_under_construction,
        generators.nameplate_capacity_mw,
        generators.planned_operation_month,
        generators.planned_operation_year,
        generators.operating_month,
        generators.inventory_month,
        generators.source_url,
        generators.known_from,
        -- Haversine on a sphere of 6371 km: off by less than half a percent, the coordinates of plants by more.
        2 * 6371 * asin(least(1, sqrt(
            sin(radians(generators.latitude - campuses.latitude) / 2) ** 2
            + cos(radians(campuses.latitude)) * cos(radians(generators.latitude))
            * sin(radians(generators.longitude - campuses.longitude) / 2) ** 2
        ))) as distance_km
    from campuses
    -- The band of latitudes first: it spares the sines of most pairs.
    inner join generators
        on generators.latitude between campuses.latitude - {{ within_km }} / {{ km_per_degree }} - 0.01
            and campuses.latitude + {{ within_km }} / {{ km_per_degree }} + 0.01

)

select * from pairs
where distance_km <= {{ within_km }}
