select
    claims.claim_id,
    claims.assumption_vintage,
    coalesce(nullif(claims.rival_spec_accelerator_id, ''), 'not costed') as rival_spec_accelerator_id,
    claims.claim_text,
    claims.system_id,
    claims.rival_system_id,
    claims.metric,
    claims.buyer_class,
    specs.known_from as rival_spec_as_of_date,
    claims.claimed_ratio_low,
    claims.claimed_ratio_high,
    claims.cost_ratio_to_rival_p05,
    claims.cost_ratio_to_rival_p50,
    claims.cost_ratio_to_rival_p95,
    claims.holds_probability,
    case
        when claims.holds_probability is null then 'not_testable'
        when claims.holds_probability >= 0.9 then 'likely'
        when claims.holds_probability >= 0.5 then 'more_likely_than_not'
        when claims.holds_probability > 0.1 then 'less_likely_than_not'
        else 'unlikely'
    end as verdict,
    nullif(claims.missing_inputs, '') as missing_inputs,
    claims.decided_by,
    nullif(claims.decided_by_evidence_ids, '') as decided_by_evidence_ids,
    claims.holds_at_low_probability,
    claims.holds_at_high_probability,
    claims.is_circular,
    nullif(claims.circularity_reason, '') as circularity_reason,
    claims.figure_id as claim_evidence_id,
    published.source_name,
    published.source_url,
    published.known_from as claimed_date,
    'estimated' as value_kind,
    greatest(
        published.known_from, systems.known_from, rivals.known_from, own.known_from, rival.known_from, specs.known_from
    ) as known_from,
    {{ as_of_date() }} as as_of_date
from {{ ref('int_tco__claims') }} as claims
inner join {{ ref('stg_evidence__published_tco') }} as published using (figure_id)
-- A claim made before a system had its name is a claim about it only once it has.
inner join {{ ref('dim_system') }} as systems
    on systems.system_id = claims.system_id
inner join {{ ref('dim_system') }} as rivals
    on rivals.system_id = claims.rival_system_id
left join {{ ref('int_tco__system_inputs') }} as own
    on own.system_id = claims.system_id
    and own.assumption_vintage = claims.assumption_vintage
left join {{ ref('int_tco__system_inputs') }} as rival
    on rival.system_id = claims.rival_system_id
    and rival.assumption_vintage = claims.assumption_vintage
left join {{ ref('dim_accelerator') }} as specs
    on specs.accelerator_id = claims.rival_spec_accelerator_id
