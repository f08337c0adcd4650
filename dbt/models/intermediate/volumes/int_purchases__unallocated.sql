{#
    Sales that no published owner accounts for, per accelerator and quarter. With owners: the difference draw by draw. Without
    any: the sales themselves, as published. Owners are estimated apart from sales, so the difference can be below zero; then
    it is cut at zero and flagged.
#}
with sales as (

    select * from {{ ref('int_purchases__estimates') }}
    where estimate_kind = 'sales'

),

owners as (

    select
        designer,
        accelerator,
        quarter_start_date,
        sum(units_p50) as units_p50,
        sum(n_sources) as n_sources,
        max(known_from) as known_from,
        bool_or(is_incomplete) as is_incomplete
    from {{ ref('int_purchases__estimates') }}
    where estimate_kind = 'owners'
    group by all

),

differences as (

    select
        designer,
        accelerator,
        quarter_start_date,
        quantile_cont(units, 0.05) as units_p05,
        quantile_cont(units, 0.50) as units_p50,
        quantile_cont(units, 0.95) as units_p95
    from {{ ref('int_purchases__draws') }}
    where buyer = 'unallocated'
    group by all

),

-- One owner of everything, figure for figure: there is nothing left over, and no draw is needed to say so.
sole_owners as (

    select
        owners.designer,
        owners.accelerator,
        owners.quarter_start_date
    from {{ ref('int_purchases__estimates') }} as owners
    inner join sales
        on sales.designer = owners.designer
        and sales.accelerator = owners.accelerator
        and sales.quarter_start_date = owners.quarter_start_date
        and sales.units_p05 is not distinct from owners.units_p05
        and sales.units_p50 = owners.units_p50
        and sales.units_p95 is not distinct from owners.units_p95
    where owners.estimate_kind = 'owners'

)

select
    sales.designer,
    sales.accelerator,
    sales.quarter_start_date,
    case
        when sole_owners.designer is not null then 0
        when owners.designer is null then sales.units_p05
        else greatest(differences.units_p05, 0)
    end::double as units_p05,
    case
        when sole_owners.designer is not null then 0
        when owners.designer is null then sales.units_p50
        else greatest(differences.units_p50, 0)
    end::double as units_p50,
    case
        when sole_owners.designer is not null then 0
        when owners.designer is null then sales.units_p95
        else greatest(differences.units_p95, 0)
    end::double as units_p95,
    case
        when sole_owners.designer is not null then 'sole_owner'
        when owners.designer is null then 'published_sales'
        else 'draws_of_difference'
    end as interval_basis,
    sole_owners.designer is null and coalesce(differences.units_p05 < 0, false) as is_cut_at_zero,
    coalesce(owners.units_p50 > sales.units_p50, false) as is_owners_above_sales,
    sales.is_incomplete or coalesce(owners.is_incomplete, false) as is_incomplete,
    sales.source_url,
    sales.root_id,
    greatest(sales.known_from, owners.known_from) as known_from,
    sales.n_sources + coalesce(owners.n_sources, 0) as n_sources,
    sales.n_independent_roots
from sales
left join owners
    on owners.designer = sales.designer
    and owners.accelerator = sales.accelerator
    and owners.quarter_start_date = sales.quarter_start_date
left join differences
    on differences.designer = sales.designer
    and differences.accelerator = sales.accelerator
    and differences.quarter_start_date = sales.quarter_start_date
left join sole_owners
    on sole_owners.designer = sales.designer
    and sole_owners.accelerator = sales.accelerator
    and sole_owners.quarter_start_date = sales.quarter_start_date
