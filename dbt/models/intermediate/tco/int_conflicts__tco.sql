-- Figures of a specification that lost against the catalogue's and differ from it by more than one percent.
select
    'accelerator_specs' as mart_name,
    'accelerator specification' as subject_kind,
    losing.accelerator_id || ' | ' || losing.spec_name as subject_id,
    -- A specification is of the day it was published: roadmap figures change.
    winning.known_from::varchar as period,
    case losing.spec_name
        when 'tdp_w' then 'w'
        when 'memory_gb' then 'gb'
        when 'memory_bandwidth_gb_per_s' then 'gb_per_s'
        else 'tflops'
    end as unit,
    1 + row_number() over (
        partition by losing.accelerator_id, losing.spec_name order by losing.known_from desc, losing.claim_id
    ) as claim_rank,
    winning.spec_value as winning_value,
    winning.source_url as winning_source_url,
    winning.root_id as winning_root_id,
    losing.spec_value as losing_value,
    losing.source_url as losing_source_url,
    losing.root_id as losing_root_id,
    losing.basis_class as losing_basis_class,
    losing.known_from as losing_known_from,
    'the catalogue, chosen among the sources with one set of conventions, over later mentions' as winner_rule
from {{ ref('fct_accelerator_specs') }} as losing
inner join {{ ref('fct_accelerator_specs') }} as winning
    on winning.accelerator_id = losing.accelerator_id
    and winning.spec_name = losing.spec_name
    and winning.is_winner
where not losing.is_winner
    and abs(losing.spec_value - winning.spec_value) > 0.01 * winning.spec_value
