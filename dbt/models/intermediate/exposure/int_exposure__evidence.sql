{#
    How strongly the evidence ties a supplier to a Trainium generation. Rows that name the generation speak for it; where
    none does, all rows of the supplier do, and `is_generation_named` says so. What is remembered, or rests on one source
    of low trust, is graded as that, whatever it claims.
#}
with grades (evidence_grade, grade_rank) as (

    values
    ('core', 1), ('strong', 2), ('named', 3), ('likely', 4), ('reported', 5), ('expected', 6), ('announced', 7),
    ('weak', 8), ('recall', 9), ('negative', 10)

),

relations as (

    select
        trim(unnest(string_split(ticker, '/'))) as ticker,
        role,
        -- 'Trainium2/2.5', 'Trainium1+Inferentia2': the digits right behind the word name generations.
        array_to_string(regexp_extract_all(generation_sku, 'Trainium[0-9./]+'), ' ') as generations_named,
        case
            when basis_class = 'recall' then 'recall'
            when relation_strength ilike '%low trust%' then 'weak'
            else regexp_extract(relation_strength, '^\w+')
        end as evidence_grade,
        source_url,
        root_id,
        known_from
    from {{ ref('stg_evidence__suppliers') }}
    where ticker is not null

),

generations as (

    select
        generation,
        right(generation, 1) as generation_number
    from {{ ref('int_volumes__skus') }}
    group by all
    union all
    select
        'all' as generation,
        null as generation_number

),

matched as (

    select
        relations.ticker,
        generations.generation,
        relations.role,
        relations.evidence_grade,
        grades.grade_rank,
        relations.source_url,
        relations.root_id,
        relations.known_from,
        generations.generation <> 'all'
            and regexp_matches(relations.generations_named, '[m/]' || generations.generation_number || '(\D|$)')
            as is_generation_named
    from relations
    cross join generations
    left join grades
        on grades.evidence_grade = relations.evidence_grade
    qualify is_generation_named = max(is_generation_named) over (
        partition by relations.ticker, generations.generation
    )

)

select
    ticker,
    generation,
    case when generation <> 'all' then bool_or(is_generation_named) end as is_generation_named,
    coalesce(min_by(evidence_grade, grade_rank), 'weak') as evidence_grade,
    string_agg(distinct role, '; ' order by role) as role,
    string_agg(distinct source_url, ' ; ' order by source_url) as evidence_source_url,
    count(distinct root_id)::integer as n_evidence_roots,
    max(known_from) as known_from
from matched
group by ticker, generation
