-- Grain: published figure about what owning an accelerator costs. What it is a figure of, whose, of which vintage, whether
-- our assumptions were set on it, and why it is left out where it is.
with metrics (metric, metric_name) as (

    values
    ('own TCO', 'tco'),
    ('capital share of TCO', 'capital_share'),
    ('USD per hour per marketed dense BF16 PFLOP', 'per_bf16_pflop'),
    ('USD per hour per marketed dense 8-bit PFLOP', 'per_8_bit_pflop'),
    ('USD per hour per marketed dense FP4 PFLOP', 'per_fp4_pflop'),
    ('USD per hour per TB/s memory bandwidth', 'per_tb_per_s'),
    ('own TCO relative to H100', 'tco_ratio'),
    ('price paid by external customer (Anthropic)', 'tco'),
    ('external TPU v7 TCO relative to GB200', 'tco_ratio'),
    ('external TPU v7 TCO relative to GB300', 'tco_ratio'),
    ('own TCO relative to VR200 NVL144, InfiniBand back end', 'tco_ratio'),
    ('own TCO relative to VR200 NVL144, Arista back end', 'tco_ratio'),
    ('own TCO relative to VR200 NVL144, whitebox back end', 'tco_ratio'),
    ('5-year TCO of 1,024 GPUs', 'five_years_of_1024')

),

vintages as (

    select
        subject as assumption_vintage,
        value::integer as price_cutoff_year,
        known_from as vintage_known_from
    from {{ ref('stg_assumptions') }}
    where engine = 'tco'
        and parameter = 'price_cutoff_year'

),

figures as (

    select
        published.figure_id,
        published.metric,
        metrics.metric_name,
        published.accelerator_id,
        case
            when published.metric like '% relative to H100' then 'h100-sxm'
            when published.metric like '% relative to GB200' then 'gb200'
            when published.metric like '% relative to GB300' then 'gb300'
            when published.metric like '% relative to VR200 %' then 'r200-gtc25'
        end as rival_accelerator_id,
        case
            when published.buyer_class in ('hyperscaler', 'neocloud giant') then replace(published.buyer_class, ' ', '_')
            -- What an outside customer pays is not the cost of any class of owner.
            when published.buyer_class = 'external customer' or published.metric like 'external %' then 'external_customer'
            else 'not_stated'
        end as buyer_class,
        vintages.assumption_vintage,
        published.unit,
        -- A difference relative to another chip is a ratio less one.
        case
            when metrics.metric_name = 'tco_ratio' and published.metric <> 'own TCO relative to H100'
                then 1 + published.value
            else published.value
        end as published_value,
        published.evidence_basis,
        published.basis_class,
        published.audit_flag,
        published.source_name,
        published.source_url,
        published.root_id,
        greatest(published.known_from, vintages.vintage_known_from) as known_from
    from {{ ref('stg_evidence__published_tco') }} as published
    inner join metrics using (metric)
    left join vintages
        on vintages.price_cutoff_year = year(published.known_from)
    where published.accelerator_id is not null
        and published.value is not null

),

priced as (

    select
        accelerator_id,
        assumption_vintage,
        capex_basis,
        evidence_ids
    from {{ ref('int_tco__capex_by_accelerator') }}

)

select
    figures.*,
    priced.capex_basis,
    case
        when list_contains(priced.evidence_ids, figures.figure_id) then 'turned round to get the price of this chip'
        when priced.capex_basis = 'inverse_tco' then 'the price of this chip is the same source''s cost turned round'
        when figures.accelerator_id in ('gb200', 'h100-sxm') or figures.rival_accelerator_id = 'h100-sxm'
            then 'cost of capital, life, facility cost and neocloud mark-up were set on the figures of this chip'
        when figures.figure_id = 'F0031' then 'the life of six years was read from its split into capital and operation'
    end as input_reason,
    case
        when figures.evidence_basis = 'placeholder' then 'placeholder: 1.2 times another chip in the source'
        when figures.basis_class in ('recall', 'derived') then 'not a published figure: ' || figures.basis_class
        when figures.buyer_class = 'external_customer' then 'what a customer pays, with the seller''s margin'
        when figures.audit_flag like '%sign convention unverified%' then 'the sign of the published ratio is not certain'
        when figures.buyer_class = 'not_stated' then 'says not whose cost it is; undocumented calculator'
        when figures.assumption_vintage is null then 'no assumption vintage of its year is known'
    end as exclusion_reason
from figures
left join priced
    on priced.accelerator_id = figures.accelerator_id
    and priced.assumption_vintage = figures.assumption_vintage
