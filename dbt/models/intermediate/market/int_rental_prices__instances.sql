{#
    What is inside a cloud's instance type, by the collected prices: one accelerator, its name here and its number.
    Catalogues name an accelerator loosely or not at all (Trainium2 rows of SkyPilot, AWS's price list).
#}
select
    provider,
    instance_type,
    any_value(accelerator_id) as accelerator_id,
    any_value(accelerator_label) as accelerator_label,
    any_value(accelerator_count) as accelerator_count
from {{ ref('stg_evidence__cloud_prices') }}
where accelerator_id is not null
    and instance_type is not null
group by provider, instance_type
having count(distinct accelerator_id) = 1
    and count(distinct accelerator_label) = 1
    and count(distinct accelerator_count) = 1
