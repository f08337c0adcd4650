select
    mart_name,
    subject_kind,
    subject_id,
    period,
    unit,
    claim_rank::integer as claim_rank,
    winning_value,
    winning_source_url,
    winning_root_id,
    losing_value,
    losing_source_url,
    losing_root_id,
    losing_basis_class,
    losing_known_from,
    winner_rule,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_conflicts__market') }}
