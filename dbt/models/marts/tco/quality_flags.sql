-- Figures that stay in the warehouse but are told apart, one row per figure and rule: what only shows beside other rows
-- or is right under conditions. Rows that are wrong by themselves are in quarantine instead.
with rents as (

    select
        source,
        resource,
        claim_id as row_id,
        quality_flag as rule,
        'price_usd_per_accelerator_hour' as column_name,
        price_usd_per_accelerator_hour as observed_value,
        case
            when quality_flag like 'spot\_above%' escape '\' then on_demand_usd_per_accelerator_hour
            when quality_flag not like 'reserved\_%' escape '\' then usual_usd_per_accelerator_hour
        end as compared_value,
        'usd_per_accelerator_hour' as unit,
        concat_ws(' ', provider, region, instance_type, purchase_model, 'of', price_date::varchar)
            || ': left out of margins and returns' as message,
        source_url,
        known_from
    from {{ ref('fct_rental_prices') }}
    where quality_flag not in ('audited', 'carried_forward')

),

-- A registry fills in chips it has no model of with 1.2 times their forerunner.
placeholders as (

    select
        'evidence' as source,
        'published_tco' as resource,
        filled.figure_id as row_id,
        'placeholder_1_2x' as rule,
        'value' as column_name,
        filled.value as observed_value,
        model.value as compared_value,
        filled.unit,
        filled.accelerator_id || ' is exactly 1.2 times ' || model.accelerator_id
            || case
                when filled.evidence_basis = 'placeholder' then ': a placeholder, left out of calibration'
                else ': a placeholder that nobody has marked?'
            end as message,
        filled.source_url,
        greatest(filled.known_from, model.known_from) as known_from
    from {{ ref('stg_evidence__published_tco') }} as filled
    inner join {{ ref('stg_evidence__published_tco') }} as model
        on model.family = filled.family
        and model.metric = filled.metric
        and model.unit = filled.unit
        and model.buyer_class = filled.buyer_class
        -- B300 after B200, GB300 after GB200: the digit of the generation differs
        and model.accelerator_id <> filled.accelerator_id
        and regexp_replace(model.accelerator_id, '[0-9]00', '') = regexp_replace(filled.accelerator_id, '[0-9]00', '')
        and abs(filled.value / model.value - 1.2) < 0.0005
    where filled.unit in ('USD/GPU-hour', 'USD/chip-hour', 'USD/hour')
    qualify row_number() over (partition by filled.figure_id order by model.figure_id) = 1

),

-- Sparsity doubles a peak: a figure twice as high as another source's is a sparse one.
sparse as (

    select
        'evidence' as source,
        'accelerators' as resource,
        winner.accelerator_id as row_id,
        'sparse_against_second_source' as rule,
        winner.spec_name as column_name,
        winner.spec_value as observed_value,
        min(other.spec_value) as compared_value,
        'tflops' as unit,
        'twice the figure of another source: with sparsity?' as message,
        winner.source_url,
        max(greatest(winner.known_from, other.known_from)) as known_from
    from {{ ref('fct_accelerator_specs') }} as winner
    inner join {{ ref('fct_accelerator_specs') }} as other using (accelerator_id, spec_name)
    where winner.is_winner
        and not other.is_winner
        and winner.spec_name like 'dense\_%' escape '\'
        and winner.spec_value / other.spec_value between 1.9 and 2.1
    group by all

),

low_precision as (

    select
        'evidence' as source,
        'throughput' as resource,
        record_id as row_id,
        'mfu_above_bf16_peak' as rule,
        'mfu' as column_name,
        mfu as observed_value,
        1.0 as compared_value,
        'share' as unit,
        'a run in a lower precision over the BF16 peak: no BF16 MFU' as message,
        source_url,
        known_from
    from {{ ref('stg_evidence__throughput') }}
    where mfu > 1

),

flagged as (

    select * from rents
    union all
    select * from placeholders
    union all
    select * from sparse
    union all
    select * from low_precision

)

select
    source,
    resource,
    row_id,
    rule,
    column_name,
    observed_value,
    compared_value,
    unit,
    message,
    source_url,
    known_from,
    {{ as_of_date() }} as as_of_date
from flagged
