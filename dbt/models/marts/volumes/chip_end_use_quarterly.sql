with draws as (

    select
        accelerator,
        end_user,
        quarter_start_date,
        draw_id,
        installed_units,
        named_units
    from {{ ref('int_volumes__end_use') }}

    union all

    -- Both generations together, added within a draw.
    select
        'Trainium2+3' as accelerator,
        end_user,
        quarter_start_date,
        draw_id,
        sum(installed_units) as installed_units,
        sum(named_units) as named_units
    from {{ ref('int_volumes__end_use') }}
    where accelerator in ('Trainium2', 'Trainium3')
    group by all

),

shares as (

    select
        *,
        installed_units / nullif(sum(installed_units) over (
            partition by accelerator, quarter_start_date, draw_id
        ), 0) as share
    from draws

),

quantiles as (

    select
        accelerator,
        end_user,
        quarter_start_date,
        {% for measure in ['installed_units', 'share'] -%}
        quantile_cont({{ measure }}, 0.05) as {{ measure }}_p05,
        quantile_cont({{ measure }}, 0.50) as {{ measure }}_p50,
        quantile_cont({{ measure }}, 0.95) as {{ measure }}_p95,
        {% endfor -%}
        avg(named_units / nullif(installed_units, 0)) as named_site_share_mean
    from shares
    group by all

),

places as (

    select
        sites.accelerator,
        tenants.end_user,
        sites.quarter_start_date,
        unnest([sites.source_url, tenants.source_url]) as source_url,
        unnest([sites.root_id, tenants.root_id]) as root_id,
        sites.is_plan,
        sites.campus_id
    from {{ ref('int_end_use__sites') }} as sites
    inner join {{ ref('int_end_use__tenants') }} as tenants
        on tenants.campus_id = sites.campus_id
        and tenants.quarter_start_date = sites.quarter_start_date

),

sources as (

    select
        accelerator,
        end_user,
        quarter_start_date,
        count(distinct source_url) as n_sources,
        count(distinct root_id) as n_independent_roots,
        count(distinct campus_id) as n_named_campuses,
        bool_or(is_plan) as is_on_planned_sites
    from (
        select * from places
        union all
        select * replace ('Trainium2+3' as accelerator) from places
        where accelerator in ('Trainium2', 'Trainium3')
    )
    group by all

)

select
    quantiles.accelerator,
    case
        when quantiles.end_user = 'internal' and quantiles.accelerator = 'TPU' then 'Google internal'
        when quantiles.end_user = 'internal' then 'Amazon internal'
        when quantiles.end_user = 'other_customers' and quantiles.accelerator = 'TPU' then 'other Google Cloud customers'
        when quantiles.end_user = 'other_customers' then 'other AWS customers'
        else quantiles.end_user
    end as end_user,
    {{ calendar_quarter('quantiles.quarter_start_date') }} as calendar_quarter,
    quantiles.quarter_start_date,
    case when quantiles.accelerator = 'TPU' then 'sold' else 'installed' end as stage,
    quantiles.installed_units_p05,
    quantiles.installed_units_p50,
    quantiles.installed_units_p95,
    quantiles.share_p05,
    quantiles.share_p50,
    quantiles.share_p95,
    quantiles.named_site_share_mean,
    coalesce(sources.n_named_campuses, 0)::integer as n_named_campuses,
    coalesce(sources.is_on_planned_sites, false) as is_on_planned_sites,
    published.published_units,
    published.published_units_low,
    published.published_units_high,
    published.published_source_url,
    case when sources.n_named_campuses > 0 then 'tenancies_and_prior' else 'prior' end as basis,
    case
        when quantiles.quarter_start_date + interval 3 month <= {{ as_of_date() }} then 'estimated'
        when quantiles.quarter_start_date <= {{ as_of_date() }} then 'nowcast'
        else 'forecast'
    end as value_kind,
    case when quantiles.installed_units_p95 = 0 then 'known_zero' else 'known' end as coverage_status,
    sources.n_sources::integer as n_sources,
    sources.n_independent_roots::integer as n_independent_roots,
    {{ as_of_date() }} as as_of_date,
    'end-use-1' as methodology_version
from quantiles
left join sources
    on sources.accelerator = quantiles.accelerator
    and sources.end_user = quantiles.end_user
    and sources.quarter_start_date = quantiles.quarter_start_date
left join {{ ref('int_end_use__published') }} as published
    on published.accelerator = quantiles.accelerator
    and published.end_user = quantiles.end_user
    and published.quarter_start_date = quantiles.quarter_start_date
