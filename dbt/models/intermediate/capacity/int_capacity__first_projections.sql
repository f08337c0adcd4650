with steps as (

    select *
    from {{ ref('int_capacity__steps') }}
    where buildings_so_far > previous_buildings

),

-- Per vintage, the date it printed for reaching the step's number of buildings.
by_vintage as (

    select
        steps.campus_id,
        steps.step_number,
        vintages.vintage_date,
        min(vintages.observed_date) as reached_date
    from steps
    inner join {{ ref('stg_epoch_data_centers__timeline_vintages') }} as vintages
        on vintages.campus_id = steps.campus_id
        and vintages.buildings_operational >= steps.buildings_so_far
        and vintages.vintage_date <= steps.vintage_date
    group by steps.campus_id, steps.step_number, vintages.vintage_date

)

select
    campus_id,
    step_number,
    min(vintage_date) as first_projection_vintage_date,
    arg_min(reached_date, vintage_date) as first_projected_date
from by_vintage
where reached_date > vintage_date
group by campus_id, step_number
