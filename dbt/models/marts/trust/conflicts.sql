with claims as (

    select
        'rival_claims' as conflict_rule,
        *,
        null::varchar as winning_text,
        null::varchar as losing_text
    from (
        select * from {{ ref('int_conflicts__market') }}
        union all by name
        select * from {{ ref('int_conflicts__tco') }}
    )

    union all by name

    select * from {{ ref('int_conflicts__capacity') }}

    union all by name

    select * from {{ ref('int_conflicts__lab_capacity') }}

)

select
    mart_name,
    conflict_rule,
    subject_kind,
    subject_id,
    period,
    unit,
    claim_rank::integer as claim_rank,
    winning_value,
    winning_text,
    winning_source_url,
    winning_root_id,
    losing_value,
    losing_text,
    losing_source_url,
    losing_root_id,
    losing_basis_class,
    losing_known_from,
    winner_rule,
    {{ as_of_date() }} as as_of_date
from claims
