{#
    Every published count of Trainium units, what it can tell the engine, and why not where it cannot.
    A house that says the same thing twice is one root; so is every article on one disclosure.
#}
with counts as (

    select
        estimate_id,
        case
            when sku in ('Trainium1', 'Trainium2', 'Trainium3', 'Trainium4', 'all') then sku
            -- Marvell's channel is nearly all of Trainium2; the wide error of an analyst's total covers the rest.
            when sku = 'Trainium2/2.5 via Marvell' then 'Trainium2'
        end as generation,
        case when period_type = 'cumulative' then 'disclosure' else 'analyst_total' end as evidence_kind,
        period_start,
        period_end,
        value as value_units,
        publisher,
        lower(split_part(publisher, ' ', 1)) as house,
        source_url,
        root_id,
        known_from,
        sku,
        case
            when publisher ilike '%epoch ai%' then 'a model of the same disclosure or read through one: comparison only'
            when basis_class = 'recall' then 'from memory'
            when generation is null then 'a part of a generation or of a channel'
            when unit ilike '%superseded%' then 'withdrawn by its publisher'
            when period_type = 'cumulative' and not (metric = 'installed' and unit ilike '%landed%')
                then 'a plan, a part of the fleet or a repetition: no count of what has landed'
            when period_type not in ('cumulative', 'year') then 'not a calendar-year total'
        end as standing_reason,
        audit_flag
    from {{ ref('stg_evidence__volume_estimates') }}
    where accelerator_family in ('Trainium', 'Trainium+Inferentia')
        and metric in ('chips', 'packages', 'installed')
        and value > 0

),

ranked as (

    select
        *,
        -- The unflagged and newest statement of a house speaks for it.
        row_number() over (
            partition by house, generation, evidence_kind, period_start, period_end, standing_reason is null
            order by audit_flag is not null, known_from desc, estimate_id
        ) as house_rank,
        first_value(root_id) over (
            partition by house, generation, evidence_kind, period_start, period_end, standing_reason is null
            order by audit_flag is not null, known_from desc, estimate_id
        ) as house_root_id
    from counts

)

select
    estimate_id,
    evidence_kind,
    generation,
    period_start,
    period_end,
    value_units,
    publisher,
    source_url,
    case when standing_reason is null then house_root_id else root_id end as root_id,
    known_from,
    standing_reason is null and house_rank = 1 as is_used,
    coalesce(standing_reason, case when house_rank > 1 then 'the same house says it elsewhere' end) as exclusion_reason
from ranked
