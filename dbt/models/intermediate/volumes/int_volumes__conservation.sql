{#
    The identity of every draw and quarter, cumulatively: packages = racks x chips per rack + scrapped + work in
    progress, and installed chips never exceed racked ones. Work in progress below zero would be chips from nowhere.
#}
with running as (

    select
        draws.sku_id,
        sum(draws.package_units) over so_far as package_units,
        sum(draws.scrapped_package_units) over so_far as scrapped_package_units,
        sum(draws.rack_units) over so_far * chips_per_rack.value as racked_chip_units,
        sum(draws.installed_chip_units) over so_far as installed_chip_units
    from {{ ref('int_volumes__draws') }} as draws
    inner join {{ ref('stg_assumptions') }} as chips_per_rack
        on chips_per_rack.engine = 'volumes'
        and chips_per_rack.subject = draws.sku_id
        and chips_per_rack.parameter = 'chips_per_rack'
    window so_far as (
        partition by draws.sku_id, draws.draw_id
        order by draws.quarter_start_date
        rows between unbounded preceding and current row
    )

)

select
    sku_id,
    max(racked_chip_units - package_units + scrapped_package_units) as largest_racked_excess_units,
    max(installed_chip_units - racked_chip_units) as largest_installed_excess_units
from running
group by sku_id
