with gates as (

    select
        *,
        -- No number: the gate holds for the campus.
        unnest(case
            when building_numbers is null then [null::bigint]
            else {{ building_number_list('building_numbers') }}
        end) as building_number
    from {{ ref('stg_evidence__power_gates') }}

)

select
    gate_id,
    {{ building_id() }} as building_id,
    campus_id,
    building_number,
    power_ready_from_date,
    power_ready_to_date,
    evidence_kind,
    source_url,
    root_id,
    known_from
from gates
