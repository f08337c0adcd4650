-- Rent against cost, one row per accelerator, kind of owner, tier, contract and week. The vintage is the one whose year
-- fits the price, or the nearest that has a cost; the price is a point, so the interval of the margin is that of the cost.
with vintages as (

    select
        subject as assumption_vintage,
        value::integer as cutoff_year
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'price_cutoff_year'

),

costs as (

    select
        costs.*,
        vintages.cutoff_year,
        systems.dense_fp16_tflops,
        systems.memory_bandwidth_tb_per_s,
        systems.capex_basis,
        systems.is_derived_bound,
        systems.known_from
    from {{ ref('int_tco__rental_costs') }} as costs
    inner join vintages using (assumption_vintage)
    inner join {{ ref('int_tco__rented_systems') }} as systems using (system_id, assumption_vintage)

),

fitting as (

    select
        rents.accelerator_id,
        rents.buyer_class,
        rents.price_tier,
        rents.purchase_model,
        rents.week_start_date,
        rents.price_usd_per_accelerator_hour,
        rents.price_usd_per_accelerator_hour_low,
        rents.price_usd_per_accelerator_hour_high,
        rents.n_prices,
        rents.n_providers,
        rents.providers,
        rents.is_accelerator_assumed,
        rents.is_redistributable,
        rents.source_url,
        costs.* exclude (accelerator_id, buyer_class, price_tier, known_from),
        year(rents.week_start_date) - costs.cutoff_year as vintage_gap_years,
        greatest(rents.known_from, costs.known_from) as known_from
    from {{ ref('int_rental_prices__weekly') }} as rents
    inner join costs using (accelerator_id, buyer_class, price_tier)
    qualify row_number() over (
        partition by
            rents.accelerator_id, rents.buyer_class, rents.price_tier, rents.purchase_model, rents.week_start_date
        order by abs(year(rents.week_start_date) - costs.cutoff_year), costs.cutoff_year
    ) = 1

)

select
    accelerator_id,
    buyer_class,
    price_tier,
    purchase_model,
    week_start_date,
    system_id,
    assumption_vintage,
    vintage_gap_years,
    price_usd_per_accelerator_hour,
    price_usd_per_accelerator_hour_low,
    price_usd_per_accelerator_hour_high,
    n_prices,
    n_providers,
    providers,
    tco_usd_per_chip_hour_p05,
    tco_usd_per_chip_hour_p50,
    tco_usd_per_chip_hour_p95,
    sold_hours_share_p05,
    sold_hours_share_p50,
    sold_hours_share_p95,
    tco_usd_per_sold_chip_hour_p05,
    tco_usd_per_sold_chip_hour_p50,
    tco_usd_per_sold_chip_hour_p95,
    price_usd_per_accelerator_hour - tco_usd_per_sold_chip_hour_p95 as margin_usd_per_sold_chip_hour_p05,
    price_usd_per_accelerator_hour - tco_usd_per_sold_chip_hour_p50 as margin_usd_per_sold_chip_hour_p50,
    price_usd_per_accelerator_hour - tco_usd_per_sold_chip_hour_p05 as margin_usd_per_sold_chip_hour_p95,
    100 * (1 - tco_usd_per_sold_chip_hour_p95 / price_usd_per_accelerator_hour) as margin_pct_p05,
    100 * (1 - tco_usd_per_sold_chip_hour_p50 / price_usd_per_accelerator_hour) as margin_pct_p50,
    100 * (1 - tco_usd_per_sold_chip_hour_p05 / price_usd_per_accelerator_hour) as margin_pct_p95,
    price_usd_per_accelerator_hour / renter_useful_hours_share_p95 as renter_usd_per_useful_chip_hour_p05,
    price_usd_per_accelerator_hour / renter_useful_hours_share_p50 as renter_usd_per_useful_chip_hour_p50,
    price_usd_per_accelerator_hour / renter_useful_hours_share_p05 as renter_usd_per_useful_chip_hour_p95,
    1000 * price_usd_per_accelerator_hour / (dense_fp16_tflops * mfu_share_p95)
        as renter_usd_per_effective_pflop_hour_p05,
    1000 * price_usd_per_accelerator_hour / (dense_fp16_tflops * mfu_share_p50)
        as renter_usd_per_effective_pflop_hour_p50,
    1000 * price_usd_per_accelerator_hour / (dense_fp16_tflops * mfu_share_p05)
        as renter_usd_per_effective_pflop_hour_p95,
    price_usd_per_accelerator_hour / memory_bandwidth_tb_per_s as renter_usd_per_tb_per_s_hour,
    capex_basis,
    is_derived_bound,
    is_accelerator_assumed,
    is_redistributable,
    'estimated' as value_kind,
    source_url,
    known_from,
    {{ as_of_date() }} as as_of_date,
    'rental-1' as methodology_version
from fitting
