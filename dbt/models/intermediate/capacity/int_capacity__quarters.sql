with quarters as (

    select unnest(range(date '2023-01-01', date '2029-01-01', interval 3 months))::date as quarter_start_date

)

select
    quarter_start_date,
    strftime(quarter_start_date, '%Y') || 'Q' || quarter(quarter_start_date) as calendar_quarter,
    (quarter_start_date + interval 3 months - interval 1 day)::date as quarter_end_date,
    case
        when quarter_start_date + interval 3 months <= {{ as_of_date() }} then 'estimated'
        when quarter_start_date <= {{ as_of_date() }} then 'nowcast'
        else 'forecast'
    end as value_kind,
    {{ as_of_date() }} as as_of_date,
    'capacity-2' as methodology_version
from quarters
