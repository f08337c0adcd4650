{#
    Campuses that may be meant by a published sum that names none: figure, campus, and the chance that it is one of them.
    A candidate that no list held by as_of has no figures then and is left out; the mart scales the chances of the others.
#}
select
    regexp_replace(assumptions.subject, '^campus_of_', '') as figure_id,
    assumptions.parameter as campus_id,
    assumptions.value as probability_share,
    coalesce(assumptions.source_url, 'judgement: models/assumptions/capacity.csv') as source_url,
    greatest(assumptions.known_from, figures.known_from, campuses.known_from) as known_from
from {{ ref('stg_assumptions') }} as assumptions
inner join {{ ref('stg_evidence__lab_capacity_published') }} as figures
    on 'campus_of_' || figures.figure_id = assumptions.subject
inner join {{ ref('stg_evidence__campuses') }} as campuses
    on campuses.campus_id = assumptions.parameter
where assumptions.engine = 'capacity'
