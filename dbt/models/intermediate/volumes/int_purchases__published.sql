{# Every published quarterly figure of accelerators made or owned known by as_of, under one set of names. #}
with claims as (

    select
        estimate_kind,
        designer_name as designer,
        chip_type,
        owner_name as owner,
        period_start_date as quarter_start_date,
        package_units_p05 as units_p05,
        package_units_p50 as units_p50,
        package_units_p95 as units_p95,
        is_incomplete,
        source_url,
        case
            when chip_type = 'Trainium2' then 'amazon-q4-2025-1.4m-trainium2-landed'
            else 'github:epoch-research/ai-chip-counts'
        end as root_id,
        null::varchar as audit_flag,
        known_from,
        2 as source_rank
    from {{ ref('stg_epoch_chips__estimates') }}
    where period_kind = 'quarter'
        and chip_type is not null

    union all

    select
        estimate_kind,
        designer,
        chip_type,
        owner,
        period_start as quarter_start_date,
        chips_p05 as units_p05,
        chips_p50 as units_p50,
        chips_p95 as units_p95,
        is_incomplete,
        source_url,
        root_id,
        audit_flag,
        known_from,
        1 as source_rank
    from {{ ref('stg_evidence__chip_estimates') }}

)

select
    estimate_kind,
    designer,
    -- Earlier files say H100 for what later ones call H100/H200, with the same figures, and write Instinct before AMD's chips.
    case
        when chip_type in ('H100', 'H200') then 'h100-h200'
        else regexp_replace(lower(regexp_replace(chip_type, '^Instinct ', '')), '[ /]+', '-', 'g')
    end as accelerator,
    -- An unnamed remainder the publisher itself computed stays apart from what we find unallocated.
    case
        when owner = 'Other' then 'other buyers'
        when owner ilike 'China%' then 'China'
        else owner
    end as buyer,
    quarter_start_date,
    units_p05,
    units_p50,
    units_p95,
    is_incomplete,
    source_url,
    root_id,
    audit_flag,
    known_from,
    source_rank
from claims
