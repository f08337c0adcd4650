{# Per accelerator and quarter, the furthest any draw's shares are from 1 and its end users from what is installed. #}
with used as (

    select
        accelerator,
        quarter_start_date,
        draw_id,
        sum(installed_units) as units,
        sum(share) as share,
        min(installed_units) as smallest_units
    from {{ ref('int_volumes__end_use') }}
    group by all

)

select
    used.accelerator,
    used.quarter_start_date,
    max(abs(used.units - installed.installed_units)) as largest_difference_units,
    max(abs(coalesce(used.share, 1) - 1)) as largest_share_error,
    min(used.smallest_units) as smallest_units
from used
inner join {{ ref('int_end_use__installed') }} as installed
    on installed.accelerator = used.accelerator
    and installed.quarter_start_date = used.quarter_start_date
    and installed.draw_id = used.draw_id
group by used.accelerator, used.quarter_start_date
