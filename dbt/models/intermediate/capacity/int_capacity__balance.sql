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
    ) as largest_facility_difference_mw
from {{ ref('int_capacity__quarterly') }}
group by quarter_start_date
