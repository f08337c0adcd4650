with source as (

    select * from {{ ref('stg_epoch_data_centers__timeline_vintages') }}

),

latest_full as (

    select max(vintage_date) as vintage_date
    from source
    where vintage_scope = 'full'

),

-- A later partial vintage replaces a campus as a whole: mixing its steps with older ones would count a step twice.
valid_vintage as (

    select
        source.campus_id,
        max(source.vintage_date) as vintage_date
    from source
    cross join latest_full
    where source.vintage_date = latest_full.vintage_date
        or (
            source.vintage_scope = 'partial'
            and source.vintage_date > coalesce(latest_full.vintage_date, date '-infinity')
        )
    group by source.campus_id

),

selected as (

    select source.*
    from source
    inner join valid_vintage
        on valid_vintage.campus_id = source.campus_id
        and valid_vintage.vintage_date = source.vintage_date

)

select
    campus_id,
    site_name,
    vintage_scope,
    vintage_kind,
    status_text,
    buildings_operational,
    it_capacity_mw,
    facility_capacity_mw,
    h100_equivalents,
    is_projection,
    observed_date,
    vintage_date,
    known_from
from selected
