with levels as (

    select
        quarter_start_date,
        sum(it_capacity_mw_mean) filter (where level = 'building') as buildings_it_capacity_mw_mean,
        sum(it_capacity_mw_mean) filter (where level = 'campus') as campuses_it_capacity_mw_mean,
        sum(it_capacity_mw_mean) filter (where level = 'lab_cloud') as lab_clouds_it_capacity_mw_mean,
        sum(it_capacity_mw_mean) filter (where level = 'lab') as labs_it_capacity_mw_mean,
        greatest(
            abs(buildings_it_capacity_mw_mean - campuses_it_capacity_mw_mean),
            abs(lab_clouds_it_capacity_mw_mean - campuses_it_capacity_mw_mean),
            abs(labs_it_capacity_mw_mean - campuses_it_capacity_mw_mean)
        ) as largest_it_difference_mw,
        greatest(
            abs(
                sum(facility_capacity_mw_mean) filter (where level = 'building')
                - sum(facility_capacity_mw_mean) filter (where level = 'campus')
            ),
            abs(
                sum(facility_capacity_mw_mean) filter (where level = 'lab_cloud')
                - sum(facility_capacity_mw_mean) filter (where level = 'campus')
            )
        ) as largest_facility_difference_mw,
        {% for stage in ['energised', 'under_construction', 'planned'] -%}
        greatest(
            abs(
                sum({{ stage }}_it_capacity_mw_mean) filter (where level = 'building')
                - sum({{ stage }}_it_capacity_mw_mean) filter (where level = 'campus')
            ),
            abs(
                sum({{ stage }}_it_capacity_mw_mean) filter (where level = 'lab_cloud')
                - sum({{ stage }}_it_capacity_mw_mean) filter (where level = 'campus')
            )
        ) as largest_{{ stage }}_difference_mw,
        {% endfor -%}
        coalesce(
            max(abs(total_it_capacity_mw_mean - it_capacity_mw_mean - untracked_it_capacity_mw_mean)), 0
        ) as largest_untracked_difference_mw
    from {{ ref('int_capacity__quarterly') }}
    group by quarter_start_date

),

-- Labs and Unassigned added up draw by draw: where the level total has another quantile, draws are not joint.
by_draw as (

    select
        quarter_start_date,
        draw_id,
        sum(it_capacity_mw) as it_mw,
        max(abs(total_it_capacity_mw - it_capacity_mw - untracked_it_capacity_mw)) as untracked_difference_mw,
        min(untracked_it_capacity_mw) as least_untracked_mw
    from {{ ref('int_capacity__lab_draws') }}
    group by quarter_start_date, draw_id

),

draw_quantiles as (

    select
        quarter_start_date,
        {% for statistic in ['05', '50', '95'] -%}
        quantile_cont(it_mw, 0.{{ statistic }}) as it_mw_p{{ statistic }},
        {% endfor -%}
        max(untracked_difference_mw) as untracked_difference_mw,
        min(least_untracked_mw) as least_untracked_mw
    from by_draw
    group by quarter_start_date

)

select
    levels.*,
    coalesce(
        greatest(
            {% for statistic in ['05', '50', '95'] -%}
            abs(draw_quantiles.it_mw_p{{ statistic }} - totals.it_capacity_mw_p{{ statistic }}){{ ',' if not loop.last }}
            {% endfor -%}
        ),
        0
    ) as largest_draw_difference_mw,
    coalesce(draw_quantiles.untracked_difference_mw, 0) as largest_draw_untracked_difference_mw,
    coalesce(draw_quantiles.least_untracked_mw, 0) as least_untracked_mw
from levels
left join {{ ref('int_capacity__quarterly') }} as totals
    on totals.quarter_start_date = levels.quarter_start_date
    and totals.level = 'total'
left join draw_quantiles
    on draw_quantiles.quarter_start_date = levels.quarter_start_date
