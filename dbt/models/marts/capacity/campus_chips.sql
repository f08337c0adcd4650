with site_error as (

    -- The volumes marts' own belief about a published count of one campus.
    select
        low as low_ratio,
        high as high_ratio
    from {{ ref('stg_assumptions') }}
    where engine = 'end_use'
        and subject = 'site_chips'
        and parameter = 'error_ratio'

),

consistent as (

    select value as consistent_power_pct
    from {{ ref('stg_assumptions') }}
    where engine = 'capacity'
        and subject = 'power_chip_balance'
        and parameter = 'consistent_power_pct'

),

counted as (

    select
        counts.campus_id,
        counts.chip_type,
        counts.chip,
        counts.observed_date,
        case
            when counts.observed_date > {{ as_of_date() }} then 'planned'
            when counts.replaced_date <= {{ as_of_date() }} then 'replaced'
            else 'now'
        end as date_kind,
        counts.replaced_date,
        counts.installed_chip_units as installed_chip_units_stated,
        case
            when counts.count_basis = 'company_statement' then counts.installed_chip_units
            else counts.installed_chip_units * site_error.low_ratio
        end as installed_chip_units_p05,
        counts.installed_chip_units as installed_chip_units_p50,
        case
            when counts.count_basis = 'company_statement' then counts.installed_chip_units
            else counts.installed_chip_units * site_error.high_ratio
        end as installed_chip_units_p95,
        case
            when counts.observed_date > {{ as_of_date() }} then 'source_projection'
            else counts.count_basis
        end as count_basis,
        case
            when counts.observed_date > {{ as_of_date() }} then 'forecast'
            when counts.count_basis = 'company_statement' then 'disclosed'
            when counts.count_basis = 'company_statement_retold' then 'reported'
            else 'estimated'
        end as value_kind,
        power.it_power_w_per_chip_p05,
        power.it_power_w_per_chip_p50,
        power.it_power_w_per_chip_p95,
        checks.campus_it_capacity_mw,
        checks.needed_it_power_mw,
        checks.needed_ratio_to_campus_power,
        checks.implied_it_power_w_per_chip,
        abs(checks.needed_ratio_to_campus_power - 1) <= consistent.consistent_power_pct / 100 as is_power_consistent,
        counts.audit_flag,
        counts.source_url,
        counts.n_sources,
        counts.n_independent_roots,
        counts.known_from
    from {{ ref('int_capacity__chip_counts') }} as counts
    cross join site_error
    cross join consistent
    left join {{ ref('int_capacity__chip_power') }} as power
        on power.chip = counts.chip
    left join {{ ref('int_capacity__chip_power_check') }} as checks
        on checks.campus_id = counts.campus_id
        and checks.observed_date = counts.observed_date

),

-- Nobody counts these chips: their number is what the campus's power could run.
from_power as (

    select
        campuses.campus_id,
        case campuses.chip when 'trainium' then 'Trainium' else 'TPU' end as chip_type,
        campuses.chip,
        campuses.quarter_end_date as observed_date,
        campuses.date_kind,
        case
            when campuses.date_kind = 'now'
                then max(campuses.quarter_end_date) filter (where campuses.date_kind = 'planned')
                    over (partition by campuses.campus_id)
        end as replaced_date,
        null::double as installed_chip_units_stated,
        chips.installed_chip_units_p05,
        chips.installed_chip_units_p50,
        chips.installed_chip_units_p95,
        'from_power' as count_basis,
        campuses.value_kind,
        chips.it_power_w_p05 as it_power_w_per_chip_p05,
        chips.it_power_w_p50 as it_power_w_per_chip_p50,
        chips.it_power_w_p95 as it_power_w_per_chip_p95,
        campuses.it_capacity_mw_p50 as campus_it_capacity_mw,
        -- The count comes from the power, so holding it against the power would prove nothing.
        null::double as needed_it_power_mw,
        null::double as needed_ratio_to_campus_power,
        null::double as implied_it_power_w_per_chip,
        null::boolean as is_power_consistent,
        null::varchar as audit_flag,
        sites.source_url,
        1 as n_sources,
        1 as n_independent_roots,
        sites.known_from
    from {{ ref('int_capacity__uncounted_campuses') }} as campuses
    inner join {{ ref('int_capacity__chips_from_power') }} as chips
        on chips.campus_id = campuses.campus_id
        and chips.date_kind = campuses.date_kind
    inner join {{ ref('dim_campus') }} as sites
        on sites.campus_id = campuses.campus_id

),

-- A label of evidence may name several parts of one chip: one of them stands for it.
accelerators as (

    select
        lower(label) as label,
        min(accelerator_id) as accelerator_id
    from {{ ref('stg_evidence__accelerator_labels') }}
    where mapping_rule = 'mapped'
    group by all

)

select
    chips.campus_id,
    chips.chip_type,
    chips.observed_date,
    chips.date_kind,
    chips.replaced_date,
    campuses.campus_name,
    campuses.operator,
    campuses.cloud_provider,
    accelerators.accelerator_id,
    chips.installed_chip_units_stated,
    chips.installed_chip_units_p05,
    chips.installed_chip_units_p50,
    chips.installed_chip_units_p95,
    chips.count_basis,
    chips.it_power_w_per_chip_p05,
    chips.it_power_w_per_chip_p50,
    chips.it_power_w_per_chip_p95,
    chips.campus_it_capacity_mw as campus_it_capacity_mw_modelled,
    chips.needed_it_power_mw as campus_needed_it_power_mw,
    chips.needed_ratio_to_campus_power,
    chips.implied_it_power_w_per_chip,
    chips.is_power_consistent,
    chips.audit_flag,
    chips.value_kind,
    chips.source_url,
    chips.n_sources::bigint as n_sources,
    chips.n_independent_roots::bigint as n_independent_roots,
    chips.known_from,
    {{ as_of_date() }} as as_of_date,
    'campus-chips-1' as methodology_version
from (
    select * from counted
    union all by name
    select * from from_power
) as chips
left join {{ ref('dim_campus') }} as campuses
    on campuses.campus_id = chips.campus_id
left join accelerators
    on accelerators.label = lower(chips.chip_type)
