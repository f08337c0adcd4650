with claims as (

    select * from {{ ref('int_cloud_revenue__claims') }}

),

support as (

    select
        cloud_provider,
        quarter_start_date,
        count(distinct source_url) as n_sources,
        count(distinct root_id) as n_independent_roots
    from claims
    group by all

),

believed as (

    select
        *,
        -- Figures quoted in US$ billions with one decimal are exact to 50 million only.
        case when revenue_usd_m % 100 = 0 then 50.0 else 0.5 end as rounding_usd_m
    from claims
    where claim_rank = 1

),

-- Joined on the date, not taken from the row before: a missing quarter must not shift the comparison.
compared as (

    select
        believed.*,
        year_ago.revenue_usd_m as year_ago_revenue_usd_m,
        year_ago.rounding_usd_m as year_ago_rounding_usd_m,
        year_ago.basis_class as year_ago_basis_class,
        quarter_ago.revenue_usd_m as quarter_ago_revenue_usd_m
    from believed
    left join believed as year_ago
        on year_ago.cloud_provider = believed.cloud_provider
        and year_ago.quarter_start_date = believed.quarter_start_date - interval 1 year
    left join believed as quarter_ago
        on quarter_ago.cloud_provider = believed.cloud_provider
        and quarter_ago.quarter_start_date = believed.quarter_start_date - interval 3 month

)

select
    compared.cloud_provider,
    {{ calendar_quarter('compared.quarter_start_date') }} as calendar_quarter,
    compared.quarter_start_date,
    compared.revenue_usd_m,
    {{ growth_pct('compared.revenue_usd_m', 'compared.year_ago_revenue_usd_m') }} as yoy_pct,
    {{ growth_pct(
        'compared.revenue_usd_m - compared.rounding_usd_m',
        'compared.year_ago_revenue_usd_m + compared.year_ago_rounding_usd_m'
    ) }} as yoy_low_pct,
    {{ growth_pct(
        'compared.revenue_usd_m + compared.rounding_usd_m',
        'compared.year_ago_revenue_usd_m - compared.year_ago_rounding_usd_m'
    ) }} as yoy_high_pct,
    compared.revenue_usd_m - compared.year_ago_revenue_usd_m as yoy_increment_usd_m,
    compared.revenue_usd_m - compared.quarter_ago_revenue_usd_m as qoq_increment_usd_m,
    case when compared.basis_class = 'recall' then 'estimated' else 'disclosed' end as value_kind,
    compared.basis_class,
    coalesce(compared.basis_class = 'recall' or compared.year_ago_basis_class = 'recall', false) as is_yoy_from_recall,
    support.n_sources,
    support.n_independent_roots,
    compared.root_id,
    compared.source_url,
    compared.publisher,
    compared.known_from
from compared
inner join support
    on support.cloud_provider = compared.cloud_provider
    and support.quarter_start_date = compared.quarter_start_date
