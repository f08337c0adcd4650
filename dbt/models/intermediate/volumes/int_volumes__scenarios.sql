{#
    Scenarios are draws: ranked by the Trainium packages made in the eight quarters from the build's quarter on. The lowest
    quarter is the low scenario (Trainium3 slips or is scaled back), the highest the high one (plans are met). Base is all
    draws together.
#}
with totals as (

    select
        draw_id,
        sum(package_units) as package_units
    from {{ ref('int_volumes__draws') }}
    -- The window ends with 2028: a build after that ranks by its last eight quarters.
    where quarter_start_date >= least(date_trunc('quarter', {{ as_of_date() }}), date '2027-01-01')
        and quarter_start_date < least(date_trunc('quarter', {{ as_of_date() }}), date '2027-01-01') + interval 24 month
    group by draw_id

),

-- A build before 2021 has no quarter to rank by: its scenarios are parts of the draws without a meaning.
ranked as (

    select
        draws.draw_id,
        percent_rank() over (order by coalesce(totals.package_units, 0), draws.draw_id) as package_rank_share
    from (select distinct draw_id from {{ ref('int_volumes__draws') }}) as draws
    left join totals
        on totals.draw_id = draws.draw_id

)

select
    draw_id,
    case
        when package_rank_share < 0.25 then 'low'
        when package_rank_share >= 0.75 then 'high'
        else 'middle'
    end as scenario
from ranked
