{#
    The campuses at which chips and power are compared: those that evidence ties to Anthropic on AWS. The volumes engine has
    a belief about the part of the Trainium fleet that stands there, and about no other group of campuses.
#}
select
    campus_id,
    'AWS' as cloud_provider,
    min(known_from) as known_from
from {{ ref('int_capacity__tenancies') }}
where lab = 'Anthropic'
    and cloud_provider = 'AWS'
group by campus_id
