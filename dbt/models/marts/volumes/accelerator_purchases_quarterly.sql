with owners as (

    select
        designer,
        accelerator,
        buyer,
        quarter_start_date,
        units_p05,
        units_p50,
        units_p95,
        is_incomplete,
        source_url,
        root_id,
        audit_flag,
        known_from,
        n_sources,
        n_independent_roots
    from {{ ref('int_purchases__estimates') }}
    where estimate_kind = 'owners'

),

-- A figure printed without an interval has the band of its draws.
bands as (

    select
        designer,
        accelerator,
        buyer,
        quarter_start_date,
        quantile_cont(units, 0.05) as units_p05,
        quantile_cont(units, 0.95) as units_p95
    from {{ ref('int_purchases__draws') }}
    where buyer <> 'unallocated'
    group by all

),

-- Who ever bought a chip has a row in every quarter it was sold: a figure that is not there is unknown, not zero.
grid as (

    select distinct
        sales.designer,
        sales.accelerator,
        owners.buyer,
        sales.quarter_start_date
    from {{ ref('int_purchases__estimates') }} as sales
    inner join owners
        on owners.designer = sales.designer
        and owners.accelerator = sales.accelerator
    where sales.estimate_kind = 'sales'

    union

    select
        designer,
        accelerator,
        buyer,
        quarter_start_date
    from owners

),

published as (

    select
        grid.designer,
        grid.accelerator,
        grid.buyer,
        grid.quarter_start_date,
        case
            when owners.units_p05 < owners.units_p95 then greatest(owners.units_p05, 0)
            when owners.units_p50 is not null then bands.units_p05
        end as units_p05,
        owners.units_p50,
        case
            when owners.units_p05 < owners.units_p95 then owners.units_p95
            when owners.units_p50 is not null then bands.units_p95
        end as units_p95,
        case
            when owners.units_p50 is null then null
            when owners.units_p05 < owners.units_p95 then 'published'
            when owners.units_p50 = 0 then 'published'
            else 'house_band'
        end as interval_basis,
        coalesce(owners.units_p05 < 0, false) as is_cut_at_zero,
        false as is_owners_above_sales,
        coalesce(owners.is_incomplete, false) as is_incomplete,
        owners.source_url,
        owners.root_id,
        owners.audit_flag,
        owners.known_from,
        owners.n_sources,
        owners.n_independent_roots
    from grid
    left join owners
        on owners.designer = grid.designer
        and owners.accelerator = grid.accelerator
        and owners.buyer = grid.buyer
        and owners.quarter_start_date = grid.quarter_start_date
    left join bands
        on bands.designer = grid.designer
        and bands.accelerator = grid.accelerator
        and bands.buyer = grid.buyer
        and bands.quarter_start_date = grid.quarter_start_date

    union all

    select
        designer,
        accelerator,
        'unallocated' as buyer,
        quarter_start_date,
        units_p05,
        units_p50,
        units_p95,
        interval_basis,
        is_cut_at_zero,
        is_owners_above_sales,
        is_incomplete,
        source_url,
        root_id,
        case when is_owners_above_sales then 'owners are estimated above sales' end as audit_flag,
        known_from,
        n_sources,
        n_independent_roots
    from {{ ref('int_purchases__unallocated') }}

),

beside as (

    select
        coalesce(published.designer, 'Amazon') as designer,
        coalesce(published.accelerator, own_model.accelerator) as accelerator,
        coalesce(published.buyer, 'Amazon') as buyer,
        coalesce(published.quarter_start_date, own_model.quarter_start_date) as quarter_start_date,
        published.* exclude (designer, accelerator, buyer, quarter_start_date),
        own_model.own_model_units_p05,
        own_model.own_model_units_p50,
        own_model.own_model_units_p95
    from published
    full outer join {{ ref('int_purchases__own_model') }} as own_model
        on published.buyer = 'Amazon'
        and published.accelerator = own_model.accelerator
        and published.quarter_start_date = own_model.quarter_start_date

)

select
    beside.buyer,
    beside.accelerator,
    accelerators.accelerator_id,
    beside.designer,
    case
        when beside.designer = 'Amazon' then 'Trainium'
        when beside.designer = 'Google' then 'TPU'
        when beside.designer = 'AMD' then 'Instinct'
        else 'Nvidia GPU'
    end as accelerator_family,
    {{ calendar_quarter('beside.quarter_start_date') }} as calendar_quarter,
    beside.quarter_start_date,
    beside.units_p05,
    beside.units_p50,
    beside.units_p95,
    beside.own_model_units_p05,
    beside.own_model_units_p50,
    beside.own_model_units_p95,
    beside.interval_basis,
    coalesce(beside.is_cut_at_zero, false) as is_cut_at_zero,
    coalesce(beside.is_owners_above_sales, false) as is_owners_above_sales,
    coalesce(beside.is_incomplete, false) as is_incomplete,
    case
        when beside.quarter_start_date + interval 3 month <= {{ as_of_date() }} then 'estimated'
        when beside.quarter_start_date <= {{ as_of_date() }} then 'nowcast'
        else 'forecast'
    end as value_kind,
    case
        when beside.units_p50 is null then 'unknown'
        when beside.units_p95 = 0 then 'known_zero'
        else 'known'
    end as coverage_status,
    beside.audit_flag,
    case
        when beside.units_p50 is not null then 'published_series'
        when beside.own_model_units_p50 is not null then 'own_model'
    end as basis,
    beside.source_url,
    case when beside.units_p50 is not null then 'CC BY 4.0' end as licence,
    beside.root_id,
    beside.n_sources::integer as n_sources,
    beside.n_independent_roots::integer as n_independent_roots,
    beside.known_from,
    {{ as_of_date() }} as as_of_date,
    'purchases-1' as methodology_version
from beside
left join {{ ref('stg_evidence__accelerators') }} as accelerators
    on accelerators.accelerator_id = beside.accelerator
