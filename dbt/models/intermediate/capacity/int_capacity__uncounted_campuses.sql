{#
    Campuses of clouds that fill them with a design of their own, with power and without any published chip count: the
    family is known, the generation is not. Today's power, and the horizon's where that is more.
#}
with families as (

    select *
    from (values ('AWS', 'trainium'), ('Google Cloud', 'tpu')) as own_designs (cloud_provider, chip)

),

power as (

    select
        modelled.campus_id,
        families.chip,
        quarters.quarter_end_date,
        quarters.value_kind,
        modelled.it_capacity_mw_p05,
        modelled.it_capacity_mw_p50,
        modelled.it_capacity_mw_p95
    from {{ ref('int_capacity__quarterly') }} as modelled
    inner join {{ ref('int_capacity__quarters') }} as quarters
        on quarters.quarter_start_date = modelled.quarter_start_date
    inner join {{ ref('dim_campus') }} as campuses
        on campuses.campus_id = modelled.campus_id
    inner join families
        on families.cloud_provider = campuses.cloud_provider
    where modelled.level = 'campus'
        and modelled.it_capacity_mw_p50 > 0
        and modelled.campus_id not in (select campus_id from {{ ref('int_capacity__chip_counts') }})

),

now as (

    select
        *,
        'now' as date_kind
    from power
    where quarter_end_date < {{ as_of_date() }}
    qualify row_number() over (partition by campus_id order by quarter_end_date desc) = 1

),

planned as (

    select
        power.*,
        'planned' as date_kind
    from power
    left join now
        on now.campus_id = power.campus_id
    where power.quarter_end_date > {{ as_of_date() }}
        and power.it_capacity_mw_p50 > coalesce(1.01 * now.it_capacity_mw_p50, 0)
    qualify row_number() over (partition by power.campus_id order by power.quarter_end_date desc) = 1

)

select * from now
union all
select * from planned
