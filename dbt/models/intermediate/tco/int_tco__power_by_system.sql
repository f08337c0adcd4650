-- Grain: system. All-in IT power per chip from the best evidence there is: a published all-in figure, the system's own
-- nameplate, the nameplate of another system with the same chip, last the chip's TDP times a ratio (an assumption).
with published as (

    select
        accelerator_id,
        value as power_kw_per_chip,
        [parameter_id] as evidence_ids,
        [source_url] as source_urls,
        [root_id] as root_ids,
        known_from
    from {{ ref('stg_evidence__opex_parameters') }}
    where parameter in ('all_in_power_per_gpu', 'all_in_power_per_chip')
        and basis_class <> 'recall'
        and accelerator_id is not null
    qualify row_number() over (partition by accelerator_id order by known_from desc, parameter_id) = 1

),

nameplates as (

    select
        system_id,
        accelerator_id,
        it_power_kw / chips_per_system as power_kw_per_chip,
        source_url,
        root_id,
        known_from
    from {{ ref('dim_system') }}
    where it_power_kw > 0
        and chips_per_system > 0
        and not is_alias
        and basis_class <> 'recall'
        and not coalesce(list_contains(string_split(recall_fields, ';'), 'it_power_kw'), false)
        and lifecycle_status not like 'cancelled%'

),

siblings as (

    select
        accelerator_id,
        median(power_kw_per_chip) as power_kw_per_chip,
        list(system_id order by system_id) as evidence_ids,
        list(distinct source_url order by source_url) as source_urls,
        list(distinct root_id order by root_id) as root_ids,
        max(known_from) as known_from
    from nameplates
    group by accelerator_id

),

tdp as (

    select
        specs.accelerator_id,
        specs.spec_value / 1000 * ratio.value as power_kw_per_chip,
        [specs.claim_id] as evidence_ids,
        [specs.source_url] as source_urls,
        [specs.root_id] as root_ids,
        greatest(specs.known_from, ratio.known_from) as known_from
    from {{ ref('fct_accelerator_specs') }} as specs
    inner join {{ ref('stg_assumptions') }} as ratio
        on ratio.engine = 'tco'
        and ratio.parameter = 'all_in_kw_per_tdp_kw_ratio'
    where specs.spec_name = 'tdp_w'
        and specs.is_winner

),

candidates as (

    select
        systems.system_id,
        1 as power_basis_rank,
        'published_all_in' as power_basis,
        published.* exclude (accelerator_id)
    from {{ ref('dim_system') }} as systems
    inner join published using (accelerator_id)

    union all by name

    select
        system_id,
        2 as power_basis_rank,
        'system_power' as power_basis,
        power_kw_per_chip,
        [system_id] as evidence_ids,
        [source_url] as source_urls,
        [root_id] as root_ids,
        known_from
    from nameplates

    union all by name

    select
        systems.system_id,
        3 as power_basis_rank,
        'sibling_system_power' as power_basis,
        siblings.* exclude (accelerator_id)
    from {{ ref('dim_system') }} as systems
    inner join siblings using (accelerator_id)

    union all by name

    select
        systems.system_id,
        4 as power_basis_rank,
        'tdp_ratio' as power_basis,
        tdp.* exclude (accelerator_id)
    from {{ ref('dim_system') }} as systems
    inner join tdp using (accelerator_id)

)

select
    system_id,
    power_basis,
    power_basis = 'tdp_ratio' as is_power_assumed,
    power_kw_per_chip,
    evidence_ids,
    source_urls,
    root_ids,
    known_from
from candidates
qualify row_number() over (partition by system_id order by power_basis_rank) = 1
