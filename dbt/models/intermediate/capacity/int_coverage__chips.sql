{# What the two marts of chips and power know about each campus and cloud, and why not where they do not. #}
with counted as (

    select distinct campus_id
    from {{ ref('campus_chips') }}
    where count_basis <> 'from_power'

),

from_power as (

    select distinct campus_id
    from {{ ref('campus_chips') }}
    where count_basis = 'from_power'

)

select
    'campus_chips' as mart_name,
    'campus' as subject_kind,
    campuses.campus_id as subject_id,
    case
        when counted.campus_id is not null or from_power.campus_id is not null then 'known'
        else 'unknown'
    end as coverage_status,
    case
        when counted.campus_id is not null then 'counts published by chip and date'
        when from_power.campus_id is not null then 'no count: what its power could run, of a chip whose generation is not known'
        else 'no count, and no power or no design of the cloud''s own to read one from'
    end as reason
from {{ ref('dim_campus') }} as campuses
left join counted
    on counted.campus_id = campuses.campus_id
left join from_power
    on from_power.campus_id = campuses.campus_id

union all

-- The newest quarter that has ended speaks for a cloud.
select
    'power_chip_balance_quarterly' as mart_name,
    'cloud' as subject_kind,
    cloud_provider as subject_id,
    coverage_status,
    coverage_reason as reason
from {{ ref('power_chip_balance_quarterly') }}
where value_kind = 'estimated'
qualify row_number() over (partition by cloud_provider order by quarter_start_date desc) = 1
