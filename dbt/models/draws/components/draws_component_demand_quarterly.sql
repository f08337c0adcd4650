select
    generation,
    {{ calendar_quarter('quarter_start_date') }} as calendar_quarter,
    quarter_start_date,
    draw_id::integer as draw_id,
    hbm_stacks as hbm_stack_units,
    hbm_gb,
    package_starts as package_start_units,
    cowos_wafers as cowos_wafer_units,
    scale_up_switch_trays as scale_up_switch_tray_units,
    scale_up_switch_chips as scale_up_switch_chip_units
from {{ ref('int_components__level_draws') }}
where sku_level = 'generation'
