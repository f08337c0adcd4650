{# Who has which part of a campus with counted chips at the end of each quarter, as an end user of the marts. #}
with campuses as (

    select distinct
        campus_id,
        quarter_start_date
    from {{ ref('int_end_use__sites') }}

)

select
    campuses.campus_id,
    case
        when tenancies.lab = 'Anthropic' then 'Anthropic'
        when tenancies.lab ilike 'amazon%' or tenancies.lab ilike 'google%' then 'internal'
        else 'other_customers'
    end as end_user,
    campuses.quarter_start_date,
    sum(tenancies.share_low) as share_low,
    sum(tenancies.share_high) as share_high,
    min(tenancies.source_url) as source_url,
    min(tenancies.root_id) as root_id,
    max(tenancies.known_from) as known_from
from campuses
inner join {{ ref('int_capacity__tenancies') }} as tenancies
    on tenancies.campus_id = campuses.campus_id
    and coalesce(tenancies.valid_from, date '-infinity') < campuses.quarter_start_date + interval 3 month
    and coalesce(tenancies.valid_to, date 'infinity') >= campuses.quarter_start_date + interval 3 month - interval 1 day
where tenancies.lab is not null
group by all
