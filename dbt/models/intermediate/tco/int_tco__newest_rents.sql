-- Grain: accelerator, kind of owner, tier and contract: the newest week's price, unless it is too old to be one of today.
select
    rents.accelerator_id,
    rents.buyer_class,
    rents.price_tier,
    rents.purchase_model,
    rents.price_usd_per_accelerator_hour as rent_usd_per_chip_hour,
    rents.week_start_date,
    rents.n_prices,
    rents.n_providers,
    rents.is_redistributable,
    rents.is_accelerator_assumed,
    rents.known_from
from {{ ref('int_rental_prices__weekly') }} as rents
inner join {{ ref('stg_assumptions') }} as assumptions
    on assumptions.engine = 'tco'
    and assumptions.subject = '*'
    and assumptions.parameter = 'rent_newest_days'
where {{ as_of_date() }} - rents.week_start_date <= assumptions.value
qualify row_number() over (
    partition by rents.accelerator_id, rents.buyer_class, rents.price_tier, rents.purchase_model
    order by rents.week_start_date desc
) = 1
