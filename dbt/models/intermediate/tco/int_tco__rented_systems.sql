-- Grain: accelerator and vintage, with the inputs of one system. A rent names the chip, seldom the machine: of the
-- machines built around a chip this is the one in the middle by power, the only input in which they differ.
with systems as (

    select
        *,
        median(power_kw_per_chip) over (partition by accelerator_id, assumption_vintage) as middle_kw_per_chip
    from {{ ref('int_tco__system_inputs') }}

)

select * exclude (middle_kw_per_chip)
from systems
qualify row_number() over (
    partition by accelerator_id, assumption_vintage
    order by abs(power_kw_per_chip - middle_kw_per_chip), system_id
) = 1
