{#
    Published chip counts per campus, chip and date, each with the day from which a later count replaces it. A count is a
    running total of what stands there: adding counts of one campus would count chips again.
#}
with observations as (

    select
        campus_id,
        split_part(metric, ':', 2) as chip_type,
        observed_date,
        value as installed_chip_units,
        case
            when evidence_kind = 'company_statement' and root_id <> 'epoch-ai-data-centers' then 'company_statement'
            when evidence_kind = 'company_statement' then 'company_statement_retold'
            else 'source_estimate'
        end as count_basis,
        source_url,
        root_id,
        audit_flag,
        known_from
    from {{ ref('stg_evidence__status_observations') }}
    where metric like 'chips_installed_cumulative:%'
        and basis_class <> 'recall'
        and value is not null
        and observed_date is not null
        and campus_id is not null

    union all

    select
        campus_id,
        chip_type,
        observed_date,
        installed_chip_units,
        case
            when units_basis = 'company_disclosure' then 'company_statement_retold'
            else 'source_estimate'
        end as count_basis,
        source_url,
        -- The same house as the rows above that were copied from its file: one origin.
        'epoch-ai-data-centers' as root_id,
        null as audit_flag,
        known_from
    from {{ ref('stg_epoch_data_centers__chip_quantities') }}
    where is_latest
        and installed_chip_units is not null
        and observed_date is not null

),

one_per_date as (

    select
        campus_id,
        chip_type,
        observed_date,
        arg_max(installed_chip_units, claim_order) as installed_chip_units,
        arg_max(count_basis, claim_order) as count_basis,
        arg_max(source_url, claim_order) as source_url,
        arg_max(known_from, claim_order) as known_from,
        min(audit_flag) as audit_flag,
        count(distinct source_url) as n_sources,
        count(distinct root_id) as n_independent_roots
    from (
        select
            *,
            -- The newest claim speaks; of two of one day the company's own.
            row_number() over (
                partition by campus_id, chip_type, observed_date
                order by known_from, count_basis = 'company_statement', source_url, installed_chip_units
            ) as claim_order
        from observations
    )
    group by all

)

select
    campus_id,
    chip_type,
    case
        when chip_type in ('H100', 'H200') then 'h100-h200'
        else lower(replace(chip_type, ' ', '-'))
    end as chip,
    observed_date,
    lead(observed_date) over (
        partition by campus_id, chip_type
        order by observed_date
    ) as replaced_date,
    installed_chip_units,
    count_basis,
    source_url,
    known_from,
    audit_flag,
    n_sources,
    n_independent_roots
from one_per_date
